"""`docker` and `cri`: the line formats of container runtimes, as fixed rows of simpler stages."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.documents.yaml_tree import YamlValue
from obs_check.shipper.item import Item, Running, StageContext
from obs_check.shipper.pipeline import Pipeline
from obs_check.shipper.stages.labels import AddLabels
from obs_check.shipper.stages.output import OutputStage
from obs_check.shipper.stages.parse_json import Json
from obs_check.shipper.stages.parse_regex import Regex
from obs_check.shipper.stages.timestamp import Timestamp

_STREAM = (("stream", "stream"),)

DOCKER = Pipeline(
    (
        Json((("output", "log"), ("stream", "stream"), ("timestamp", "time"))),
        AddLabels(_STREAM),
        Timestamp("timestamp", "RFC3339Nano"),
        OutputStage("output"),
    )
)
CRI = Pipeline(
    (
        Regex(r"^(?s)(?P<time>\S+?) (?P<stream>stdout|stderr) (?P<flags>\S+?) (?P<content>.*)$"),
        AddLabels(_STREAM),
        Timestamp("time", "RFC3339Nano"),
        OutputStage("content"),
    )
)


@dataclass(frozen=True)
class Docker:
    """`docker`: lines of Docker's json-file driver. Other lines pass unchanged."""

    kind: ClassVar[str] = "docker"

    @classmethod
    def read(cls, node: YamlValue) -> "Docker":
        """From YAML."""
        node.mapping(())
        return cls()

    def start(self, context: StageContext, place: str) -> Running:
        """At work."""
        return DOCKER.start(context, f"{place} > ")


@dataclass(frozen=True)
class Cri:
    """`cri`: lines of containerd and CRI-O. A partial line (flag P) waits for its end (flag F) of the same labels;
    sizes in bytes, 0 and False mean no limit. Other lines pass unchanged."""

    kind: ClassVar[str] = "cri"
    max_partial_lines: int = 100
    max_partial_line_size: int = 0
    truncate: bool = False

    @classmethod
    def read(cls, node: YamlValue) -> "Cri":
        """From YAML."""
        node.mapping(("max_partial_lines", "max_partial_line_size", "max_partial_line_size_truncate"))
        lines = node.get("max_partial_lines")
        size = node.get("max_partial_line_size")
        truncate = node.get("max_partial_line_size_truncate")
        limit = size.integer() if size else 0
        return cls((lines.integer() if lines else 0) or 100, limit, truncate.flag() if truncate else False)

    def start(self, context: StageContext, place: str) -> Running:
        """At work."""
        return _CriLines(self, CRI.start(context, f"{place} > "))


class PartialLines:
    """The partial lines that wait, one a label set."""

    holds = True

    def __init__(self, settings: Cri) -> None:
        self._settings = settings
        self._partial: dict[frozenset[tuple[str, str]], Item] = {}

    def joined(self, item: Item, partial: bool) -> list[Item]:
        """What comes out when a read line goes in: nothing for a partial one, unless too many wait."""
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


class _CriLines(PartialLines):
    def __init__(self, settings: Cri, base: Running) -> None:
        super().__init__(settings)
        self._base = base

    def feed(self, item: Item) -> list[Item]:
        [item] = self._base.feed(item)
        return self.joined(item, partial=item.extracted.get("flags") == "P")
