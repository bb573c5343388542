"""What differs between two versions of a text, node by node, wherever the rows went."""

from difflib import SequenceMatcher

from obs_check.documents.yaml_nodes import Place, Tree, compose, tree
from obs_check.errors import ConfigError

Difference = tuple[Place, Tree | None, Tree | None]
"""Where, what was there and what is there now: None for nothing. A new list item stands at the index of the item in
front of which it was put."""

_TEXT = "|"
"""In a place: inside of a text that holds a document, as a ConfigMap does."""


def text_differences(before: str, after: str) -> list[Difference]:
    """What differs between two texts; a text that is not YAML is a list of its lines."""
    return differences(_read(before), _read(after))


def differences(before: Tree, after: Tree, place: Place = ()) -> list[Difference]:
    """What differs between two trees, in the order of the first. A text of several lines is looked into as well."""
    if before == after:
        return []
    kinds = before[0], after[0]
    if kinds == ("map", "map"):
        return _of_maps(before, after, place)
    if kinds == ("list", "list"):
        return _of_lists(before, after, place)
    if kinds == ("scalar", "scalar") and "\n" in before[2] and "\n" in after[2] and before[1] == after[1]:
        return differences(_read(before[2]), _read(after[2]), (*place, _TEXT))
    return [(place, before, after)]


def _read(text: str) -> Tree:
    try:
        node = compose(text)
        found = tree(node) if node is not None else None
    except ConfigError:
        found = None
    if found is not None and found[0] != "scalar":
        return found
    return ("list", tuple(("scalar", "line", line) for line in text.splitlines()))


def _of_maps(before: Tree, after: Tree, place: Place) -> list[Difference]:
    """Key by key; of a key that stands twice the last one counts."""
    old, new = dict(before[1]), dict(after[1])
    found: list[Difference] = []
    for key in dict.fromkeys([*old, *new]):
        at = (*place, str(key[2] if key[0] == "scalar" else key))
        if key in old and key in new:
            found += differences(old[key], new[key], at)
        else:
            found.append((at, old.get(key), new.get(key)))
    return found


def _of_lists(before: Tree, after: Tree, place: Place) -> list[Difference]:
    found: list[Difference] = []
    for kind, start, end, low, high in SequenceMatcher(None, before[1], after[1], False).get_opcodes():
        if kind == "equal":
            continue
        old, new = before[1][start:end], after[1][low:high]
        if len(old) == len(new) and all(one[0] != "scalar" or "\n" in one[2] for one in (*old, *new)):
            for number, (one, other) in enumerate(zip(old, new, strict=True), start):
                found += differences(one, other, (*place, number))
        else:
            found += [((*place, number), one, None) for number, one in enumerate(old, start)]
            found += [((*place, end), None, other) for other in new]
    return found
