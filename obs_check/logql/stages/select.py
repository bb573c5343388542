"""drop, keep and decolorize."""

from obs_check.golang.regex import compile_re2
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.matching import compile_matcher
from obs_check.logql.stages.row import ERROR, ERROR_DETAILS, Row, StageFunction
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.predicate_grammar import matcher
from obs_check.logql.syntax.style import Style, matcher_text

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


def _read_choices(cursor: Cursor) -> tuple[ast.LabelChoice, ...]:
    return cursor.comma_list(lambda: _choice(cursor))


def _choice(cursor: Cursor) -> ast.LabelChoice:
    if cursor.peek(1).kind in ("=", "!=", "=~", "!~"):
        found = matcher(cursor, ", expecting IDENTIFIER")
        return ast.LabelChoice(found.name, found)
    return ast.LabelChoice(cursor.name())


def _choices_text(stage: ast.DropLabels | ast.KeepLabels, style: Style) -> str:
    texts = (matcher_text(choice.matcher) if choice.matcher else choice.name for choice in stage.choices)
    return f"| {stage.WORD} {style.comma.join(texts)}"


def _drop_effect(stage: ast.DropLabels) -> Effect:
    clears = ast.LabelChoice(ERROR) in stage.choices
    return Effect(takes=tuple(choice.name for choice in stage.choices), clears_errors=clears)


DROP_LABELS = StageKind(
    ast.DropLabels,
    lambda stage, _settings, _hints: compile_drop(stage),
    _drop_effect,
    _choices_text,
    lambda cursor, start: ast.DropLabels(_read_choices(cursor), cursor.span_from(start)),
)
KEEP_LABELS = StageKind(
    ast.KeepLabels,
    lambda stage, _settings, _hints: compile_keep(stage),
    lambda _stage: Effect(takes=None),
    _choices_text,
    lambda cursor, start: ast.KeepLabels(_read_choices(cursor), cursor.span_from(start)),
)
DECOLORIZE = StageKind(
    ast.Decolorize,
    lambda _stage, _settings, _hints: compile_decolorize(),
    lambda _stage: Effect(changes_line=True),
    lambda stage, _style: f"| {stage.WORD}",
    lambda cursor, start: ast.Decolorize(cursor.span_from(start)),
)
