"""The macros that Grafana's backend replaces in LogQL: filled in, or read past."""

import copy
import re
from collections.abc import Mapping
from typing import Any

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.panel.interval import format_interval

_KNOWS_AUTO = 10
"""The major version of Grafana that first fills in `$__auto` in LogQL; 9.4 hands it to Loki, which refuses it."""
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|`[^`]*`|(?P<variable>\$\{[^}]*\}|\$\w+|\[\[\w+\]\])(?P<unit>[a-z]*)')


def backend_macros(
    expr: str, *, from_ms: int, to_ms: int, interval_ms: int, step_ms: int | None = None, instant: bool = False
) -> str:
    """A query with `$__interval`, `$__range` and `$__auto` replaced as Grafana's Loki backend does.

    Plain text replacement, longest names first; `$__interval` is the interval's text and not the step; `$__auto` is
    the whole range in an instant query and the step in a range query, and only bare, never in braces.
    """
    length_ms = to_ms - from_ms
    # Go rounds halves away from zero.
    seconds = int(length_ms / 1000 + 0.5)
    interval = format_interval(interval_ms)
    values = {
        "__interval_ms": str(interval_ms),
        "__interval": interval,
        "__range_ms": str(length_ms),
        "__range_s": str(seconds),
        "__range": f"{seconds}s",
    }
    for name, value in values.items():
        expr = expr.replace(f"${{{name}}}", value).replace(f"${name}", value)
    step = format_interval(step_ms if step_ms is not None else interval_ms)
    return expr.replace("$__auto", f"{seconds}s" if instant else step)


def knows_auto(version: str) -> bool:
    """Whether a Grafana of that version ("13.0.1"; "" where it is not known) fills in `$__auto`."""
    found = re.match(r"\d+", version)
    return found is None or int(found[0]) >= _KNOWS_AUTO


def step_macro(version: str) -> str:
    """What a Grafana of that version fills in with the time between two points of a LogQL query."""
    return "$__auto" if knows_auto(version) else "$__interval"


def without_auto(dashboard: Mapping[str, object]) -> dict[str, Any]:
    """A dashboard with what a Grafana that does not know `$__auto` fills in: a graph's step, everywhere else the
    range."""
    model: dict[str, Any] = copy.deepcopy(dict(dashboard))
    for panel in model["panels"]:
        width = "$__interval" if panel["type"] == "timeseries" else "$__range"
        for target in panel.get("targets", []):
            if "expr" in target:
                target["expr"] = target["expr"].replace("$__auto", width)
    return model


def _stand_in(found: re.Match[str]) -> str:
    variable = found["variable"]
    if variable is None:
        return found[0]
    bare = variable.strip("${}[]").partition(":")[0]
    # A number of s or ms, or one that has its unit behind it, is not a duration by itself.
    if found["unit"] or bare.endswith(("_s", "_ms")) or not found.string[: found.start()].rstrip().endswith("["):
        return "1".rjust(len(variable), "0") + (found["unit"] or "")
    return "1s".rjust(len(variable), "0")


def read_text(raw: str) -> ast.Expr | None:
    """The tree of an author's text with its macros and variables in place, its spans being places in `raw`; None when
    it cannot be read that way.

    `[$__range]` is not LogQL. A stand-in of the same length is, so every place in the tree is a place in the text.
    """
    try:
        return parse(_TOKEN.sub(_stand_in, raw))
    except QueryError:
        return None


def text_error(raw: str) -> QueryError | None:
    """Why an author's text cannot be read, as an error of that text; None when it can."""
    try:
        parse(_TOKEN.sub(_stand_in, raw))
    except QueryError as error:
        return QueryError(error.message, raw, error.start, error.end, error.hint)
    return None
