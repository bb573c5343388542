"""`docker` and `cri`: the line formats of container runtimes. Promtail 3.5 reads them by fixed rows of simpler stages,
Alloy 1.18 by itself."""

import json
import re
from dataclasses import dataclass
from typing import ClassVar

from obs_check.golang import layouts
from obs_check.shipper.item import Item, PerLine, Running, StageContext
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings
from obs_check.shipper.stages.labels import AddLabels
from obs_check.shipper.stages.output import OutputStage
from obs_check.shipper.stages.parse_json import Json
from obs_check.shipper.stages.parse_regex import Regex
from obs_check.shipper.stages.timestamp import Timestamp

_STREAM = (("stream", "stream"),)

_DOCKER_ROW = Pipeline(
    (
        Json((("output", "log"), ("stream", "stream"), ("timestamp", "time"))),
        AddLabels(_STREAM),
        Timestamp("timestamp", "RFC3339Nano"),
        OutputStage("output"),
    )
)
_CRI_ROW = Pipeline(
    (
        Regex(r"^(?s)(?P<time>\S+?) (?P<stream>stdout|stderr) (?P<flags>\S+?) (?P<content>.*)$"),
        AddLabels(_STREAM),
        Timestamp("time", "RFC3339Nano"),
        OutputStage("content"),
    )
)


_ALLOY_CRI = re.compile(
    r"(?P<time>[^\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*) "
    r"(?P<stream>stdout|stderr) (?P<flags>[PF]?) ?(?P<content>.*)",
    re.DOTALL,
)


@dataclass(frozen=True)
class Docker:
    """`docker`: lines of Docker's json-file driver. Other lines pass unchanged, for `alloy` those with an empty `log`
    too. Alloy 1.18 (internal/component/loki/process/stages/docker.go): an absent stream becomes an empty label, keys
    are read whatever their case, and a time that cannot be read keeps the reading time (promtail takes the last)."""

    kind: ClassVar[str] = "docker"
    alloy: bool = False

    def start(self, context: StageContext, place: str) -> Running:
        return PerLine(_docker_line) if self.alloy else _DOCKER_ROW.start(context, f"{place} > ")


@dataclass(frozen=True)
class Cri:
    """`cri`: lines of containerd and CRI-O. A partial line (flag P) waits for its end (flag F) of the same labels;
    sizes in bytes, 0 and False mean no limit. Other lines pass unchanged. Alloy 1.18 (stages/cri.go,
    stages/cri/parse.go): only the flags P and F are known and F may be left out, text glued to the flag is content, and
    a line of another format passes without touching a partial line that waits (promtail puts it behind that)."""

    kind: ClassVar[str] = "cri"
    max_partial_lines: int = 100
    max_partial_line_size: int = 0
    truncate: bool = False
    alloy: bool = False

    @classmethod
    def read(cls, given: StageSettings) -> "Cri":
        lines = given.get("max_partial_lines")
        if lines and given.alloy and lines.integer() <= 0:
            raise lines.error("must be above 0")
        return cls(
            given.whole("max_partial_lines", 0) or cls.max_partial_lines,
            given.whole("max_partial_line_size", 0),
            given.flag("max_partial_line_size_truncate"),
            given.alloy,
        )

    def start(self, context: StageContext, place: str) -> Running:
        return _PartialLines(self, None if self.alloy else _CRI_ROW.start(context, f"{place} > "))


class _PartialLines:
    """The partial lines that wait, one a label set; `row` are promtail's stages that read a line."""

    holds = True

    def __init__(self, settings: Cri, row: Running | None) -> None:
        self._settings = settings
        self._row = row
        self._partial: dict[frozenset[tuple[str, str]], Item] = {}

    def feed(self, item: Item) -> list[Item]:
        """What comes out when a line goes in: nothing for a partial one, unless too many wait."""
        if self._row:
            [item] = self._row.feed(item)
        elif not _cri_line(item):
            return [item]
        return self._joined(item, partial=item.extracted.get("flags") == "P")

    def _joined(self, item: Item, partial: bool) -> list[Item]:
        stream = frozenset(item.labels.items())
        if not partial:
            if before := self._partial.pop(stream, None):
                item.line = self._cut(before.line + item.line)
            return [item]
        released: list[Item] = []
        if len(self._partial) >= self._settings.max_partial_lines:
            released = list(self._partial.values())
            self._partial.clear()
        elif before := self._partial.get(stream):
            item.line = before.line + item.line
        item.line = self._cut(item.line)
        self._partial[stream] = item
        return released

    def flush(self, now_ns: int | None) -> list[Item]:  # noqa: ARG002 (the protocol's signature)
        """Nothing: a partial line whose end never comes is lost."""
        return []

    def _cut(self, line: str) -> str:
        if not self._settings.truncate:
            return line
        return line.encode()[: self._settings.max_partial_line_size].decode(errors="replace")


def _docker_line(item: Item) -> bool:
    found = _docker(item.line)
    if found is None or not found["log"]:
        return True
    item.extracted.update(output=found["log"], stream=found["stream"], timestamp=found["time"])
    item.line = found["log"]
    item.labels["stream"] = found["stream"]
    _set_time(item, found["time"])
    return True


def _docker(line: str) -> dict[str, str] | None:
    try:
        data: object = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    found = {"log": "", "time": "", "stream": ""}
    for key, value in data.items():
        name = key.lower()
        if name not in found or value is None:
            continue
        if not isinstance(value, str):
            return None
        found[name] = value
    return found


def _cri_line(item: Item) -> bool:
    """Whether a line is one of Alloy's format, which is then taken apart."""
    found = _ALLOY_CRI.fullmatch(item.line)
    if found is None:
        return False
    item.extracted.update(found.groupdict(), flags=found["flags"] or "F")
    item.line = found["content"]
    _set_time(item, found["time"])
    item.labels["stream"] = found["stream"]
    return True


def _set_time(item: Item, text: str) -> None:
    """A time that cannot be read leaves the line's time as it is."""
    try:
        item.ts = layouts.parse(layouts.NAMED["RFC3339Nano"], text).ns(None)
    except layouts.NoTime:
        return


DOCKER = StageDeclaration(lambda given: Docker(given.alloy), ("docker",), "docker")
CRI = StageDeclaration(
    Cri.read,
    ("cri",),
    "cri",
    {"max_partial_lines": "number", "max_partial_line_size": "number", "max_partial_line_size_truncate": "flag"},
)
