"""`stage.split_json` (Alloy): one line for each element of a JSON array."""

import json
from dataclasses import dataclass
from typing import ClassVar

from obs_check.shipper.item import Item, StageContext
from obs_check.shipper.stages.declaration import SOURCE, StageDeclaration

_SPACE = " \t\r\n"


@dataclass(frozen=True)
class SplitJson:
    """Elements keep their spelling. A line that is not an array passes; an empty array leaves no line."""

    kind: ClassVar[str] = "split_json"
    source: str | None = None

    def start(self, context: StageContext, place: str) -> "_Split":  # noqa: ARG002 (the protocol's signature)
        return _Split(self.source)


class _Split:
    holds = False

    def __init__(self, source: str | None) -> None:
        self._source = source

    def feed(self, item: Item) -> list[Item]:
        text = item.source(self._source)
        parts = elements(text) if text is not None else None
        if parts is None:
            return [item]
        items = [item.copy() for _ in parts]
        for one, part in zip(items, parts, strict=True):
            one.line = part
        return items

    def flush(self, now_ns: int | None) -> list[Item]:  # noqa: ARG002 (the protocol's signature)
        return []


def elements(text: str) -> list[str] | None:
    """The elements of a JSON array as they are written; None when the text is not an array."""
    decoder = json.JSONDecoder(parse_constant=_refuse)
    at = _after_space(text, 0)
    if text[at : at + 1] != "[":
        return None
    at = _after_space(text, at + 1)
    found: list[str] = []
    if text[at : at + 1] == "]":
        return found if _after_space(text, at + 1) == len(text) else None
    while True:
        try:
            _, end = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            return None
        found.append(text[at:end])
        at = _after_space(text, end)
        if text[at : at + 1] == "]":
            return found if _after_space(text, at + 1) == len(text) else None
        if text[at : at + 1] != ",":
            return None
        at = _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    return len(text) - len(text[at:].lstrip(_SPACE))


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


SPLIT_JSON = StageDeclaration(lambda given: SplitJson(given.source()), alloy="split_json", settings=SOURCE)
