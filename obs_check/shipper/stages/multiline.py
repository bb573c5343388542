"""`multiline`: lines joined into blocks."""

from dataclasses import dataclass
from typing import ClassVar

from obs_check.golang.quantity import duration_ns
from obs_check.model.window import NS
from obs_check.shipper.item import Item, Running, StageContext
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings
from obs_check.shipper.stages.regexes import compile_regex, read_regex


@dataclass(frozen=True)
class Multiline:
    """`firstline` (RE2) starts a block; a block ends at the next one, after `max_lines` lines, or when no line came for
    `max_wait` ns. Lines before the first block of their label set pass. `alloy` is Alloy 1.18 (stages/multiline.go):
    line ends are cut off when `trim_newlines`, a block without text is shipped too, structured metadata is kept."""

    kind: ClassVar[str] = "multiline"
    firstline: str
    max_lines: int = 128
    max_wait: int = 3 * NS
    alloy: bool = False
    trim_newlines: bool = True

    @classmethod
    def read(cls, given: StageSettings) -> "Multiline":
        wait = given.get("max_wait_time")
        stage = cls(
            read_regex(given.needed("firstline")),
            given.whole("max_lines", cls.max_lines),
            wait.read(duration_ns) if wait else cls.max_wait,
            given.alloy,
            given.flag("trim_newlines", True),
        )
        if given.alloy and wait and stage.max_wait <= 0:
            raise wait.error("must be above 0")
        return stage

    def start(self, context: StageContext, place: str) -> Running:  # noqa: ARG002 (the protocol's signature)
        return _MultilineBlocks(self, context)


class _Block:
    def __init__(self, first: Item, now_ns: int) -> None:
        self.first = first
        self.lines: list[str] = []
        self.last_ns = now_ns


class _MultilineBlocks:
    """One open block a label set."""

    holds = True

    def __init__(self, settings: Multiline, context: StageContext) -> None:
        self._settings = settings
        self._clock = context.clock
        self._regex = compile_regex(settings.firstline)
        self._open: dict[frozenset[tuple[str, str]], _Block] = {}

    def feed(self, item: Item) -> list[Item]:
        stream = frozenset(item.labels.items())
        first = self._regex.search(item.line) is not None
        block = self._open.get(stream)
        if block is None:
            if not first:
                return [item]
            block = self._open[stream] = _Block(item, self._clock())
        done: list[Item] = []
        if first:
            done += self._close(block)
            block.first = item
        trims = self._settings.alloy and self._settings.trim_newlines
        block.lines.append(item.line.rstrip("\r\n") if trims else item.line)
        block.last_ns = self._clock()
        if len(block.lines) == self._settings.max_lines:
            done += self._close(block)
        return done

    def flush(self, now_ns: int | None) -> list[Item]:
        due = [b for b in self._open.values() if now_ns is None or now_ns - b.last_ns >= self._settings.max_wait]
        return [item for block in due for item in self._close(block)]

    def _close(self, block: _Block) -> list[Item]:
        lines, block.lines = block.lines, []
        text = ""
        for line in lines:
            # Go's buffer gets a newline in front of a line only where something stands in it already.
            text += f"\n{line}" if text else line
        if not text and not (self._settings.alloy and lines):
            return []
        item = block.first.copy()
        item.line = text
        if not self._settings.alloy:
            item.metadata = {}
        return [item]


MULTILINE = StageDeclaration(
    Multiline.read,
    ("multiline",),
    "multiline",
    {"firstline": "text!", "max_lines": "number", "max_wait_time": "text"},
    {"trim_newlines": "flag"},
)
