"""The options of a variable of type query: what its datasource is asked, and what the browser makes of the answer."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from obs_check.panel.elements import Variable
from obs_check.panel.overrides import js_regex

Option = tuple[str, str]
"""(label, value)."""

_CALL = re.compile(r"\s*(?P<name>label_values|label_names|metrics)\s*\((?P<inside>.*)\)\s*", re.DOTALL)
_LAST_LABEL = re.compile(r"(?:(?P<selector>.+),)?\s*(?P<label>[\w.]+)\s*", re.DOTALL)
_NUMBER = re.compile(r"\d+")
_ORDERS = (
    "alphabeticalAsc",
    "alphabeticalDesc",
    "numericalAsc",
    "numericalDesc",
    "alphabeticalCaseInsensitiveAsc",
    "alphabeticalCaseInsensitiveDesc",
    "naturalAsc",
    "naturalDesc",
)
"""Words of schema v2 for the numbers 1 to 8 of the classic one."""


class OptionsRequest(NamedTuple):
    """A question for the options: `path` and `params` of the datasource's resources; for SQL `sql`, in place of both.
    `keep` is an expression that a name has to hold."""

    path: str = ""
    params: tuple[tuple[str, str], ...] = ()
    sql: str = ""
    keep: str = ""


def options_request(kind: str, query: object, start_ns: int, end_ns: int) -> OptionsRequest | None:
    """What the browser asks for a variable's query (variables inside of it filled in); None where that is not followed.

    Grafana: Loki has `label_names()`, `label_values(label)`, `label_values(selector, label)` or the same as an object;
    Prometheus also `metrics(expression)`; a SQL query is a query of its datasource.
    """
    if kind == "sql":
        text = str(query.get("rawSql") or query.get("query") or "") if isinstance(query, Mapping) else str(query)
        return OptionsRequest(sql=text) if text else None
    if kind not in {"loki", "prometheus"}:
        return None
    text = query_text(query)
    found = _CALL.fullmatch(text)
    if found is None:
        return None
    below = "api/v1/" if kind == "prometheus" else ""
    # Loki's times are ns, Prometheus's s.
    ends = (start_ns, end_ns) if kind == "loki" else (start_ns // 1_000_000_000, end_ns // 1_000_000_000)
    span = (("start", str(ends[0])), ("end", str(ends[1])))
    if found["name"] == "label_names":
        return OptionsRequest(f"{below}labels", span)
    if found["name"] == "metrics":
        return OptionsRequest(f"{below}label/__name__/values", span, keep=found["inside"].strip())
    label = _LAST_LABEL.fullmatch(found["inside"])
    if label is None:
        return None
    selector = (label["selector"] or "").strip()
    narrowed = (("match[]" if kind == "prometheus" else "query", selector),) if selector else ()
    return OptionsRequest(f"{below}label/{label['label']}/values", (*span, *narrowed))


def label_asked(query: object) -> str | None:
    """The label whose values a variable's query asks a Loki or a Prometheus for; None of any other query."""
    label = _values_asked(query)
    return label["label"] if label else None


def selector_asked(query: object) -> str:
    """The selector of the streams whose labels a variable's query asks for; "" for those of all."""
    label = _values_asked(query)
    return (label["selector"] or "").strip() if label else ""


def _values_asked(query: object) -> re.Match[str] | None:
    found = _CALL.fullmatch(query_text(query))
    return _LAST_LABEL.fullmatch(found["inside"]) if found and found["name"] == "label_values" else None


def options_of(variable: Variable, values: Sequence[str], request: OptionsRequest) -> list[Option]:
    """The options as the browser lists them: the variable's regex, each value once, its sort order."""
    kept = [v for v in values if not request.keep or re.search(request.keep, v)]
    pattern = str(variable.raw.get("regex") or "")
    found = list(_matched(kept, js_regex(pattern))) if pattern else [(v, v) for v in kept]
    unique: dict[str, Option] = {}
    for option in found:
        unique.setdefault(option[1], option)
    return _sorted(list(unique.values()), variable.raw.get("sort"))


def query_text(query: object) -> str:
    """A variable's query as a person writes it, whether it is a text or an object of Grafana's query editor."""
    if not isinstance(query, Mapping):
        return str(query)
    if query.get("query"):
        return str(query["query"])
    label, stream = str(query.get("label") or ""), str(query.get("stream") or "")
    if query.get("type") in (0, "0", "labelNames"):
        return "label_names()"
    return f"label_values({f'{stream}, ' if stream else ''}{label})"


def _matched(values: Sequence[str], pattern: re.Pattern[str]) -> Iterator[Option]:
    """Grafana: named groups `value` and `text`, else the first group, else the whole; the rest is left out."""
    for value in values:
        for found in pattern.finditer(value):
            named = found.groupdict()
            if named.get("value") is not None or named.get("text") is not None:
                inner = str(named.get("value") or named.get("text"))
                yield str(named.get("text") or inner), inner
            else:
                inner = found[1] if pattern.groups and found[1] is not None else found[0]
                yield inner, inner
            if not pattern.groups:
                break


def _sorted(options: list[Option], order: Any) -> list[Option]:
    number = _ORDERS.index(order) + 1 if order in _ORDERS else int(order) if str(order or "").isdigit() else 0
    down = number % 2 == 0
    match (number + 1) // 2:
        case 1:
            return sorted(options, key=lambda o: o[0], reverse=down)
        case 2:
            return sorted(options, key=lambda o: _first_number(o[0]), reverse=down)
        case 3:
            return sorted(options, key=lambda o: o[0].lower(), reverse=down)
        case 4:
            return sorted(options, key=lambda o: _natural(o[0]), reverse=down)
    return options


def _first_number(text: str) -> float:
    found = _NUMBER.search(text)
    return float(found[0]) if found else -1.0


def _natural(text: str) -> list[tuple[int, int, str]]:
    return [(0, int(p), "") if p.isdigit() else (1, 0, p.lower()) for p in re.split(r"(\d+)", text) if p]
