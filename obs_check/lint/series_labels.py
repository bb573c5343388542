"""Which labels the series of a metric query have, as far as its text tells."""

from typing import Any

from obs_check.logql.syntax import ast

SeriesLabels = tuple[str, tuple[str, ...]]
"""A grouping: "by" or "without", and the labels."""
OWN: SeriesLabels = ("without", ())
"""Series keep the labels that their metric or stream has."""
NONE: SeriesLabels = ("by", ())
_KEEPS = {
    "abs", "ceil", "clamp", "clamp_max", "clamp_min", "floor", "label_join", "label_replace", "ln", "log10", "log2",
    "round", "sort", "sort_desc", "sqrt",
}  # fmt: skip
"""Functions of PromQL whose answer has the labels of their first argument, and what two of them set."""
_NUMBERS = {"scalar", "vector", "time", "pi"}


def series_labels(tree: Any) -> SeriesLabels | None:
    """The labels of the series of a tree of LogQL or of promql-parser; None for what is not followed here."""
    match type(tree).__name__:
        case "ParenExpr" | "UnaryExpr" | "SubqueryExpr" | "StepInvariantExpr":
            return series_labels(tree.expr)
        case "NumberLiteral" | "Number" | "VectorLiteral":
            return NONE
        case "VectorSelector":
            return OWN
        case "AggregateExpr":
            if str(tree.op) in ("topk", "bottomk"):
                return series_labels(tree.expr)
            labels = tuple(tree.modifier.labels) if tree.modifier else ()
            return _written(labels, "without" in str(tree.modifier or "").split())
        case "RangeAggregation" if tree.grouping is None:
            return OWN
        case "VectorAggregation" if tree.op in ("topk", "bottomk", "sort", "sort_desc", "approx_topk"):
            return series_labels(tree.expr)
        case "VectorAggregation" | "RangeAggregation":
            return NONE if tree.grouping is None else _written(tree.grouping.labels, tree.grouping.without)
        case "LabelReplace":
            return _with(series_labels(tree.expr), tree.destination)
        case "Call":
            return _of_call(str(tree.func.name), list(tree.args))
        case "BinaryExpr":
            words = str(tree.modifier or "").split()
            side = next((word.removeprefix("group_") for word in words if word.startswith("group_")), "")
            return _combined(str(tree.op), tree.lhs, tree.rhs, side, "on" in words or "ignoring" in words)
        case "BinaryOperation":
            card = tree.matching.card if tree.matching is not None else ""
            side = {"many-to-one": "left", "one-to-many": "right"}.get(card, "")
            return _combined(tree.op, tree.left, tree.right, side, tree.matching is not None)
        case _:
            return None


def _written(labels: tuple[str, ...], without: bool) -> SeriesLabels:
    return ("without" if without else "by", tuple(labels))


def _with(labels: SeriesLabels | None, more: str) -> SeriesLabels | None:
    """The labels and one that is set."""
    if labels is None or labels[0] == "without":
        return labels
    return "by", tuple(dict.fromkeys((*labels[1], more)))


def _of_call(name: str, arguments: list[Any]) -> SeriesLabels | None:
    if name in _NUMBERS:
        return NONE
    if any(type(one).__name__ == "MatrixSelector" for one in arguments):
        return OWN
    inner = next((one for one in arguments if type(one).__name__ == "SubqueryExpr"), None)
    if inner is not None:
        return series_labels(inner)
    if name == "histogram_quantile" and len(arguments) == 2:
        found = series_labels(arguments[1])
        return found if found is None or found[0] == "without" else ("by", tuple(n for n in found[1] if n != "le"))
    if name not in _KEEPS or not arguments:
        return None
    found = series_labels(arguments[0])
    return _with(found, str(arguments[1].val)) if name.startswith("label_") else found


def _combined(op: str, left: Any, right: Any, side: str, matched: bool) -> SeriesLabels | None:
    """`side` is that of `group_left` or `group_right`, `matched` whether anything is said of labels that match."""
    if op in ("or", "and", "unless"):
        return series_labels(left)
    if side:
        return series_labels(left if side == "left" else right)
    both = series_labels(left), series_labels(right)
    if is_number(left):
        return both[1]
    return both[0] if is_number(right) or not matched else None


def is_number(tree: Any) -> bool:
    """Whether a tree is a number, not series."""
    while type(tree).__name__ in ("ParenExpr", "UnaryExpr"):
        tree = tree.expr
    if isinstance(tree, ast.Number):
        return True
    kind = type(tree).__name__
    return kind == "NumberLiteral" or (kind == "Call" and str(tree.func.name) in ("scalar", "time", "pi"))
