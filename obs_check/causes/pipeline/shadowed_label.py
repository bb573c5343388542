"""pipeline.shadowed-label: a parsed label has the name of a stream label and so gets `_extracted` behind its name.

The filter or grouping on the plain name sees the stream's value (Loki 3.5). Proved by the same query with the parsed
value put over the stream's.
"""

from collections import Counter

from obs_check.evidence.cause import on_query
from obs_check.evidence.context import BrokenTarget, Context
from obs_check.evidence.needed_labels import labels_needed
from obs_check.evidence.parser_at import count_fixed, rows_at
from obs_check.evidence.query_edit import after_stage, insert_stage
from obs_check.evidence.query_fix import query_fix
from obs_check.logql import parse
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row
from obs_check.logql.syntax import ast
from obs_check.model.finding import Finding, Proof


def find(context: Context, broken: BrokenTarget) -> Finding | None:
    """Find a used name with an `_extracted` twin and count with the twin's value."""
    stages = broken.query.stages
    expr = parse(broken.expr)
    for place, stage in enumerate(stages[: broken.rungs[-1].stages]):
        if place < broken.head or not isinstance(stage, ast.Parser):
            continue
        after = rows_at(broken, place + 1)
        # A full `| json` has twins by chance: only one that is asked for, or that a filter fails on, is meant.
        for name in labels_needed(expr, place, broken.place):
            twin = name + DUPLICATE_SUFFIX
            values = Counter(v for row in after if (v := row.get(twin)))
            if not values or not _is_meant(broken, stage, name, after):
                continue
            rewrite = insert_stage(context, broken, f"| label_format {name}={twin}", after_stage(stage))
            found, probe = count_fixed(context, broken, rewrite)
            if found <= 0:
                continue
            stream = Counter(row.stream.get(name, "") for row in after).most_common(1)[0][0]
            shown = ", ".join(f"`{value}`" for value, _ in values.most_common(3))
            return CAUSE.finding(
                f"`{name}` is a label of the stream (`{stream}`), so the parsed one is `{twin}` ({shown}): "
                f"as written {broken.rungs[-1].lines:g}, with `{twin}` in its place {found:g}",
                Proof(broken.measured, (probe,)),
                query_fix(context, f"use the parsed `{name}`", rewrite.edits),
                group=name,
            )
    return None


def _is_meant(broken: BrokenTarget, stage: ast.Stage, name: str, after: list[Row]) -> bool:
    sets = effect_of(stage).sets
    if sets is not None:
        return name in sets
    return broken.rungs[-1].lines == 0 and bool(after)


CAUSE = on_query("pipeline.shadowed-label", "panel", find)
