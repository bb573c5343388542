"""label-not-set: a selector asks for a label that no shipper job of the configurations sets."""

import difflib
from collections.abc import Iterator, Sequence

from obs_check.lint.issue import Found
from obs_check.lint.material import Material
from obs_check.lint.rule import LintRule
from obs_check.logql.syntax.ast import Matcher
from obs_check.shipper.label_flow import Possible

_BY_LOKI = {"service_name", "__aggregated_metric__", "__pattern__"}
"""Loki 3.5 sets service_name by itself."""
_SHOWN = 5
_BY_LOKI_BESIDE = (
    "detected_level is no label of a stream: Loki sets it as structured metadata, where a selector does not look",
    'filter by it behind the selector: `{...} | detected_level="error"`',
)


def _find(material: Material) -> Iterator[Found]:
    ways = [flow.pushed for shipper in material.shippers for _, flow in shipper.flows]
    if not ways or any(shipper.config.unread for shipper in material.shippers):
        # What was not read may set whatever is missing.
        return
    for question in material.questions:
        for known in question.known_matchers():
            matchers = [m for m in known if m.name not in _BY_LOKI]
            if any(way.fits(matchers) for way in ways):
                continue
            if material.is_pushed_to():
                return
            alone = [m for m in matchers if not any(way.fits([m]) for way in ways)]
            for matcher in alone:
                told = _BY_LOKI_BESIDE if matcher.name == "detected_level" else _told(matcher, ways)
                yield question.spot, *told
            if not alone:
                names = ", ".join(dict.fromkeys(m.name for m in matchers))
                yield question.spot, f"no job sets {names} together as the selector asks", "ask for labels of one job"


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
