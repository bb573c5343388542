"""parser-contradicts-lines: the parser of a query is made for lines of another form."""

from collections.abc import Iterator, Sequence

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.lint.sample import Shape, shapes
from obs_check.logql.syntax import ast
from obs_check.model.secret import shorten

_MADE_FOR = {
    ast.LogfmtParser.WORD: "logfmt",
    ast.JsonParser.WORD: "json",
    ast.UnpackParser.WORD: "json",
}


def _find(material: Material) -> Iterator[Found]:
    for question in material.questions:
        for query, known in question.log_queries():
            for place, stage in enumerate(query.stages):
                name = stage.WORD if isinstance(stage, ast.Parser) else ""
                form = _MADE_FOR.get(name, "")
                for sample in material.stored_samples if form else ():
                    lines = [row.line for row in sample.survivors(query, known, place)]
                    seen = shapes(lines)
                    # Plain text between pairs is not a contradiction to logfmt, which takes what it finds.
                    if not seen or form in seen or (form == "logfmt" and "text" in seen):
                        continue
                    told, remedy = _told(seen, lines)
                    if sample.shipping is not None and form in shapes(sample.bare):
                        remedy = "the shipper's stages write other lines (`output`, `replace`): leave these as they are"
                    yield question.spot, f"`| {name}` stands before lines that are {told} ({sample.name})", remedy


def _told(seen: set[Shape], lines: Sequence[str]) -> tuple[str, str]:
    """What lines are that a parser is not made for, and what to do."""
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        return "empty", "look at what the stages in front of it leave of a line"
    example = shorten(first, 60)
    if seen == {"json"}:
        return f"JSON: {example}", "parse them with json"
    if seen == {"logfmt"}:
        return f"logfmt: {example}", "parse them with logfmt"
    return f"not JSON: {example}", "parse them with pattern or regexp"


RULE = LintRule("parser-contradicts-lines", "error", "a parser that the lines of the sample contradict", _find)
