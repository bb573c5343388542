"""`| json`, of every field or of chosen ones."""

from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.extractions import extractions_text, read_extractions, set_by
from obs_check.logql.stages.hints import ParserHints
from obs_check.logql.stages.json_expressions import compile_json_expressions
from obs_check.logql.stages.json_full import JSON_ERROR, compile_json
from obs_check.logql.stages.kind import Effect, StageKind
from obs_check.logql.stages.row import StageFunction
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.style import Style
from obs_check.logql.syntax.tokens import Token


def _read(cursor: Cursor, start: Token) -> ast.JsonParser:
    return ast.JsonParser(read_extractions(cursor), cursor.span_from(start))


def _compile(stage: ast.JsonParser, _: EngineSettings, hints: ParserHints) -> StageFunction:
    return compile_json_expressions(stage, hints) if stage.extractions else compile_json(hints)


def _effect(stage: ast.JsonParser) -> Effect:
    return Effect(sets=set_by(stage.extractions), reads_line=True, reads_fields=True, error=JSON_ERROR)


def _text(stage: ast.JsonParser, style: Style) -> str:
    return f"| {stage.WORD}{extractions_text(stage.extractions, style)}"


JSON = StageKind(ast.JsonParser, _compile, _effect, _text, _read)
