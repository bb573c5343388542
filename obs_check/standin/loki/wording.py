"""How Loki writes labels, times, sizes and durations in its texts (Go's forms)."""

from collections.abc import Mapping
from datetime import UTC, datetime

NS = 1_000_000_000
_FIRST_S, _LAST_S = -62_135_596_800, 253_402_300_799
"""The years 1 and 9999, s since the epoch."""


def quoted(text: str) -> str:
    """A string in Go's double quotes."""
    plain = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(plain.get(c, c if c.isprintable() else f"\\x{ord(c):02x}") for c in text) + '"'


def label_text(labels: Mapping[str, str]) -> str:
    """`{a="b", c="d"}`, sorted by name."""
    return "{" + ", ".join(f"{name}={quoted(labels[name])}" for name in sorted(labels)) + "}"


def rfc3339(ns: int) -> str:
    """`2026-11-24T02:07:50Z`: whole seconds, UTC."""
    return f"{_second(ns).isoformat()[:19]}Z"


def go_time(ns: int) -> str:
    """`2026-11-24 02:07:50.25 +0000 UTC`: Go's String() of a time, without zeros at the end of the fraction."""
    fraction = f"{ns % NS:09d}".rstrip("0")
    day = _second(ns).isoformat(" ")[:19]
    return f"{day}{'.' if fraction else ''}{fraction} +0000 UTC"


def _second(ns: int) -> datetime:
    """A push may have a time of any year; Python ends with the year 9999."""
    return datetime.fromtimestamp(min(max(ns // NS, _FIRST_S), _LAST_S), UTC)


def size_text(size: int) -> str:
    """`900B`, `5KB`, `3MB`: powers of 1024, up to one decimal."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            break
        value /= 1024
    return f"{value:.1f}".removesuffix(".0") + unit
