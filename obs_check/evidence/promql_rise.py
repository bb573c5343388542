"""A PromQL query as if its counter had risen: what a panel would read if nothing kept the events away."""

import re

from obs_check.evidence.promql import selectors
from obs_check.panel.interval import interval_to_ms

_RISE = ("increase", "delta", "max_over_time", "last_over_time")
"""Functions of a range whose result rises by as much as the counter does in it."""
_TEXT = re.compile(r'"(?:\\.|[^"\\])*"')


def with_rise(query: str, by: int) -> str | None:
    """The query with `by` added to every value of its counter, inside of everything that it makes of them.

    None where that cannot be told: several metrics, of which others may not rise, a metric at another time, a function
    of a range that does not rise as its counter does, or a rate over a range that a macro stands for.
    """
    named = {selector.metric for selector in selectors(query)}
    if len(named) != 1:
        return None
    (metric,) = named
    name = re.escape(metric)
    selector = rf"(?<![\w:.]){name}(?![\w:])(?:\s*\{{(?:[^{{}}\"]|{_TEXT.pattern})*\}})?"
    ranged = rf"\b(?P<function>{'|'.join(_RISE)}|rate)\s*\(\s*{selector}\s*\[(?P<range>[^\[\]:]+)\]\s*\)"
    either = re.compile(rf"{ranged}|{selector}(?!\s*(?:\[|@|offset\b))")
    if metric in either.sub("", query) or any(metric in text for text in _TEXT.findall(query)):
        return None
    whole = True

    def added(found: re.Match[str]) -> str:
        nonlocal whole
        more = f"{by}"
        if found["function"] == "rate":
            length_ms = interval_to_ms(found["range"].strip())
            whole = whole and bool(length_ms)
            more = f"{by} / {(length_ms or 1) / 1000:g}"
        return f"({found[0]} + {more})"

    after = either.sub(added, query)
    return after if whole and selectors(after) else None
