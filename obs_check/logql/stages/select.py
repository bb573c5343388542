"""drop, keep and decolorize."""

from obs_check.golang.regex import compile_re2
from obs_check.logql.stages.matching import compile_matcher
from obs_check.logql.stages.row import ERROR, ERROR_DETAILS, Row, StageFunction
from obs_check.logql.syntax import ast

_ANSI = (
    "[\u001b\u009b][[\\]()#;?]*(?:(?:(?:[a-zA-Z\\d]*(?:;[a-zA-Z\\d]*)*)?\u0007)"
    "|(?:(?:\\d{1,4}(?:;\\d{0,4})*)?[\\dA-PRZcf-ntqry=><~]))"
)


def compile_drop(stage: ast.DropLabels) -> StageFunction:
    """Removes labels by name, or by name where the value matches; the error labels can be dropped too."""
    choices = [(c.name, compile_matcher(c.matcher.op, c.matcher.value) if c.matcher else None) for c in stage.choices]

    def drop(row: Row) -> bool:
        for name, matches in choices:
            if matches is not None and not matches(row.get(name)):
                continue
            if name == ERROR:
                row.error = ""
            elif name == ERROR_DETAILS:
                row.error_details = ""
            elif row.find(name) is not None:
                row.delete(name)
        return True

    return drop


def compile_keep(stage: ast.KeepLabels) -> StageFunction:
    """Removes every label that no choice names. The error labels always stay (Loki 3.5)."""
    plain = {choice.name for choice in stage.choices if choice.matcher is None}
    matched = [
        (choice.name, compile_matcher(choice.matcher.op, choice.matcher.value))
        for choice in stage.choices
        if choice.matcher is not None
    ]

    def keep(row: Row) -> bool:
        for name, value in row.labels().items():
            if name in plain or name in (ERROR, ERROR_DETAILS):
                continue
            if any(name == wanted and matches(value) for wanted, matches in matched):
                continue
            row.delete(name)
        return True

    return keep


def compile_decolorize() -> StageFunction:
    """Takes ANSI colour sequences out of the line."""
    pattern = compile_re2(_ANSI)

    def strip(row: Row) -> bool:
        if "\u001b" in row.line or "\u009b" in row.line:
            row.line = pattern.sub("", row.line)
        return True

    return strip
