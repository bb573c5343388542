"""Faults of the panels' pipelines."""

from obs_check.lab.faults.fault import Fault, exprs

PIPELINE_FAULTS: tuple[Fault, ...] = (
    Fault(
        "panel-logfmt",
        "pipeline.wrong-parser",
        "the panels parse coderd's JSON lines with logfmt",
        exprs(r"\| json [^|]*(?=\|)", "| logfmt "),
        only_dashboard=True,
    ),
    Fault(
        "line-filter-case",
        "pipeline.line-filter-kills",
        "the panels filter for Boundary_request",
        exprs(r"\|= `boundary_request`", "|= `Boundary_request`"),
        only_dashboard=True,
    ),
    Fault(
        "label-filter-case",
        "pipeline.label-filter-kills",
        "the panels compare decision with DENY and ALLOW",
        exprs(r"(?<=decision=)~?[`\"](allow|deny)[|`\"].*?(?= \|)", lambda found: found[0].upper()),
        only_dashboard=True,
    ),
)
