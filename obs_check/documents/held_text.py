"""A text that stands inside of another one: in a scalar of YAML, in a string of JSON, or as the whole of it.

Each character knows where it stands, so that a part is changed alone: escapes, indent, folds, comments and the keys
around it stay as their author wrote them.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from obs_check.documents.yaml_tree import Loader
from obs_check.errors import ConfigError

Change = tuple[int, int, str]
"""Start and end of a part of the text, and what takes its place (no line break in it)."""
_BY_HAND = "change the file by hand as the diff shows"
_DOUBLE = re.compile(
    r"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|x..|u.{4}|U.{8}|\r?\n[ \t]*|[^\r\n])|[ \t]*\r?\n[ \t\r\n]*|[^\\]", re.DOTALL
)
_SINGLE = re.compile(r"''|[ \t]*\r?\n[ \t\r\n]*|[^']", re.DOTALL)
_ESCAPES = dict(zip('0abtnvfre "/\\N_LP', '\0\a\b\t\n\v\f\r\x1b "/\\\x85\xa0\u2028\u2029', strict=True))
"""YAML 1.2, 5.7; JSON's are among them."""
TEXTS_UNDER = {"ConfigMap": "data", "GrafanaDashboard": "spec"}
"""Kinds of Kubernetes' objects that hold texts, and the key that they stand under."""
_ROW = re.compile(r"[^\n]*\n|[^\n]+\Z")


@dataclass(frozen=True, slots=True)
class HeldText:
    """`text` is what `whole` holds there; `places` has where each character of it stands, and where it ends; `style` is
    that of the scalar: `"`, `'` or `|`, "" for the whole text."""

    text: str
    whole: str
    places: Sequence[int]
    style: str = ""

    def with_parts(self, changes: Sequence[Change]) -> str:
        """The whole text with other parts in this one; parts do not overlap."""
        after = self.whole
        for start, end, new in sorted(changes, reverse=True):
            after = after[: self.places[start]] + self._said(new) + after[self.places[end] :]
        return after

    def _said(self, new: str) -> str:
        if self.style == '"':
            return json.dumps(new, ensure_ascii=self.whole.isascii())[1:-1]
        return new.replace("'", "''") if self.style == "'" else new


def whole_text(text: str) -> HeldText:
    """A text as what holds itself."""
    return HeldText(text, text, range(len(text) + 1))


def held_in(whole: str, start: int, end: int, style: str, says: str) -> HeldText:
    """The text of a scalar of this style that stands from `start` to `end` and says `says`. Raises ConfigError for one
    in a form in which no part can be changed alone."""
    if style in ('"', "'"):
        parts = list(_quoted(whole, start + 1, end - 1, style))
    elif style == "|":
        parts = list(_block(whole, start, end))
        # What stands behind the last row is chomped, or kept.
        while parts and len(parts) > len(says):
            parts.pop()
    else:
        parts = []
    places = [place for text, place in parts for _ in text]
    if "".join(text for text, _ in parts) != says:
        raise ConfigError(f"line {whole.count(chr(10), 0, start) + 1}: its form is none that can be changed", _BY_HAND)
    behind = end - 1 if style in ('"', "'") else (places[-1] + 1 if places else end)
    return HeldText(says, whole, [*places, behind], style)


def _quoted(whole: str, start: int, end: int, style: str) -> Iterator[tuple[str, int]]:
    """Text and place of each part of a quoted scalar: a character, an escape, a fold."""
    for found in (_DOUBLE if style == '"' else _SINGLE).finditer(whole, start, end):
        part = found[0]
        if part == "''" and style == "'":
            yield "'", found.start()
        elif part[0] == "\\" and style == '"':
            yield _unescaped(part), found.start()
        elif "\n" in part:
            # A fold is a blank, empty rows are breaks.
            yield "\n" * (part.count("\n") - 1) or " ", found.start()
        else:
            yield part, found.start()


def _unescaped(part: str) -> str:
    if part[1] in "xU":
        return chr(int(part[2:], 16))
    if part[1] == "u":
        return str(json.loads(f'"{part}"'))
    return "" if part[1] in "\r\n" else _ESCAPES.get(part[1], part)


def _block(whole: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    """Text and place of each character of a literal block, whose header stands at `start`."""
    body = whole.index("\n", start) + 1
    rows = [(found[0], found.start()) for found in _ROW.finditer(whole, body, end)]
    given = re.search(r"\d", whole[start:body].partition("#")[0])
    column = next((len(row) - len(row.lstrip(" ")) for row, _ in rows if row.strip()), 0)
    if given is not None:
        raise ConfigError(f"line {whole.count(chr(10), 0, start) + 1}: a block with an indent of its own", _BY_HAND)
    for row, at in rows:
        kept = row.rstrip("\r\n")
        yield from ((char, at + number) for number, char in enumerate(kept) if number >= column)
        if row.endswith("\n"):
            yield "\n", at + len(kept)


def keys_in_yaml(whole: str) -> Iterator[tuple[str, yaml.ScalarNode]]:
    """The texts under `data` of every ConfigMap of a YAML text, and under `spec` of every GrafanaDashboard, also of
    those in a list: the key and its scalar. Raises ConfigError for a text that is not YAML."""
    try:
        for document in yaml.compose_all(whole, Loader=Loader):
            yield from _keys(document)
    except yaml.YAMLError:
        raise ConfigError("it is not plain YAML, as a template is not", _BY_HAND) from None


def _keys(node: yaml.Node | None) -> Iterator[tuple[str, yaml.ScalarNode]]:
    inside = _mapping(node)
    kind = inside.get("kind")
    kind = kind.value if isinstance(kind, yaml.ScalarNode) else ""
    if kind.endswith("List"):
        items = inside.get("items")
        for item in items.value if isinstance(items, yaml.SequenceNode) else ():
            yield from _keys(item)
    elif kind in TEXTS_UNDER:
        held = _mapping(inside.get(TEXTS_UNDER[kind]))
        yield from ((key, value) for key, value in held.items() if isinstance(value, yaml.ScalarNode))


def _mapping(node: yaml.Node | None) -> dict[Any, Any]:
    pairs = node.value if isinstance(node, yaml.MappingNode) else ()
    return {key.value: value for key, value in pairs if isinstance(key, yaml.ScalarNode)}
