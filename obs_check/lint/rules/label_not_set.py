"""label-not-set: a selector asks for a label that no shipper job of the configurations sets."""

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.question import Question
from obs_check.lint.rule import LintRule
from obs_check.logql.syntax.ast import Matcher
from obs_check.panel.interpolate import references
from obs_check.shipper.label_flow import Possible

_BY_LOKI = {"service_name", "__aggregated_metric__", "__pattern__"}
"""Loki 3.5 sets service_name by itself."""
_BESIDE = "detected_level"
_SHOWN = 5
_FOREIGN = "; every query of the dashboard asks for it: if another program brings their lines, that one sets it"
_BY_LOKI_BESIDE = (
    "detected_level is no label of a stream: Loki sets it as structured metadata, where a selector does not look",
    'filter by it behind the selector: `{...} | detected_level="error"`',
)


def _find(material: Material) -> Iterator[Found]:
    ways = [way for shipper in material.shippers for _, flow in shipper.flows for way in flow.ways]
    if not ways:
        return
    set_by_loki = _BY_LOKI if any(_BESIDE in way.labels for way in ways) else _BY_LOKI | {_BESIDE}
    # What was not read may set whatever is missing.
    is_open = any(shipper.config.unread for shipper in material.shippers)
    found: list[tuple[Question, tuple[str, str]]] = []
    selectors: Counter[object] = Counter()
    for question in material.questions:
        for known in question.known_matchers() if question.is_asked else ():
            selectors[_board(question)] += 1
            if any(m.name == _BESIDE and m.name in set_by_loki and not Possible().fits([m]) for m in known):
                yield question.spot, *_BY_LOKI_BESIDE
            chosen = _chosen_later(question)
            matchers = [m for m in known if m.name not in set_by_loki and not _is_of(m, chosen)]
            if not is_open and not any(way.fits(matchers) for way in ways):
                found += [(question, told) for told in _lacking(matchers, ways)]
    if found and not material.is_pushed_to():
        counted = Counter((_board(question), told) for question, told in found)
        for question, told in found:
            # A dashboard none of whose queries fits may be of lines that another program brings.
            if question.board is not None and counted[_board(question), told] == selectors[_board(question)]:
                yield question.spot, told[0], f"{told[1]}{_FOREIGN}", "warning"
            else:
                yield question.spot, *told


def _chosen_later(question: Question) -> set[str]:
    """The saved values of the variables that Grafana asks for anew as it loads the dashboard: it takes another one
    where the saved one is not among them."""
    variables = question.board.dashboard.variables if question.board else ()
    named = references(question.raw)
    held = [one.current for one in variables if one.type == "query" and one.name in named]
    return {str(value) for one in held for value in (one if isinstance(one, list) else [one])}


def _is_of(matcher: Matcher, chosen: set[str]) -> bool:
    """Whether a matcher asks for values of these alone, one or several."""
    parts = [part for part in re.split(r"[|()]", matcher.value.replace("\\", "")) if part]
    return bool(parts) and chosen.issuperset(parts)


def _board(question: Question) -> object:
    return id(question.board)


def _lacking(matchers: list[Matcher], ways: Sequence[Possible]) -> list[tuple[str, str]]:
    """What is told of a selector that fits the lines of no job."""
    alone = [_told(matcher, ways) for matcher in matchers if not any(way.fits([matcher]) for way in ways)]
    names = ", ".join(dict.fromkeys(m.name for m in matchers))
    return alone or [(f"no job sets {names} together as the selector asks", "ask for labels of one job")]


def _told(matcher: Matcher, ways: Sequence[Possible]) -> tuple[str, str]:
    values = sorted({v for way in ways for v in way.values(matcher.name) or () if v})
    if values:
        near = difflib.get_close_matches(matcher.value, values, 1)
        shown = list(dict.fromkeys([*near, *values]))[:_SHOWN]
        more = f" and {len(values) - len(shown)} more" if len(values) > len(shown) else ""
        return f'no job sets {matcher.name} to "{matcher.value}"', f"jobs set it to {', '.join(shown)}{more}"
    names = sorted({name for way in ways for name, v in way.labels.items() if v != frozenset({""})})
    near = difflib.get_close_matches(matcher.name, names, 1)
    there = f"there are: {', '.join(names)}" if names else "set it by a job's static labels, relabeling or stages"
    return f"no job sets the label {matcher.name}", f"the nearest is {near[0]}" if near else there


RULE = LintRule("label-not-set", "error", "a selector uses a label or a value that no shipper job sets", _find)
