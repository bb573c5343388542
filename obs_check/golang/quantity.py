"""Durations and sizes as they stand in a promtail configuration. All raise ValueError with the reason."""

import re

from obs_check.golang.durations import parse_go_duration

_SIZES: dict[str, int] = {unit: 1024**power for power, unit in enumerate(["", "K", "M", "G", "T", "P", "E"])}
_SIZE = re.compile(r"([0-9]+)\s*(?:([KMGTPE]?)B?|([KMGTPE])IB)")


def duration_ns(text: str) -> int:
    """Nanoseconds of a Go duration (`1h30m`, `1.5s`, `-2s`, `0`)."""
    try:
        return parse_go_duration(text)
    except ValueError:
        raise ValueError(f"not a duration: {text!r} (write 1s, 500ms or 1h30m)") from None


def size_bytes(text: str) -> int:
    """Bytes of a size (`90B`, `1kb`, `2MB`, `100`, Alloy also `1MiB`); all units are powers of 1024, case makes no
    difference."""
    match = _SIZE.fullmatch(text.strip().upper())
    if not match:
        raise ValueError(f"not a size: {text!r} (write 100, 90B, 8KB or 1MB)")
    unit: int = _SIZES[match[2] or match[3] or ""]
    return int(match[1]) * unit
