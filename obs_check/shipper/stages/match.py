"""`match`: stages for the lines of a selector only, or the lines of a selector dropped.

The selector is not LogQL: promtail 3.5 reads matchers and the four line filters `|=`, `!=`, `|~`, `!~`, nothing more.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from obs_check.golang import quoting
from obs_check.shipper.item import Item, PerLine, Running, StageContext
from obs_check.shipper.pipeline import EMPTY, Pipeline
from obs_check.shipper.stages.declaration import StageDeclaration, StageSettings
from obs_check.shipper.stages.regexes import compile_regex

_STRING = r'("(?:\\.|[^"\\\n])*")'
_MATCHER = re.compile(rf"\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*{_STRING}\s*")
_FILTER = re.compile(rf"\s*(\|=|\|~|!=|!~)\s*{_STRING}\s*")


@dataclass(frozen=True)
class LineSelector:
    """`matchers` are (label, op, value), regular expressions anchored; `filters` are (op, text), not anchored."""

    matchers: tuple[tuple[str, str, str], ...]
    filters: tuple[tuple[str, str], ...] = ()


def parse_selector(text: str) -> LineSelector:
    """The selector in a text; raises ValueError with place and reason."""
    at = len(text) - len(text.lstrip())
    if text[at : at + 1] != "{":
        raise ValueError(f"{text!r} does not start with {{")
    matchers, at = [], at + 1
    while match := _MATCHER.match(text, at):
        matchers.append((match[1], match[2], _unquote(match[3])))
        at = match.end()
        if text[at : at + 1] != ",":
            break
        at += 1
        if not text[at:].lstrip().startswith("}"):
            continue
        raise ValueError(f"character {at + 1} of {text!r}: a matcher is expected behind the comma")
    if not matchers or text[at : at + 1] != "}":
        raise ValueError(f'character {at + 1} of {text!r}: name="value", a comma or }} is expected')
    at += 1
    filters = []
    while found := _FILTER.match(text, at):
        filters.append((found[1], _unquote(found[2])))
        at = found.end()
    if text[at:].strip():
        raise ValueError(f"character {at + 1} of {text!r}: only |= != |~ !~ may follow the selector here")
    for _, op, value in matchers:
        if op in {"=~", "!~"}:
            compile_regex(value)
    for op, value in filters:
        if op in {"|~", "!~"}:
            compile_regex(value)
    return LineSelector(tuple(matchers), tuple(filters))


def _unquote(quoted: str) -> str:
    try:
        return quoting.unquote(quoted, strict=True)
    except quoting.EscapeError:
        raise ValueError(f"{quoted} has an escape that Go does not know; a backslash is written \\\\") from None


def _tester(selector: LineSelector) -> Callable[[Item], bool]:
    tests: list[Callable[[Item], bool]] = [_label_test(*m) for m in selector.matchers]
    tests += [_line_test(*f) for f in selector.filters]
    return lambda item: all(test(item) for test in tests)


def _label_test(name: str, op: str, value: str) -> Callable[[Item], bool]:
    wanted = op in {"=", "=~"}
    if op in {"=", "!="}:
        return lambda item: (item.labels.get(name, "") == value) == wanted
    regex: Any = compile_regex(f"^(?s:{value})$")
    return lambda item: (regex.search(item.labels.get(name, "")) is not None) == wanted


def _line_test(op: str, value: str) -> Callable[[Item], bool]:
    wanted = op in {"|=", "|~"}
    if op in {"|=", "!="}:
        return lambda item: (value in item.line) == wanted
    regex: Any = compile_regex(value)
    return lambda item: (regex.search(item.line) is not None) == wanted


@dataclass(frozen=True)
class Match:
    """Keep: matching lines pass `pipeline`, others pass by. Drop: matching lines are dropped and counted."""

    kind: ClassVar[str] = "match"
    selector: LineSelector
    pipeline: Pipeline = EMPTY
    drop: bool = False
    reason: str = "match_stage"

    @classmethod
    def read(cls, given: StageSettings) -> "Match":
        text = given.needed("selector")
        try:
            selector = parse_selector(text.text())
        except ValueError as error:
            raise text.error(f"not a selector of a match stage: {error}") from None
        drop = given.choice("action", ("keep", "drop")) == "drop"
        stages = given.get("stages")
        if not drop and not (stages and stages.items()):
            raise given.error("stages is missing", "a match stage that keeps needs stages; to drop write action: drop")
        if drop and stages and stages.items():
            raise stages.error("a match stage that drops has no stages")
        pipeline = given.read_stages(stages) if stages and not drop else EMPTY
        return cls(selector, pipeline, drop, given.reason("match_stage"))

    @property
    def may_drop(self) -> bool:
        """Whether it drops the lines that match."""
        return self.drop

    def start(self, context: StageContext, place: str) -> Running:
        test = _tester(self.selector)
        if not self.drop:
            return _Keep(test, self.pipeline.start(context, f"{place} > "))

        def change(item: Item) -> bool:
            if not test(item):
                return True
            context.dropped(self.reason)
            return False

        return PerLine(change)


class _Keep:
    """Matching lines through a pipeline. Promtail lets lines that pass by overtake those inside; here order is kept."""

    def __init__(self, test: Callable[[Item], bool], inner: Running) -> None:
        self._test = test
        self._inner = inner
        self.holds = inner.holds

    def feed(self, item: Item) -> list[Item]:
        return self._inner.feed(item) if self._test(item) else [item]

    def flush(self, now_ns: int | None) -> list[Item]:
        return self._inner.flush(now_ns)


MATCH = StageDeclaration(
    Match.read,
    ("match",),
    "match",
    {"selector": "text!", "stages": "any", "action": "text", "pipeline_name": "text", "drop_counter_reason": "text"},
    blocks={"stage.": {}},
    strict=True,
    blank_is_unset=True,
)
