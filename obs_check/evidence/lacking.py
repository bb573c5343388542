"""Labels that a query needs at a place and that none of the lines has there."""

from dataclasses import dataclass

from obs_check.evidence.context import BrokenTarget
from obs_check.evidence.needed_labels import labels_needed
from obs_check.evidence.parser_at import rows_at
from obs_check.logql import parse
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import DUPLICATE_SUFFIX, Row
from obs_check.logql.syntax import ast


@dataclass(frozen=True, slots=True)
class Lacking:
    """`names` are needed by stage number `place`, or by what is made of the lines where there is none of that number;
    `reaching` are the lines at hand that get there. `reach` counts them."""

    place: int
    names: tuple[str, ...]
    reaching: tuple[Row, ...]
    reach: float


def lacking_labels(broken: BrokenTarget) -> Lacking | None:
    """What the filter needs that drops every line; where lines pass, what an unwrap or a grouping needs."""
    stages = broken.query.stages
    if broken.emptied is not None:
        before, after = broken.emptied
        place, reach = after.stages - 1, before.lines
        if not isinstance(stages[place], ast.LabelFilter):
            return None
        needed = effect_of(stages[place]).reads
    else:
        place, reach = len(stages), broken.rungs[-1].lines
        needed = tuple(labels_needed(parse(broken.expr), place - 1, broken.place))
    reaching = rows_at(broken, place)
    names = tuple(
        name
        for name in dict.fromkeys(needed)
        if not name.startswith("__")
        and not any(row.get(name) or row.get(name.removesuffix(DUPLICATE_SUFFIX)) for row in reaching)
    )
    return Lacking(place, names, tuple(reaching), reach) if names and reaching else None
