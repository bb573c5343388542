"""Small changes of a YAML text that leave the rest of it as it is: comments, quotes and order stay.

A place is a path of keys and indexes, for example `("scrape_configs", 0, "pipeline_stages", 1)`. What cannot be changed
line by line (a flow collection) is written anew together with what holds it.
"""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import yaml

from obs_check.errors import ConfigError

Place = tuple[str | int, ...]


def without(text: str, place: Place) -> str:
    """The text without a list item or a key. Raises ConfigError where there is no such place."""

    def change(parent: Any) -> None:
        del parent[place[-1]]

    def lines(rows: list[str], root: yaml.Node) -> list[str] | None:
        parent = _find(root, place[:-1])
        siblings = _children(parent)
        if not _in_rows(parent) or len(siblings) == 1 or place[-1] not in siblings:
            return None
        first, last = _rows_of(siblings[place[-1]])
        return rows[:first] + rows[last + 1 :]

    return _edited(text, place[:-1], change, lines)


def with_value(text: str, place: Place, value: Any) -> str:
    """The text with another value at a place; the last key is added where it is new. Raises ConfigError."""

    def change(parent: Any) -> None:
        parent[place[-1]] = value

    def lines(rows: list[str], root: yaml.Node) -> list[str] | None:
        parent = _find(root, place[:-1])
        if not _in_rows(parent):
            return None
        siblings = _children(parent)
        key = place[-1]
        shape = {key: value} if isinstance(key, str) else [value]
        if key in siblings:
            first, last = _rows_of(siblings[key])
            column = siblings[key][0].start_mark.column
            head = rows[first][: column - (2 if isinstance(key, int) else 0)]
            # The first key of a list item stands behind its dash.
            return rows[:first] + _written(shape, head) + rows[last + 1 :]
        if isinstance(key, int) or not siblings:
            return None
        _, last = _rows_of(list(siblings.values())[-1])
        column = next(iter(siblings.values()))[0].start_mark.column
        return rows[: last + 1] + _written(shape, " " * column) + rows[last + 1 :]

    return _edited(text, place[:-1], change, lines)


def with_item(text: str, place: Place, index: int, value: Any) -> str:
    """The text with a list item put in front of item `index` of the list at a place (at its end for its length). The
    list is made where it is missing. Raises ConfigError."""
    if _plain(yaml.safe_load(text), place) is None:
        return with_value(text, place, [value])

    def change(items: Any) -> None:
        items.insert(index, value)

    def lines(rows: list[str], root: yaml.Node) -> list[str] | None:
        parent = _find(root, place)
        siblings = _children(parent)
        if parent is None or not _in_rows(parent) or not siblings:
            return None
        spans = [_rows_of(pair) for pair in siblings.values()]
        at = spans[index][0] if index < len(spans) else spans[-1][1] + 1
        column = parent.start_mark.column
        return rows[:at] + _written([value], " " * column) + rows[at:]

    return _edited(text, place, change, lines)


def _edited(
    text: str,
    place: Place,
    change: Callable[[Any], None],
    lines: Callable[[list[str], yaml.Node], list[str] | None],
) -> str:
    """The change made line by line where that gives what it should, else by writing what is at `place` anew."""
    wanted = yaml.safe_load(text)
    parent = _plain(wanted, place)
    if not isinstance(parent, dict | list):
        raise ConfigError(f"there is nothing at {_spelled(place)} to change", "has the file changed?")
    try:
        change(parent)
    except (KeyError, IndexError):
        raise ConfigError(f"there is no such entry at {_spelled(place)}", "has the file changed?") from None
    rows = text.splitlines(keepends=True)
    if rows and rows[-1].splitlines() == [rows[-1]]:
        rows[-1] += "\n"
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    changed = lines(rows, root) if root is not None else None
    if changed is not None:
        result = "".join(changed)
        if _loads(result) == wanted:
            return result
    if not place:
        return yaml.safe_dump(wanted, sort_keys=False)
    return with_value(text, place, copy.deepcopy(parent))


def _loads(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def _plain(document: Any, place: Place) -> Any:
    for key in place:
        try:
            document = document[key]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _spelled(place: Place) -> str:
    return ".".join(str(key) for key in place) or "the top of the file"


_Pair = tuple[yaml.Node, yaml.Node]


def _in_rows(node: yaml.Node | None) -> bool:
    """Whether a collection has its entries on rows of their own."""
    return isinstance(node, yaml.CollectionNode) and not node.flow_style


def _children(node: yaml.Node | None) -> dict[str | int, _Pair]:
    """Key or index to (where it starts, its value)."""
    if isinstance(node, yaml.MappingNode):
        return {key.value: (key, value) for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if isinstance(node, yaml.SequenceNode):
        return {n: (item, item) for n, item in enumerate(node.value)}
    return {}


def _find(node: yaml.Node | None, place: Place) -> yaml.Node | None:
    for key in place:
        pair = _children(node).get(key)
        node = pair[1] if pair else None
    return node


def _rows_of(pair: _Pair) -> tuple[int, int]:
    """First and last row (from 0) of an entry."""
    start, value = pair
    return start.start_mark.line, max(start.start_mark.line, _last_row(value))


def _last_row(node: yaml.Node) -> int:
    """The row of the last character of a value: a block's own end mark stands in front of what follows it."""
    inside: Sequence[yaml.Node] = []
    if isinstance(node, yaml.CollectionNode) and not node.flow_style:
        inside = [child for pair in _children(node).values() for child in pair]
    if inside:
        return max(_last_row(child) for child in inside)
    block = isinstance(node, yaml.ScalarNode) and node.style in ("|", ">")
    return int(node.end_mark.line) - (1 if block and node.end_mark.column == 0 else 0)


def _written(value: Any, head: str) -> list[str]:
    """Rows of a value in block style; `head` stands in front of the first, blanks of its width before the others."""
    rows = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1000).splitlines(keepends=True)
    return [head + rows[0], *(" " * len(head) + row for row in rows[1:])]
