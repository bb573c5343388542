"""line_format and label_format."""

from functools import lru_cache

from obs_check.errors import QueryError
from obs_check.golang.quoting import quote
from obs_check.golang.template.compile import CompiledTemplate, Moment, TemplateFault, compile_template
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.row import ERROR, ERROR_DETAILS, Row, StageFunction
from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.style import Style
from obs_check.logql.syntax.tokens import Token

FORMAT_ERROR = "TemplateFormatErr"


def compile_line_format(stage: ast.LineFormat, settings: EngineSettings) -> StageFunction:
    """The line becomes the template's text; when that fails it stays and TemplateFormatErr is set (Loki 3.5)."""
    template = _template(stage.template, "line", "invalid line template: ")
    simple = template.simple_key
    if simple is not None:
        key = simple

        def copy(row: Row) -> bool:
            row.line = row.find(key) or ""
            return True

        return copy

    def render(row: Row) -> bool:
        try:
            row.line = template.render(row.labels(), Moment(row.line, row.ts, settings.now_ns))
        except TemplateFault as fault:
            row.fail(FORMAT_ERROR, str(fault))
        return True

    return render


def _template(text: str, name: str, prefix: str) -> CompiledTemplate:
    try:
        return compile_template(text, name)
    except QueryError as error:
        raise QueryError(prefix + error.message) from None


def compile_label_format(stage: ast.LabelFormat, settings: EngineSettings) -> StageFunction:
    """Renames and templates in the written order. All templates see the labels as they were when the first of them ran
    (Loki 3.5). A name may be set once a stage, and `__error__` never."""
    seen: set[str] = set()
    steps: list[tuple[str, str, CompiledTemplate | None]] = []
    for assignment in stage.assignments:
        if assignment.name == ERROR:
            raise QueryError(f"{ERROR} cannot be formatted")
        if assignment.name in seen:
            raise QueryError(f"multiple label name '{assignment.name}' not allowed in a single format operation")
        seen.add(assignment.name)
        template = None
        if not assignment.rename:
            template = _template(assignment.value, "label", f"invalid template for label '{assignment.name}': ")
        steps.append((assignment.name, assignment.value, template))

    def assign(row: Row) -> bool:
        labels = None
        moment = None
        for name, value, template in steps:
            if template is None:
                moved = row.find(value)
                if moved is not None:
                    row.parsed[name] = moved
                    row.delete(value)
                continue
            if labels is None or moment is None:
                labels, moment = row.labels(), Moment(row.line, row.ts, settings.now_ns)
            try:
                row.parsed[name] = template.render(labels, moment)
            except TemplateFault as fault:
                row.fail(FORMAT_ERROR, str(fault))
        return True

    return assign


@lru_cache(maxsize=512)
def _read_by(template: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The labels that a template reads, and those of them that it reads by `$`; none of one that Loki refuses."""
    try:
        compiled = compile_template(template, "")
    except QueryError:
        return (), ()
    return (*compiled.fields, *compiled.by_variable), compiled.by_variable


def _line_format_effect(stage: ast.LineFormat) -> Effect:
    reads, by_variable = _read_by(stage.template)
    return Effect(reads, by_variable, changes_line=True, error=FORMAT_ERROR)


def _label_format_effect(stage: ast.LabelFormat) -> Effect:
    renames = [one for one in stage.assignments if one.rename]
    templates = [_read_by(one.value) for one in stage.assignments if not one.rename]
    reads = [name for one in stage.assignments for name in ((one.value,) if one.rename else _read_by(one.value)[0])]
    return Effect(
        reads=tuple(dict.fromkeys(reads)),
        by_variable=tuple(name for _, by_variable in templates for name in by_variable),
        sets=tuple(one.name for one in stage.assignments),
        # The labels of an error are not renamed (Loki 3.5).
        takes=tuple(one.value for one in renames if one.value not in (ERROR, ERROR_DETAILS)),
        error=FORMAT_ERROR if templates else "",
    )


def _label_format_text(stage: ast.LabelFormat, style: Style) -> str:
    parts = (f"{one.name}={one.value if one.rename else quote(one.value)}" for one in stage.assignments)
    return f"| {stage.WORD} {style.comma.join(parts)}"


def _read_label_format(cursor: Cursor, start: Token) -> ast.LabelFormat:
    return ast.LabelFormat(cursor.comma_list(lambda: _assignment(cursor)), cursor.span_from(start))


def _assignment(cursor: Cursor) -> ast.LabelAssignment:
    name = cursor.name()
    cursor.expect("=")
    if cursor.at(tokens.IDENTIFIER):
        return ast.LabelAssignment(name, cursor.name(), rename=True)
    if not cursor.at(tokens.STRING):
        raise cursor.unexpected(tokens.IDENTIFIER, tokens.STRING)
    return ast.LabelAssignment(name, cursor.string())


LINE_FORMAT = StageKind(
    ast.LineFormat,
    lambda stage, settings, _hints: compile_line_format(stage, settings),
    _line_format_effect,
    lambda stage, _style: f"| {stage.WORD} {quote(stage.template)}",
    lambda cursor, start: ast.LineFormat(cursor.string(), cursor.span_from(start)),
)
LABEL_FORMAT = StageKind(
    ast.LabelFormat,
    lambda stage, settings, _hints: compile_label_format(stage, settings),
    _label_format_effect,
    _label_format_text,
    _read_label_format,
)
