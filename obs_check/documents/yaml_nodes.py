"""A YAML text as nodes that know where they stand, and as a tree that knows what they say."""

import re
from collections.abc import Callable
from typing import Any

import yaml

from obs_check.documents.yaml_tree import Loader
from obs_check.errors import ConfigError

Place = tuple[str | int, ...]
Tree = tuple[Any, ...]
"""What a node says: ("scalar", tag, value), ("list", trees) or ("map", pairs of trees); an alias is what it stands
for."""

NULL = "tag:yaml.org,2002:null"
_STRING = "tag:yaml.org,2002:str"
_TAB_BEHIND = re.compile(r"\t(?=[ \t]*(?:#|[\r\n]|$))")


class Alias(yaml.Node):
    """A `*name` where it stands; `value` is the node that it stands for."""

    id = "alias"


class _Loader(Loader):
    """Keeps an alias apart from what it stands for."""

    def compose_node(self, parent: yaml.Node | None, index: object) -> yaml.Node | None:
        """As PyYAML's, with an alias as a node of its own."""
        if not self.check_event(yaml.AliasEvent):
            return super().compose_node(parent, index)
        event = self.peek_event()  # type: ignore[no-untyped-call]
        return Alias("alias", super().compose_node(parent, index), event.start_mark, event.end_mark)


def compose(text: str, file: str = "") -> yaml.Node | None:
    """The first document of a text, which is all that yaml.v3 reads; None where there is none. A tab behind a value is
    a blank, for yaml.v3 as well. Raises ConfigError with file and line."""
    try:
        return _first(text)
    except yaml.MarkedYAMLError as error:
        blanks = _TAB_BEHIND.sub(" ", text)
        if blanks != text:
            return compose(blanks, file)
        mark = error.problem_mark or error.context_mark
        where = ":".join(filter(None, [file, str(mark.line + 1) if mark else ""]))
        # What an alias or anchor is called may be a password without its quotes.
        what = str(error.problem or error.context).partition(" '")[0]
        raise ConfigError(f"{where}: not YAML: {what}", "correct the YAML") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: not YAML: {' '.join(str(error).split())}", "is this a text file?") from None


def _first(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_node() if loader.check_node() else None
    finally:
        loader.dispose()


def tree(node: yaml.Node, above: tuple[int, ...] = ()) -> Tree:
    """What a node says. Raises ConfigError for an alias inside of what it stands for."""
    if isinstance(node, Alias):
        return tree(node.value, above)
    if id(node) in above:
        raise ConfigError(f"line {node.start_mark.line + 1}: an alias contains itself", "write what it stands for")
    above = (*above, id(node))
    if isinstance(node, yaml.SequenceNode):
        return ("list", tuple(tree(item, above) for item in node.value))
    if isinstance(node, yaml.MappingNode):
        return ("map", tuple((tree(key, above), tree(value, above)) for key, value in node.value))
    return ("scalar", node.tag, node.value)


def tree_of(value: object) -> Tree:
    """The tree of a plain value: texts, numbers, booleans, None, lists and dicts of them."""
    node = _first(yaml.safe_dump(value, allow_unicode=True))
    if node is None:
        raise ValueError("nothing was written")
    return tree(node)


def yaml_text(what: Tree) -> str:
    """A tree as YAML in block style."""
    return str(yaml.serialize(_node(what), Dumper=yaml.SafeDumper, allow_unicode=True, width=10**6))


def _node(what: Tree) -> yaml.Node:
    if what[0] == "list":
        return yaml.SequenceNode("tag:yaml.org,2002:seq", [_node(item) for item in what[1]], flow_style=False)
    if what[0] == "map":
        pairs = [(_node(key), _node(value)) for key, value in what[1]]
        return yaml.MappingNode("tag:yaml.org,2002:map", pairs, flow_style=False)
    return yaml.ScalarNode(what[1], what[2])


def node_at(what: Tree, place: Place) -> Tree | None:
    """The tree at a place, of a key that stands twice the last one; None where there is nothing."""
    for key in place:
        found = [child for name, child in _children(what) if name == key]
        if not found:
            return None
        what = found[-1]
    return what


def change_node(what: Tree, place: Place, change: Callable[[Tree], Tree | None]) -> Tree | None:
    """The tree with something else at a place that is there; None where it is not or `change` says so."""
    if not place:
        return change(what)
    key, *rest = place
    places = [n for n, (name, _) in enumerate(_children(what)) if name == key]
    if not places:
        return None
    last = places[-1]
    inner = change_node(_children(what)[last][1], tuple(rest), change)
    if inner is None:
        return None
    items = list(what[1])
    items[last] = inner if what[0] == "list" else (items[last][0], inner)
    return (what[0], tuple(items))


def with_child(what: Tree, key: str | int, child: Tree) -> Tree | None:
    """A list or map with another item, or with another value of a key (the last of those that stand twice), which is
    added where it is new; None where that cannot be."""
    found = change_node(what, (key,), lambda _old: child)
    if found is None and what[0] == "map" and isinstance(key, str):
        return ("map", (*what[1], (("scalar", _STRING, key), child)))
    return found


def without_child(what: Tree, key: str | int) -> Tree | None:
    """A list or map without an item or without a key, however often it stands there; None where it does not."""
    children = _children(what)
    kept = tuple(what[1][n] for n, (name, _) in enumerate(children) if name != key)
    return (what[0], kept) if len(kept) < len(children) else None


def _children(what: Tree) -> list[tuple[str | int | None, Tree]]:
    """(key or index, tree) of what a tree holds; a key that is not a scalar is None."""
    if what[0] == "list":
        return list(enumerate(what[1]))
    if what[0] == "map":
        return [(key[2] if key[0] == "scalar" else None, child) for key, child in what[1]]
    return []
