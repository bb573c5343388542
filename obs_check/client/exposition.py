"""Prometheus' text format 0.0.4, which /metrics answers in: read into plain values, and written."""

import math
import re
from collections.abc import Iterable

from obs_check.model.entry import Labels

Metrics = dict[str, list[tuple[Labels, float]]]
"""Metric name -> its series: labels and value."""

_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+-?\d+)?")
_LABEL = re.compile(r'\s*(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def read_sample(line: str) -> tuple[str, Labels, float]:
    """A sample's name, labels and value; its own time is not used. ValueError for a line that is not one."""
    found = _SAMPLE.fullmatch(line.strip())
    if found is None:
        raise ValueError("not a sample")
    return found["name"], _labels((found["labels"] or "").strip()), float(found["value"])


def _labels(text: str) -> Labels:
    labels, at = {}, 0
    while at < len(text):
        found = _LABEL.match(text, at)
        if found is None:
            raise ValueError("not a label")
        labels[found["name"]] = _ESCAPE.sub(lambda m: "\n" if m[1] == "n" else m[1], found["value"])
        at = found.end()
    return labels


def parse_exposition(text: str) -> Metrics:
    """All samples by metric name; comments and lines that are none are left out (a truncated answer stays usable)."""
    metrics: Metrics = {}
    for line in text.splitlines():
        try:
            name, labels, value = read_sample(line)
        except ValueError:
            continue
        metrics.setdefault(name, []).append((labels, value))
    return metrics


def whole(value: float) -> int:
    """How much a counter counted, 0 where its value is no number of things (NaN, an infinity)."""
    return int(value) if math.isfinite(value) else 0


def quoted_label(value: str) -> str:
    """A label's value as the format, and PromQL, write it."""
    return f'"{value.translate(_ESCAPES)}"'


def sample_line(name: str, labels: Iterable[tuple[str, str]], value: float | str) -> str:
    """One sample as a line without its end."""
    inside = ",".join(f"{key}={quoted_label(text)}" for key, text in labels)
    return f"{name}{{{inside}}} {value}" if inside else f"{name} {value}"
