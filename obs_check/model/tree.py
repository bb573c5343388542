"""The values of a JSON or YAML document, and how one is read whose shape nobody has checked."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What a document of JSON or YAML holds, to be read only: so a list of texts is one, and a mapping to numbers."""


def value_at(tree: object, *path: str | int) -> object:
    """What stands there: keys of mappings and places in lists lead to it. None where there is no such place."""
    for part in path:
        if isinstance(part, str):
            tree = tree.get(part) if isinstance(tree, Mapping) else None
        else:
            tree = tree[part] if isinstance(tree, list | tuple) and -len(tree) <= part < len(tree) else None
    return tree


def mapping_at(tree: object, *path: str | int) -> Mapping[str, object]:
    """The mapping that stands there, empty where none does."""
    found = value_at(tree, *path)
    return found if isinstance(found, Mapping) else {}


def mappings_at(tree: object, *path: str | int) -> list[Mapping[str, object]]:
    """The mappings in the list that stands there."""
    return [one for one in items_at(tree, *path) if isinstance(one, Mapping)]


def items_at(tree: object, *path: str | int) -> Sequence[object]:
    """The list that stands there, empty where none does."""
    found = value_at(tree, *path)
    return found if isinstance(found, list | tuple) else ()


def text_at(tree: object, *path: str | int) -> str:
    """The text that stands there, "" where none does."""
    found = value_at(tree, *path)
    return found if isinstance(found, str) else ""


def integer_at(tree: object, *path: str | int) -> int | None:
    """The whole number that stands there, None where none does."""
    found = value_at(tree, *path)
    return found if isinstance(found, int) and not isinstance(found, bool) else None
