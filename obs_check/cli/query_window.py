"""How `obs-check query` reads times, durations and labels from its options."""

import re

from obs_check.errors import UsageError
from obs_check.model.window import EPOCH_UNITS, MS, Window

_DEFAULT_SINCE = "1h"


def read_window(
    since: str | None, from_: str | None, to: str | None, now_ns: int, all_by_default: bool
) -> Window | None:
    """The window that the options mean; None when none is given and `all_by_default`. Raises UsageError."""
    if all_by_default and not (since or from_ or to):
        return None
    return given_window(since, from_, to, now_ns, all_by_default)


def given_window(
    since: str | None, from_: str | None, to: str | None, now_ns: int, all_by_default: bool = False
) -> Window:
    """The same; where nothing says when it begins it is the last hour, and with `all_by_default` all time before its
    end."""
    if since and from_:
        raise UsageError("--since and --from exclude each other", "give one of them")
    end = read_time(to, now_ns, "--to", is_end=True) if to else now_ns
    if from_:
        start = read_time(from_, now_ns, "--from", is_end=False)
    elif since is None and all_by_default:
        start = 0
    else:
        start = end - read_duration(since or _DEFAULT_SINCE, "--since")
    if start >= end:
        raise UsageError("the time range is empty: it starts at or after its end", "check --from and --to")
    return Window(start, end)


def read_time(text: str, now_ns: int, option: str, is_end: bool) -> int:
    """ns since the epoch of an RFC 3339 time, of epoch s, ms, us or ns by their size, or of Grafana's now-1h, now/d."""
    from obs_check.errors import InputError
    from obs_check.panel.timerange import Calendar, parse_time

    if text.isdecimal():
        return int(text) * next((unit for limit, unit in EPOCH_UNITS if int(text) < limit), 1)
    if text == "now":
        return now_ns
    try:
        return parse_time(text, now_ns, Calendar(), is_end) * MS
    except InputError as error:
        raise UsageError(f"{option}: {error.message}", error.hint) from error


def read_duration(text: str, option: str) -> int:
    """ns of a duration such as 90s or 1h30m; above 0. A number alone is none: who writes 24 may well mean hours."""
    from obs_check.golang.durations import parse_duration

    try:
        ns = parse_duration(text)
    except ValueError:
        ns = 0
    if ns <= 0:
        raise UsageError(f"{option}: not a duration with its unit: {text!r}", "for example 90s, 1h30m or 7d")
    return ns


def read_labels(pairs: tuple[str, ...]) -> dict[str, str]:
    """{"k": "v"} of `k=v` options."""
    labels = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
            raise UsageError(f"--label {pair}: not of the form name=value", "for example --label job=boundary")
        labels[name] = value
    return labels
