"""Programs besides promtail and Alloy that bring lines to Loki, by the signs of their configurations."""

import os
import re
from collections.abc import Iterator, Set
from itertools import islice
from pathlib import Path

_SIGNS = {
    "Docker's log driver": (r"driver:[ \t]*[\"']?(?:grafana/)?loki\b",),
    "Fluent Bit": (r"name[ \t]+(?:grafana-)?loki[ \t]*$",),
    "Fluent Bit, Fluentd or Vector in a container": (
        r"(?:- )?image:[ \t]*[\"']?(?:[\w.-]+/)*(?:timberio/vector|fluent/fluent-bit|fluent/fluentd)\b",
    ),
    "Fluentd": (r"@type[ \t]+loki[ \t]*$",),
    "Grafana Agent in static mode": (r"logs:", r"(?:- )?configs:", r"(?:- )?scrape_configs:"),
    "the log forwarder of OpenShift": (r"kind:[ \t]*ClusterLogForwarder\b", r"(?:- )?type:[ \t]*[\"']?loki"),
    "the logging operator": (r"kind:[ \t]*(?:Cluster)?Output\b", "loki:"),
    "an exporter of events": ("receivers:", "(?:- )?loki:", "url:"),
    "Falcosidekick": ("loki:", "hostport:"),
    "OpenTelemetry's Collector": ("exporters:", "pipelines:", r"logs(?:/\w+)?:"),
    "Vector": ("sinks:", r"type:[ \t]*[\"']?loki\b"),
}
"""What lines of its configuration begin with, all of these."""
_WAYS = {
    way: [re.compile(rf"^[ \t]*{sign}", re.MULTILINE | re.IGNORECASE) for sign in signs]
    for way, signs in _SIGNS.items()
}
_PUSHES = re.compile(
    r"^(?P<above>.*\n)?(?P<row>[^#\n]*\bhttps?://[^\s#]*(?:/loki/api/v1/push|\bloki[^\s#/]*/otlp)\b)", re.MULTILINE
)
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


_APPENDERS = re.compile(
    rb"loki/api/v1/push\b|\bloki4j\b|loki-logback|\b(?:pino|winston)-loki\b|logging[-_]loki|\bLokiHandler\b|GrafanaLoki\b|"
    rb"Sinks\.Grafana\.Loki|tracing[-_]loki\b|loki-client-go|monolog-loki|k6/x/loki|<Loki\b|grafana/faro|log-?driver[\"']?\s*[:=]"
    rb"\s*[\"']loki\b"
)
"""Loki's push address, libraries by which applications push their own lines, and Docker's driver."""
_OUTPUTS = re.compile(
    rb"^[ \t]*(?:name[ \t]+(?:grafana-)?|@type[ \t]+|type[ \t]*=[ \t]*[\"']|\[*(?:outputs|sinks)\.)loki\b"
    rb"|^[ \t]*loki[ \t]*[({]",
    re.MULTILINE | re.IGNORECASE,
)
"""What Fluent Bit, Fluentd, Vector, Telegraf, Logstash and syslog-ng call it in their own files."""
_OF_OUTPUTS = {".cfg", ".conf", ".hcl", ".toml"}
_OF_PROGRAMS = {
    "", ".cs", ".csproj", ".go", ".gradle", ".java", ".js", ".kt", ".kts", ".mjs", ".php", ".properties", ".py", ".rb",
    ".rs", ".sh", ".ts", ".xml", ".mod", *_OF_OUTPUTS,
}  # fmt: skip
OF_TOOLS = frozenset({".git", ".venv", "node_modules"})
"""Folders in which nobody writes configurations."""
_OF_PROGRAM = re.compile(r"(?:package|composer|daemon|appsettings.*)\.json$|requirements.*\.txt$")
_NOT_OWN = {*OF_TOOLS, "vendor"}
_LARGEST = 256 * 1024
_MOST = 5000
"""Bytes of a file, and files, that are looked at."""


def holds_pushing_program(folder: Path) -> bool:
    """Whether a file of a program in a folder pushes lines to Loki by itself."""
    return any(_pushes(file) for file in islice(_program_files(folder), _MOST))


def files_around(folder: Path, left_out: Set[str]) -> Iterator[Path]:
    """The files below a folder, in order, without those in folders of these names: they are not listed either, since
    what others wrote may be a hundred times as much."""
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - left_out)
        yield from (Path(place, name) for name in sorted(names))


def _program_files(folder: Path) -> Iterator[Path]:
    for file in files_around(folder, _NOT_OWN):
        named = _OF_PROGRAM.match(file.name) is not None
        ours = (file.suffix in _OF_PROGRAMS or named) and not file.name.startswith(".env")
        if ours and file.is_file() and file.stat().st_size <= _LARGEST:
            yield file


def _pushes(file: Path) -> bool:
    try:
        text = file.read_bytes()
        return bool(_APPENDERS.search(text) or (file.suffix in _OF_OUTPUTS and _OUTPUTS.search(text)))
    except OSError:
        return False


def _row(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
