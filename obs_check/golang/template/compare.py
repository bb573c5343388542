"""How Go's templates compare values."""

from typing import Any

from obs_check.golang.template.printf import sprintf
from obs_check.golang.template.values import show, type_name


def kind_of(value: object) -> str:
    """The basic kind that Go compares by, "" for others."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        return "int"
    return {float: "float", str: "string"}.get(type(value), "")


def _incompatible(first: object, second: object) -> ValueError:
    return ValueError(f"incompatible types for comparison: {type_name(first)} and {type_name(second)}")


def _not_comparable(first: object, other: object) -> ValueError:
    if isinstance(first, dict) == isinstance(other, dict) and isinstance(first, list) == isinstance(other, list):
        return ValueError(f"non-comparable type {sprintf('%s', other)}: {type_name(other)}")
    texts = sprintf("%s", first), type_name(first), type_name(other), show(other)
    return ValueError("non-comparable types {}: {}, {}: {}".format(*texts))


def equal(first: object, *others: object) -> bool:
    """`eq`: true when the first equals any other; ValueError with Go's words on different basic kinds."""
    if not others:
        raise ValueError("missing argument for comparison")
    for other in others:
        if first is None or other is None:
            if first is other:
                return True
            continue
        if kind_of(first) != kind_of(other):
            raise _incompatible(first, other)
        if isinstance(first, dict | list) or isinstance(other, dict | list):
            raise _not_comparable(first, other)
        if first == other:
            return True
    return False


def less(first: object, second: Any) -> bool:
    """`lt`: numbers of one kind, or texts; ValueError with Go's words."""
    kinds = kind_of(first), kind_of(second)
    if "" in kinds:
        raise ValueError("invalid type for comparison")
    if kinds[0] != kinds[1]:
        raise _incompatible(first, second)
    if kinds[0] == "bool":
        raise ValueError("invalid type for comparison")
    return bool(first < second)
