"""The text that /metrics answers (Prometheus exposition format), read into plain values."""

import re

from obs_check.model.entry import Labels

Metrics = dict[str, list[tuple[Labels, float]]]
"""Metric name -> its series: labels and value."""

_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+-?\d+)?\s*")
_LABEL = re.compile(r'\s*(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*,?')
_ESCAPE = re.compile(r"\\(.)")


def parse_exposition(text: str) -> Metrics:
    """All samples by metric name; comments and lines that are none are left out (a truncated answer stays usable)."""
    metrics: Metrics = {}
    for line in text.splitlines():
        match = _SAMPLE.fullmatch(line.strip())
        if match is None:
            continue
        try:
            value = float(match["value"])
        except ValueError:
            continue
        labels = {m["name"]: _ESCAPE.sub(_unescape, m["value"]) for m in _LABEL.finditer(match["labels"] or "")}
        metrics.setdefault(match["name"], []).append((labels, value))
    return metrics


def _unescape(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]
