"""The one way through a tree, of operators as of the comparisons of a label filter: from the outside in, and from left
to right."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, overload

from obs_check.logql.syntax import ast


@overload
def children(node: ast.Expr) -> tuple[ast.Metric, ...]: ...
@overload
def children(node: ast.Predicate) -> tuple[ast.Predicate, ...]: ...
def children(node: ast.Expr | ast.Predicate) -> tuple[Any, ...]:
    """What an operator works on; none for a log query, a range aggregation, a number and a comparison."""
    match node:
        case ast.BinaryOperation() | ast.AndPredicate() | ast.OrPredicate():
            return (node.left, node.right)
        case ast.VectorAggregation() | ast.LabelReplace():
            return (node.expr,)
        case _:
            return ()


@overload
def walk(node: ast.Metric) -> Iterator[ast.Metric]: ...
@overload
def walk(node: ast.Expr) -> Iterator[ast.Expr]: ...
@overload
def walk(node: ast.Predicate) -> Iterator[ast.Predicate]: ...
def walk(node: Any) -> Iterator[Any]:
    """The node and everything below it, each before what it works on."""
    yield node
    for child in children(node):
        yield from walk(child)


def comparisons(predicate: ast.Predicate) -> Iterator[ast.Comparison]:
    """The single comparisons of a label filter."""
    return (node for node in walk(predicate) if not isinstance(node, ast.AndPredicate | ast.OrPredicate))


@overload
def with_children(node: ast.Metric, change: Callable[[ast.Metric], ast.Metric]) -> ast.Metric: ...
@overload
def with_children(node: ast.Predicate, change: Callable[[ast.Predicate], ast.Predicate]) -> ast.Predicate: ...
def with_children(node: object, change: Callable[[Any], Any]) -> Any:
    """The node with what `change` makes of each of its children."""
    match node:
        case ast.BinaryOperation() | ast.AndPredicate() | ast.OrPredicate():
            return replace(node, left=change(node.left), right=change(node.right))
        case ast.VectorAggregation() | ast.LabelReplace():
            return replace(node, expr=change(node.expr))
        case _:
            return node


def transform(predicate: ast.Predicate, change: Callable[[ast.Comparison], ast.Predicate]) -> ast.Predicate:
    """The predicate with what `change` makes of each of its comparisons."""
    if isinstance(predicate, ast.AndPredicate | ast.OrPredicate):
        return with_children(predicate, lambda one: transform(one, change))
    return change(predicate)


def ranges(expr: ast.Expr) -> list[ast.LogRange]:
    """The ranges of an expression: that number n holds is log query number n."""
    return [found.range for found in range_aggregations(expr)]


def range_aggregations(expr: ast.Expr) -> list[ast.RangeAggregation]:
    """What is made of the ranges, in the same order."""
    return [node for node in walk(expr) if isinstance(node, ast.RangeAggregation)]


def log_queries(expr: ast.Expr) -> list[ast.LogQuery]:
    """The log queries inside an expression (a log query holds itself)."""
    return [expr] if isinstance(expr, ast.LogQuery) else [found.query for found in ranges(expr)]
