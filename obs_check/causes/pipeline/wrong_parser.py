"""pipeline.wrong-parser: the query parses lines with a parser that their format is not made for.

`logfmt` on JSON lines sets no label and no `__error__` (Loki 3.5), so the next label filter drops every line in
silence. Proved by running the same query with the parser the lines need.
"""

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.line_shape import are_logfmt, json_fields, json_parser
from obs_check.evidence.parser_at import ParserAt, count_gained, parsers
from obs_check.evidence.query_edit import replace_stage
from obs_check.evidence.query_fix import query_fix
from obs_check.logql.explain.fields import parser_for
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.finding import Finding


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Compare the query as written with the same query and the other parser."""
    for at in parsers(broken):
        other = _other(at)
        if other is None:
            continue
        text = stage_text(other)
        rewrite = replace_stage(context, broken, at.place, text, at.needed)
        gained = count_gained(context, broken, rewrite, at.unset)
        if gained is None:
            continue
        found, proof = gained
        name = at.stage.WORD
        shape = "JSON" if isinstance(other, ast.JsonParser) else "logfmt"
        reach = broken.rungs[-2].lines if len(broken.rungs) > 1 else broken.rungs[-1].lines
        return CAUSE.finding(
            f"the lines are {shape}, the query parses them with `{name}`: "
            f"as written 0 of {reach:g}, with `{text}` {found:g}",
            proof,
            query_fix(context, f"replace `| {name}` with the parser the lines need", rewrite.edits),
            group=f"{name}->{shape}",
        )
    return None


def _other(at: ParserAt) -> ast.Stage | None:
    """The parser that the lines need, where the one that is written sets nothing that is used.

    A regular expression may well pick something out of such a line that is not a field. What it means is told by all
    that it sets, whatever of it a query uses: else it would be called one thing in one panel and another in the next.
    """
    if not at.unset:
        # Nothing of it is used, and `__error__` is.
        failing = isinstance(at.stage, ast.JsonParser) and all(row.error for row in at.after)
        return ast.LogfmtParser() if failing and are_logfmt(at.lines) else None
    fields = json_fields(at.lines)
    if fields:
        if isinstance(at.stage, ast.JsonParser):
            return None
        other = json_parser(fields, dict.fromkeys((*at.needed, *at.shared)))
        sets = {one.label for one in other.extractions} if other is not None else set()
        whole = isinstance(at.stage, ast.LogfmtParser) or (at.unset == at.needed and _means_fields(at))
        return other if whole and sets & set(at.unset) else None
    if isinstance(at.stage, ast.LogfmtParser) or not are_logfmt(at.lines) or not _means_fields(at):
        return None
    return ast.LogfmtParser()


def _means_fields(at: ParserAt) -> bool:
    """Whether all that the parser picks out of a line by its place there is a field of some line."""
    effect = effect_of(at.stage)
    picked = () if effect.reads_fields else effect.sets or ()
    return all(any(parser_for(name, line) for line in at.lines) for name in picked)


CAUSE = on_query("pipeline.wrong-parser", "panel", find)
