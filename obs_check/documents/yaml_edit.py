"""Small changes of a YAML text that leave the rest of it as it is: comments, quotes, line ends and order stay.

A place is a path of keys and indexes, for example `("scrape_configs", 0, "pipeline_stages", 1)`; of a key that stands
twice the last one counts, as for yaml.v3. Every result is read again and handed back only where the intended place
differs and nothing else does. What would cost a comment, or reach another place through an anchor, is refused.

By hand, because PyYAML keeps no comments, and a library that does writes untouched lines anew.
"""

import json
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

import yaml

from obs_check.documents.yaml_nodes import (
    NULL,
    Alias,
    Place,
    Tree,
    change_node,
    compose,
    node_at,
    tree,
    tree_of,
    with_child,
    without_child,
    yaml_text,
)
from obs_check.errors import ConfigError

_LINE = re.compile(r"[^\n\r\x85\u2028\u2029]*(\r\n|[\n\r\x85\u2028\u2029]|\Z)")
"""A line and its end, wherever YAML ends lines."""
_COMMENT = re.compile(r"""(?<!\w)"(?:[^"\\]|\\.)*"|(?<!\w)'[^']*'|(?P<comment>(?:^|(?<=\s))#)""", re.MULTILINE)
"""A quoted text, which may hold a #, or where a comment begins."""


def remove_node(text: str, place: Place) -> str:
    """The text without a list item, or without a key however often it stands there. Raises ConfigError where there is
    no such place and where it cannot be taken out without touching anything else."""
    key = _last(place)
    return _Text(text).edited(
        place[:-1], lambda parent: without_child(parent, key), lambda page, parent: page.taken_out(parent, key)
    )


def with_value(text: str, place: Place, value: object) -> str:
    """The text with another value at a place; the last key is added where it is new. Raises ConfigError."""
    key, new = _last(place), tree_of(value)
    return _Text(text).edited(
        place[:-1], lambda parent: with_child(parent, key, new), lambda page, parent: page.put(parent, key, new)
    )


def with_item(text: str, place: Place, index: int, value: object) -> str:
    """The text with a list item put in front of item `index` of the list at a place (at its end for its length). The
    list is made where it is missing. Raises ConfigError."""
    page, new = _Text(text), tree_of(value)
    if (node_at(page.tree, place) or ("scalar", NULL))[:2] == ("scalar", NULL):
        return with_value(text, place, [value])

    def change(items: Tree) -> Tree | None:
        return ("list", (*items[1][:index], new, *items[1][index:])) if items[0] == "list" else None

    return page.edited(place, change, lambda page, items: page.put_in(items, index, new))


def _last(place: Place) -> str | int:
    if not place:
        raise ConfigError("the whole file cannot be changed", "name a place in it")
    return place[-1]


class _Entry(NamedTuple):
    """An entry of a collection: the node that it starts with (its key, or its value) and its value."""

    start: yaml.Node
    value: yaml.Node


