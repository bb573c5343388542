"""line_format and label_format."""

from obs_check.errors import QueryError
from obs_check.golang.template.compile import CompiledTemplate, Moment, TemplateFault, compile_template
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.row import ERROR, Row, StageFunction
from obs_check.logql.syntax import ast

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
