"""parser-contradicts-lines: the parser of a query is made for lines of another form."""

from collections.abc import Iterator

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.lint.sample import shape
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import log_queries
from obs_check.model.secret import shortened

_MADE_FOR = {
    ast.LogfmtParser.WORD: "logfmt",
    ast.JsonParser.WORD: "json",
    ast.UnpackParser.WORD: "json",
}


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        for query in log_queries(question.logql) if question.logql else ():
            for place, stage in enumerate(query.stages):
                name = stage.WORD if isinstance(stage, ast.Parser) else ""
                form = _MADE_FOR.get(name, "")
                for sample in material.stored_samples if form else ():
                    lines = [row.line for row in sample.survivors(query, place)]
                    seen = shape(lines) if lines else form
                    # Plain text between pairs is no contradiction to logfmt, which takes what it finds.
                    if seen == form or (form == "logfmt" and seen == "text"):
                        continue
                    told = {"json": "JSON", "logfmt": "logfmt", "text": "no JSON"}[seen]
                    claim = f"`| {name}` stands before lines that are {told}: {shortened(lines[0], 60)} ({sample.name})"
                    other = {"json": "json", "logfmt": "logfmt"}.get(seen, "pattern or regexp")
                    yield question.spot, claim, f"parse them with {other}"


RULE = LintRule("parser-contradicts-lines", "error", "a parser that the lines of the sample contradict", _find)