class _Text:
    """A text with its nodes and the places of its lines. Methods that change it return None where they cannot."""

    def __init__(self, text: str) -> None:
        self.text = text
        root = compose(text)
        if root is None:
            raise ConfigError("nothing in it to change", "is the file empty?")
        self.root = root
        self.tree = tree(root)
        self._lines = [m.span() for m in _LINE.finditer(text)]

    def edited(
        self,
        place: Place,
        change: Callable[[Tree], Tree | None],
        make: "Callable[[_Text, yaml.CollectionNode], str | None]",
    ) -> str:
        """The text with the collection at `place` changed: as `make` writes it, else with that collection written anew,
        else with what holds it written anew; the first of them that says what it should."""
        where = ".".join(str(key) for key in place) or "the top of the file"
        wanted = change_node(self.tree, place, change)
        if wanted is None:
            raise ConfigError(f"nothing at {where} to change", "has the file changed?")
        for result in self._tries(place, wanted, make):
            if result is not None and _says(result) == wanted:
                return result
        raise ConfigError(f"{where}: the text cannot be changed there alone", "make the change by hand")

    def _tries(
        self, place: Place, wanted: Tree, make: "Callable[[_Text, yaml.CollectionNode], str | None]"
    ) -> Iterator[str | None]:
        node = self._find(place)
        yield make(self, node) if node is not None else None
        for length in range(len(place), 0, -1):
            parent, whole = self._find(place[: length - 1]), node_at(wanted, place[:length])
            yield self.put(parent, place[length - 1], whole) if parent is not None and whole is not None else None

    def taken_out(self, parent: yaml.CollectionNode, key: str | int) -> str | None:
        """Without the entries of a key."""
        entries = _entries(parent)
        names = [name for name, _ in entries]
        if all(name == key for name in names):
            return None
        text = self.text
        for n in reversed([n for n, name in enumerate(names) if name == key]):
            span = self._flow_span(parent, n) if parent.flow_style else self._span(entries[n][1])
            if span is None and n + 1 < len(entries) and names[n + 1] != key:
                # It begins behind a dash, where the next one has to begin.
                span = (entries[n][1].start.start_mark.index, entries[n + 1][1].start.start_mark.index)
                span = None if _commented(text[span[0] : span[1]]) else span
            if span is None:
                return None
            text = text[: span[0]] + text[span[1] :]
        return text

    def put(self, parent: yaml.CollectionNode, key: str | int, new: Tree) -> str | None:
        """With a value for a key, which is added where it is new."""
        found = [entry for name, entry in _entries(parent) if name == key]
        if not found:
            return self._added(parent, key, new) if isinstance(parent, yaml.MappingNode) else None
        entry, flat = found[-1], _flat(new)
        start, end = entry.value.start_mark.index, self._end(entry.value)
        if parent.flow_style:
            replaced, said = self.text[start:end], _as_json(new)
            return None if _commented(replaced) else f"{self.text[:start]}{said}{self.text[end:]}"
        keyed = entry.start is not entry.value
        if keyed and (not _inline(entry.value) or flat is None or start == end):
            # Everything behind the colon.
            start = self.text.find(":", entry.start.end_mark.index) + 1
        behind = self.text[end : self._line_end(end)]
        replaced = self.text[start:end] + ("" if _inline(entry.value) else behind)
        if not isinstance(entry.value, yaml.ScalarNode | Alias) and _commented(replaced):
            return None
        if flat is not None:
            return f"{self.text[:start]}{' ' if self.text[start - 1] in ':-' else ''}{flat}{self.text[end:]}"
        column = entry.start.start_mark.column
        if not keyed:
            return (
                None if behind.strip() else self.text[:start] + self._rows(new, column, end)[column:] + self.text[end:]
            )
        rows = self._rows(new, column if new[0] == "list" else column + 2, end)
        return f"{self.text[:start]}{behind}{self._break(end)}{rows}{self.text[end + len(behind) :]}"

    def put_in(self, items: yaml.CollectionNode, index: int, new: Tree) -> str | None:
        """With a list item in front of another, or at the end."""
        entries = [entry for _, entry in _entries(items)]
        if items.flow_style:
            said = _as_json(new)
            if index < len(entries):
                here = entries[index].value.start_mark.index
                return f"{self.text[:here]}{said}, {self.text[here:]}"
            return self._flow_end(items, entries, said)
        first = entries[0].value
        before = self.text[self._lines[first.start_mark.line][0] : first.start_mark.index].rstrip()
        if before.strip() != "-":
            return None
        if index < len(entries):
            here = self._lines[entries[index].start.start_mark.line][0]
            rows = self._rows(("list", (new,)), len(before) - 1, here)
            return f"{self.text[:here]}{rows}{self._break(here)}{self.text[here:]}"
        return self._rows_behind(entries[-1].value, ("list", (new,)), len(before) - 1)

    def _added(self, parent: yaml.CollectionNode, key: str | int, new: Tree) -> str | None:
        entries = [entry for _, entry in _entries(parent)]
        pair = ("map", ((tree_of(key), new),))
        if parent.flow_style:
            return self._flow_end(parent, entries, _as_json(pair)[1:-1])
        return self._rows_behind(entries[-1].value, pair, entries[0].start.start_mark.column)

    def _rows_behind(self, value: yaml.Node, what: Tree, column: int) -> str:
        """With rows behind the last one of a value."""
        end = self._line_end(self._end(value))
        return f"{self.text[:end]}{self._break(end)}{self._rows(what, column, end)}{self.text[end:]}"

    def _flow_end(self, node: yaml.CollectionNode, entries: list[_Entry], said: str) -> str:
        """With another entry behind the last one of a flow collection, on a line of its own where those before are."""
        if not entries:
            here = node.end_mark.index - 1
            return f"{self.text[:here]}{said}{self.text[here:]}"
        here, between = entries[-1].value.end_mark.index, ", "
        if len(entries) > 1:
            gap = self.text[entries[-2].value.end_mark.index : entries[-1].start.start_mark.index]
            between = gap if not gap.replace(",", "", 1).strip() else between
        return f"{self.text[:here]}{between}{said}{self.text[here:]}"

    def _flow_span(self, parent: yaml.CollectionNode, n: int) -> tuple[int, int] | None:
        """Where entry `n` of a flow collection stands with one comma; None where a comment stands in between."""
        entries = [entry for _, entry in _entries(parent)]
        start, end = entries[n].start.start_mark.index, entries[n].value.end_mark.index
        if n + 1 < len(entries):
            end = entries[n + 1].start.start_mark.index
        else:
            start = entries[n - 1].value.end_mark.index
        return None if _commented(self.text[start:end]) else (start, end)

    def _span(self, entry: _Entry) -> tuple[int, int] | None:
        """The rows of an entry; None where another entry begins on its first one."""
        first = self._lines[entry.start.start_mark.line][0]
        before = self.text[first : entry.start.start_mark.index].strip()
        if before != ("-" if entry.start is entry.value else ""):
            return None
        end = self._line_end(self._end(entry.value))
        return first, end + len(self._break(end) if end < len(self.text) else "")

    def _find(self, place: Place) -> yaml.CollectionNode | None:
        """The collection at a place; None where there is none and behind an alias, which other places share."""
        node: yaml.Node | None = self.root
        for key in place:
            found = [entry.value for name, entry in _entries(node) if name == key]
            node = found[-1] if found else None
        return node if isinstance(node, yaml.CollectionNode) else None

    def _end(self, node: yaml.Node) -> int:
        """The index behind a value: a block's own end mark stands in front of what follows it."""
        if isinstance(node, yaml.CollectionNode) and not node.flow_style:
            return max(self._end(entry.value) for _, entry in _entries(node))
        end = int(node.end_mark.index)
        if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
            while end > node.start_mark.index and self.text[end - 1].isspace():
                end -= 1
        return end

    def _line_end(self, index: int) -> int:
        """The index of the end of the line that an index is in."""
        found = _LINE.match(self.text, index)
        return found.start(1) if found else len(self.text)

    def _break(self, index: int) -> str:
        """How the lines around an index end."""
        found = _LINE.match(self.text, index)
        return (found[1] if found else "") or ("\r\n" if "\r\n" in self.text else "\n")

    def _rows(self, what: Tree, column: int, near: int) -> str:
        """A tree as rows at a column, without the end of the last one."""
        rows = yaml_text(what).splitlines()
        return self._break(near).join(" " * column + row for row in rows)


