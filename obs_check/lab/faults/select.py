"""Faults of the panels' stream selectors."""

from obs_check.lab.faults.fault import Fault, exprs

SELECT_FAULTS: tuple[Fault, ...] = (
    Fault(
        "selector-value",
        "select.label-value-absent",
        "the panels select a namespace that does not exist",
        exprs(r'namespace="coder"', 'namespace="codr"'),
        only_dashboard=True,
    ),
    Fault(
        "selector-label",
        "select.label-name-absent",
        "the panels select by a label that no stream has",
        exprs(r'\{namespace="coder"', '{logger="coderd.agentrpc", namespace="coder"'),
        only_dashboard=True,
    ),
)
