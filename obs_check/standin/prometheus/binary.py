"""PromQL's binary operations: arithmetic, comparisons, set operations, and how two vectors are matched."""

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from obs_check.errors import QueryError
from obs_check.model.entry import Labels
from obs_check.standin.prometheus.functions import Element, group_labels, without_name
from obs_check.standin.prometheus.store import NAME, Key, label_key

Value = float | list[Element]


class ExecutionError(QueryError):
    """A query that parses and cannot be calculated: Prometheus answers 422."""


@dataclass(frozen=True, slots=True)
class VectorMatching:
    """How two vectors meet: on the labels of `names`, or (`on` false) on all but them. `group` names the side that may
    have many elements a match, `include` the labels that it takes over from the other side."""

    names: tuple[str, ...] = ()
    on: bool = False
    group: Literal["left", "right"] | None = None
    include: tuple[str, ...] = ()
    return_bool: bool = False


def _divide(left: float, right: float) -> float:
    """IEEE 754 division: no error for zero."""
    if right:
        return left / right
    if not left or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": _divide,
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
SET_OPERATIONS = frozenset({"and", "or", "unless"})


def binary(op: str, left: Value, right: Value, matching: VectorMatching) -> Value:
    """The result of one operation; ExecutionError when elements of a side cannot be told apart."""
    if isinstance(left, list):
        if isinstance(right, list):
            return (_set_operation if op in SET_OPERATIONS else _vectors)(op, left, right, matching)
        scalar = right
        pairs = [(element, element.value, scalar) for element in left]
    elif isinstance(right, list):
        scalar = left
        pairs = [(element, scalar, element.value) for element in right]
    else:
        return ARITHMETIC[op](left, right) if op in ARITHMETIC else float(COMPARISONS[op](left, right))
    found = []
    for element, a, b in pairs:
        value = _operate(op, a, b, matching.return_bool, kept=element.value)
        if value is not None:
            found.append(Element(_named(element.labels, op, matching), value))
    return found


def _operate(op: str, left: float, right: float, return_bool: bool, kept: float) -> float | None:
    """A value, or None when a comparison without `bool` filters it out; `kept` is what passes such a filter."""
    if op in ARITHMETIC:
        return ARITHMETIC[op](left, right)
    true = COMPARISONS[op](left, right)
    if return_bool:
        return float(true)
    return kept if true else None


def _named(labels: Labels, op: str, matching: VectorMatching) -> Labels:
    """A filter keeps the metric's name, a calculation drops it."""
    return without_name(labels) if op in ARITHMETIC or matching.return_bool else labels


def _signature(labels: Labels, matching: VectorMatching) -> Key:
    return label_key(group_labels(labels, matching.names, matching.on))


def _set_operation(op: str, left: list[Element], right: list[Element], matching: VectorMatching) -> list[Element]:
    if op == "or":
        there = {_signature(element.labels, matching) for element in left}
        return left + [element for element in right if _signature(element.labels, matching) not in there]
    there = {_signature(element.labels, matching) for element in right}
    return [element for element in left if (_signature(element.labels, matching) in there) is (op == "and")]


def _vectors(op: str, left: list[Element], right: list[Element], matching: VectorMatching) -> list[Element]:
    many, one = (right, left) if matching.group == "right" else (left, right)
    ones = _unique(one, matching, "left" if matching.group == "right" else "right")
    found: dict[Key, Element] = {}
    met: set[Key] = set()
    for element in many:
        signature = _signature(element.labels, matching)
        other = ones.get(signature)
        if other is None:
            continue
        if matching.group is None and signature in met:
            raise ExecutionError(f"several series on the left side match the group {dict(signature)}")
        met.add(signature)
        a, b = (other, element) if matching.group == "right" else (element, other)
        value = _operate(op, a.value, b.value, matching.return_bool, kept=a.value)
        if value is not None:
            labels = _result_labels(op, element.labels, other.labels, matching)
            if found.setdefault(label_key(labels), Element(labels, value)).labels is not labels:
                raise ExecutionError(f"several results have the labels {labels}: group by more labels")
    return list(found.values())


def _unique(side: Sequence[Element], matching: VectorMatching, name: str) -> dict[Key, Element]:
    """The side that may have one element a group."""
    ones: dict[Key, Element] = {}
    for element in side:
        signature = _signature(element.labels, matching)
        if signature in ones:
            raise ExecutionError(f"several series on the {name} side match the group {dict(signature)}")
        ones[signature] = element
    return ones


def _result_labels(op: str, many: Labels, one: Labels, matching: VectorMatching) -> Labels:
    labels = dict(_named(many, op, matching))
    if matching.group is None:
        if matching.on:
            return {name: value for name, value in labels.items() if name in matching.names}
        return {name: value for name, value in labels.items() if name not in matching.names or name == NAME}
    for name in matching.include:
        labels.pop(name, None)
        if one.get(name):
            labels[name] = one[name]
    return labels
