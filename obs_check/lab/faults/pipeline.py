"""Faults of the panels' pipelines."""

from obs_check.lab.faults.fault import Fault, exprs
from obs_check.lab.settings import LabSettings

_JSON = r"\| json [^|]*(?=\|)"


def _human_lines(settings: LabSettings) -> None:
    settings.coderd.format = "human"


def _static_decision(settings: LabSettings) -> None:
    stages = settings.promtail["scrape_configs"][0]["pipeline_stages"]
    stages.append({"static_labels": {"decision": "audited"}})


PIPELINE_FAULTS: tuple[Fault, ...] = (
    Fault("human-lines", "pipeline.parser-error", "coderd logs lines for people, the panels want JSON", _human_lines),
    Fault(
        "stream-label-decision",
        "pipeline.shadowed-label",
        "the shipper sets a stream label that is named like a field",
        _static_decision,
    ),
    Fault(
        "panel-logfmt",
        "pipeline.wrong-parser",
        "the panels parse coderd's JSON lines with logfmt",
        exprs(_JSON, "| logfmt "),
    ),
    Fault(
        "panel-no-parser",
        "pipeline.parser-missing",
        "the panels filter by a field of coderd's JSON lines that no parser reads",
        exprs(_JSON, ""),
    ),
    Fault(
        "file-panel-no-parser",
        "pipeline.parser-missing",
        "the panel of the log files filters by a pair of their lines that no parser reads",
        exprs(r"\| logfmt msg \|", "|"),
    ),
    Fault(
        "label-renamed",
        "pipeline.label-removed",
        "the panels give the decision another name and filter by the old one",
        exprs(rf"({_JSON})(?=\| decision)", r"\1| label_format verdict=decision "),
    ),
    Fault(
        "label-kept-away",
        "pipeline.label-removed",
        "the panels keep the owner alone and filter by the decision",
        exprs(rf"({_JSON})(?=\| decision)", r"\1| keep owner "),
    ),
    Fault(
        "panel-regexp",
        "pipeline.wrong-parser",
        "the panels pick fields out of coderd's JSON lines as if they were pairs",
        exprs(_JSON, r"| regexp `owner=(?P<owner>\\S+) .*decision=(?P<decision>\\w+)` "),
    ),
    Fault(
        "file-panel-json",
        "pipeline.wrong-parser",
        "the panel of the log files parses their logfmt lines with json",
        exprs(r"\| logfmt msg", "| json msg=`msg`"),
    ),
    Fault(
        "json-flat",
        "pipeline.json-nesting",
        "the panels take the fields of a JSON line for its top level",
        exprs(_JSON, "| json "),
    ),
    Fault(
        "json-path",
        "pipeline.json-nesting",
        "the panels look for the decision where the line does not have it",
        exprs(r"`fields\.decision`", "`decision`"),
    ),
    Fault(
        "line-filter-case",
        "pipeline.line-filter-kills",
        "the panels filter for Boundary_request",
        exprs(r"\|= `boundary_request`", "|= `Boundary_request`"),
    ),
    Fault(
        "line-filter-word",
        "pipeline.line-filter-kills",
        "the panels filter for a word that the lines spell differently",
        exprs(r"\|= `boundary_request`", '|= "boundary-request"'),
    ),
    Fault(
        "label-filter-case",
        "pipeline.label-filter-kills",
        "the panels compare decision with DENY and ALLOW",
        exprs(r"(?<=decision=)~?[`\"](allow|deny)[|`\"].*?(?= \|)", lambda found: found[0].upper()),
    ),
    Fault(
        "label-filter-anchored",
        "pipeline.label-filter-kills",
        "the panels compare decision with the beginning of its values",
        exprs(r"decision=~`allow\|deny`", "decision=~`allo|den`"),
    ),
    Fault(
        "label-filter-number",
        "pipeline.label-filter-kills",
        "the panel of the owners compares a text with a number",
        exprs(r"(sum by \(owner\).*) \| regexp", r"\1 | owner > 0 | regexp"),
    ),
    Fault(
        "regexp-key",
        "pipeline.regexp-no-match",
        "the panels' regular expression has the name of another key",
        exprs(r'"http_url":', '"url":'),
    ),
    Fault(
        "regexp-greedy",
        "pipeline.capture-too-wide",
        "the panels' regular expression takes the rest of the line for the domain",
        exprs(r"\(\?P<domain>[^)]*\)", "(?P<domain>.+)"),
    ),
    Fault(
        "unwrap-duration",
        "pipeline.unwrap-fails",
        "the panel of the owners sums a label with a unit as if it were a number",
        exprs(
            r"sum by \(owner\) \(count_over_time\((.*) \[\$__auto\]",
            r"sum by (owner) (sum_over_time(\1 | label_format took=`1s` | unwrap took [$__auto]",
        ),
    ),
    Fault(
        "unwrap-name",
        "pipeline.unwrap-fails",
        "the panel of the owners sums a label that no line has",
        exprs(
            r"sum by \(owner\) \(count_over_time\((.*) \[\$__auto\]",
            r"sum by (owner) (sum_over_time(\1 | label_format requests=`1` | unwrap request [$__auto]",
        ),
    ),
)
