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


def go_duration(ns: int) -> str:
    """`960h0m0s`: Go's String() of a duration of at least a second."""
    seconds, rest = divmod(ns, NS)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f".{rest:09d}".rstrip("0") if rest else ""
    if hours:
        return f"{hours}h{minutes}m{seconds}{fraction}s"
    return f"{minutes}m{seconds}{fraction}s" if minutes else f"{seconds}{fraction}s"


def model_duration(ns: int) -> str:
    """`30d1h`: Prometheus' form of a duration, largest units first."""
    text = ""
    milliseconds = ns // 1_000_000
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)):
        count, milliseconds = divmod(milliseconds, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def size_text(size: int) -> str:
    """`900B`, `5KB`, `3MB`: powers of 1024, up to one decimal."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1024 or unit == "GB":
            break
        value /= 1024
    return f"{value:.1f}".removesuffix(".0") + unit
