"""The macros that Grafana's backend replaces, for queries that are sent to Loki directly."""

from obs_check.panel.interval import format_interval


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
