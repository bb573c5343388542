"""How Loki writes labels, times, sizes and durations in its texts (Go's forms)."""

from collections.abc import Mapping
from datetime import UTC, datetime

NS = 1_000_000_000


def quoted(text: str) -> str:
    """A string in Go's double quotes."""
    plain = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(plain.get(c, c if c.isprintable() else f"\\x{ord(c):02x}") for c in text) + '"'


def label_text(labels: Mapping[str, str]) -> str:
    """`{a="b", c="d"}`, sorted by name."""
    return "{" + ", ".join(f"{name}={quoted(labels[name])}" for name in sorted(labels)) + "}"


def rfc3339(ns: int) -> str:
    """`2026-11-24T02:07:50Z`: whole seconds, UTC."""
    return datetime.fromtimestamp(ns // NS, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def go_time(ns: int) -> str:
    """`2026-11-24 02:07:50.25 +0000 UTC`: Go's String() of a time, without zeros at the end of the fraction."""
    fraction = f"{ns % NS:09d}".rstrip("0")
    day = datetime.fromtimestamp(ns // NS, UTC).strftime("%Y-%m-%d %H:%M:%S")
    return f"{day}{'.' if fraction else ''}{fraction} +0000 UTC"


def size_text(size: int) -> str:
    """`900B`, `5KB`, `3MB`: powers of 1024, up to one decimal."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            break
        value /= 1024
    return f"{value:.1f}".removesuffix(".0") + unit