def _entries(node: yaml.Node | None) -> list[tuple[str | int | None, _Entry]]:
    """(key or index, entry) of a collection."""
    if isinstance(node, yaml.MappingNode):
        pairs = [(key, value) for key, value in node.value]
        return [(key.value if isinstance(key, yaml.ScalarNode) else None, _Entry(key, value)) for key, value in pairs]
    if isinstance(node, yaml.SequenceNode):
        return [(n, _Entry(item, item)) for n, item in enumerate(node.value)]
    return []


def _inline(node: yaml.Node) -> bool:
    """Whether a value stands behind its key and does not begin a block."""
    if isinstance(node, yaml.CollectionNode):
        return bool(node.flow_style)
    return not (isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"))


def _flat(new: Tree) -> str | None:
    """A value in one row; None for a collection with something in it and for a text of several lines."""
    if new[0] != "scalar" and new[1]:
        return None
    rows = yaml_text(("list", (new,))).splitlines()
    return rows[0].removeprefix("- ") if len(rows) == 1 else None


def _as_json(new: Tree) -> str:
    """A value as a flow collection has it."""
    return json.dumps(yaml.safe_load(yaml_text(new)), ensure_ascii=False, default=str)


def _commented(text: str) -> bool:
    return any(found["comment"] is not None for found in _COMMENT.finditer(text))


def _says(text: str) -> Tree | None:
    try:
        node = compose(text)
        return None if node is None else tree(node)
    except ConfigError:
        return None
