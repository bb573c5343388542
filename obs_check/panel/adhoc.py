"""Ad hoc filters in LogQL: each one as a label filter at the end of every pipeline.

Grafana 13 puts a filter on a stream's label into the selector, another one behind the parser. A label filter at the end
accepts the same lines for either, which a panel cannot be told from; only a label that `label_format` or an aggregation
changes would read otherwise.
"""

import re
from collections.abc import Sequence

from obs_check.panel.variables import Filter

_OPERATORS = {"=": "=", "!=": "!=", "=~": "=~", "!~": "!~", "=|": "=~", "!=|": "!~", "<": "<", ">": ">"}
_PARTS = re.compile(r"\"(?:[^\"\\]|\\.)*\"|`[^`]*`|\[")


def add_filters(expr: str, filters: Sequence[Filter]) -> str:
    """The query with the filters; operators that LogQL does not have are left out (`unknown`)."""
    added = "".join(f" | {f.key}{_OPERATORS[f.operator]}{_value(f)}" for f in filters if f.operator in _OPERATORS)
    if not added:
        return expr
    ranges = [found.start() for found in _PARTS.finditer(expr) if found[0] == "["]
    if not ranges:
        return f"{expr.rstrip()}{added}"
    out, at = "", 0
    for place in ranges:
        out += f"{expr[at:place].rstrip()}{added} "
        at = place
    return out + expr[at:]


def unknown_operators(filters: Sequence[Filter]) -> list[str]:
    """Operators of filters that are not followed."""
    return [f.operator for f in filters if f.operator not in _OPERATORS]


def _value(one: Filter) -> str:
    value = one.value
    if one.operator in {"<", ">"}:
        return value
    if one.operator in {"=|", "!=|"}:
        value = "|".join(re.escape(part) for part in re.split(r"__gfp__|\|", value))
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
