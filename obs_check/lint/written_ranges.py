"""The ranges that the text of a query says itself."""

import re
from collections.abc import Iterator
from typing import Any

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import walk
from obs_check.panel.interpolate import references

_OF_A_MOMENT = {
    "last_over_time", "first_over_time", "present_over_time", "absent_over_time", "deriv", "predict_linear",
}  # fmt: skip
"""Functions that say what holds at a moment: between two of them nothing is left out."""


_RANGE = re.compile(r"\[(?:\[\w+\]\]|[^\]])*\]")


def names_in_ranges(raw: str) -> set[str]:
    """The variables that ranges of a text are written with."""
    return {name for found in _RANGE.findall(raw) for name in references(found)}


def written_ranges(language: str, text: str) -> list[int]:
    """The ranges in ms of a LogQL or PromQL text whose macros are filled, that are evaluated once a step of the panel;
    none of one that does not parse."""
    try:
        return _of_promql(text) if language == "promql" else _of_logql(text)
    except (QueryError, RecursionError, ValueError):
        return []


def _of_logql(text: str) -> list[int]:
    tree = parse(text)
    nodes = () if isinstance(tree, ast.LogQuery) else walk(tree)
    counted = (node for node in nodes if isinstance(node, ast.RangeAggregation) and node.op not in _OF_A_MOMENT)
    return [node.range.interval_ns // 1_000_000 for node in counted]


def _of_promql(text: str) -> list[int]:
    """Inside of a subquery it is once a step of its own, with `@` once for all. Behind `or` stands what is looked at
    where the first side has nothing, as where that looks at too little: the longer one counts."""
    import promql_parser

    def below(node: Any) -> Iterator[int]:
        if isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr):
            fixed = node.at if isinstance(node, promql_parser.SubqueryExpr) else node.vector_selector.at
            if node.range is not None and fixed is None:
                yield round(node.range.total_seconds() * 1000)
            return
        if isinstance(node, promql_parser.BinaryExpr):
            first, second = list(below(node.lhs)), list(below(node.rhs))
            if first and second and str(node.op) == "or":
                first, second = [max(one, *second) for one in first], []
            yield from (*first, *second)
            return
        if isinstance(node, promql_parser.Call) and node.func.name in _OF_A_MOMENT:
            return
        for part in (getattr(node, "expr", None), *getattr(node, "args", ())):
            if part is not None:
                yield from below(part)

    return list(below(promql_parser.parse(text)))
