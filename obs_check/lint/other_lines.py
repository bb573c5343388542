"""Programs besides promtail and Alloy that bring lines to Loki, by the signs of their configurations."""

import re
from collections.abc import Iterator

_SIGNS = {
    "Docker's log driver": (r"driver:[ \t]*[\"']?(?:grafana/)?loki\b",),
    "Fluent Bit": (r"name[ \t]+loki[ \t]*$",),
    "Fluentd": (r"@type[ \t]+loki[ \t]*$",),
    "Grafana Agent in static mode": (r"logs:", r"(?:- )?configs:", r"(?:- )?scrape_configs:"),
    "OpenTelemetry's Collector": ("exporters:", "pipelines:", r"logs(?:/\w+)?:"),
    "Vector": ("sinks:", r"type:[ \t]*[\"']?loki\b"),
}
"""What lines of its configuration begin with, all of these."""
_WAYS = {
    way: [re.compile(rf"^[ \t]*{sign}", re.MULTILINE | re.IGNORECASE) for sign in signs]
    for way, signs in _SIGNS.items()
}
_PUSHES = re.compile(r"^(?P<above>.*\n)?(?P<row>[^#\n]*\bhttps?://[^\s#]*/loki/api/v1/push\b)", re.MULTILINE)
_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9_]+\b")


def other_lines(text: str) -> Iterator[tuple[int, str, frozenset[str]]]:
    """The line (from 1) of a YAML text where each such program's configuration stands, the program's name, and the
    variables of an environment that may hold the address: a shipper that has one of them is the program."""
    if "loki" not in text:
        return
    for way, signs in _WAYS.items():
        if (first := signs[0].search(text)) and all(sign.search(text) for sign in signs):
            yield _row(text, first.start()), way, frozenset()
    for found in _PUSHES.finditer(text):
        names = frozenset(_VARIABLE.findall(found[0]))
        yield _row(text, found.start("row")), "what has the address to push to", names


def _row(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
