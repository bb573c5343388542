"""pipeline.parser-missing: the query uses a field of the lines as a label, and no parser makes one of it.

A label that nothing sets is empty for a filter, which drops every line in silence, and no group for an aggregation
(Loki 3.5). Proved by the same query with a parser for the fields that are used, or with the parser in front of the
filter that it stands behind.
"""

from collections.abc import Iterator

from obs_check.evidence.asked_queries import asked_queries
from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.lacking import Lacking, lacking_labels
from obs_check.evidence.needed_labels import labels_needed
from obs_check.evidence.parser_at import count_gained, rows_at
from obs_check.evidence.query_edit import Rewrite, insert_stage, move_stage
from obs_check.evidence.query_fix import query_fix
from obs_check.logql import parse
from obs_check.logql.explain.fields import FieldParser, in_one, parser_for, parser_text
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.printer import stage_text
from obs_check.model.finding import Finding


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Count the lines with the labels as written, and with a parser that sets them."""
    lack = lacking_labels(broken)
    if lack is None or any(effect_of(stage).reads_fields for stage in broken.query.stages[: lack.place]):
        return None
    own = {name: parser for name in lack.names if (parser := _parser(name, lack)) is not None}
    if not own:
        return None
    shape = "JSON" if isinstance(next(iter(own.values())), ast.JsonParser) else "logfmt"
    later = _later_parser(broken, lack, tuple(own))
    parser = in_one([p for name in _used(broken) if (p := _parser(name, lack)) is not None])
    if later is not None:
        text = stage_text(broken.query.stages[later])
        rewrite = move_stage(context, broken, later, lack.place, tuple(own))
        why, did = f"`{text}` stands behind what needs it", f"with `{text}` in front"
        summary = f"put `{text}` in front of the filter"
    elif parser is not None:
        text = parser_text(parser)
        rewrite = _inserted(context, broken, parser, text)
        why, did, summary = "no parser reads them", f"with `{text}`", f"read the fields with `{text}`"
    else:
        return None
    names = tuple(own)
    gained = count_gained(context, broken, rewrite, names)
    if gained is None:
        return None
    found, proof = gained
    return CAUSE.finding(
        f"{', '.join(f'`{name}`' for name in own)} {'is a field' if len(own) == 1 else 'are fields'} of the lines "
        f"({shape}), and {why}: as written 0 of {lack.reach:g} have the label, {did} {found:g}",
        proof,
        query_fix(context, summary, rewrite.edits),
        group=",".join(sorted(own)),
    )


def _parser(name: str, lack: Lacking) -> FieldParser | None:
    return next((found for row in lack.reaching if (found := parser_for(name, row.line)) is not None), None)


def _used(broken: BrokenTarget) -> Iterator[str]:
    """Labels that the panel's queries of the same lines use where no parser sets any, each once."""
    every = (
        name
        for asked in asked_queries(broken.whole)
        if asked.query.selector == broken.query.selector and not _reads_fields(asked.query)
        for name in labels_needed(parse(asked.expr), -1, asked.place)
    )
    given = {name for labels, _ in broken.lines for name in labels}
    return (name for name in dict.fromkeys(every) if name not in given)


def _reads_fields(query: ast.LogQuery) -> bool:
    return any(effect_of(stage).reads_fields for stage in query.stages)


def _inserted(context: Context, broken: BrokenTarget, parser: FieldParser, text: str) -> Rewrite:
    names = {one.label for one in parser.extractions} or set(_used(broken))

    def where(query: ast.LogQuery) -> int | None:
        if _reads_fields(query):
            return None
        uses = (number for number, stage in enumerate(query.stages) if names & set(effect_of(stage).reads))
        return next(uses, len(query.stages))

    return insert_stage(context, broken, text, where, tuple(names))


def _later_parser(broken: BrokenTarget, lack: Lacking, names: tuple[str, ...]) -> int | None:
    """The number of a parser behind the place that sets the labels of the lines that reach it."""
    stages = broken.query.stages
    for place, stage in enumerate(stages[lack.place + 1 :], start=lack.place + 1):
        if not effect_of(stage).reads_fields:
            continue
        parsed = rows_at(broken, lack.place, stage)
        if all(any(row.get(name) for row in parsed) for name in names):
            return place
    return None


CAUSE = on_query("pipeline.parser-missing", "panel", find)
