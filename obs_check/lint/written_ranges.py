"""The ranges that the text of a query says itself, and which function looks at each."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from obs_check.errors import QueryError
from obs_check.logql import parse
from obs_check.logql.syntax import ast
from obs_check.logql.syntax.walk import walk


class WrittenRange(NamedTuple):
    """A range in ms that is evaluated once a step of the panel, and the function right around it, "" for none."""

    ms: int
    function: str


def written_ranges(language: str, text: str) -> list[WrittenRange]:
    """The ranges of a LogQL or PromQL text whose macros are filled; none of one that does not parse."""
    try:
        return _of_promql(text) if language == "promql" else _of_logql(text)
    except (QueryError, RecursionError, ValueError):
        return []


def _of_logql(text: str) -> list[WrittenRange]:
    tree = parse(text)
    nodes = () if isinstance(tree, ast.LogQuery) else walk(tree)
    return [
        WrittenRange(node.range.interval_ns // 1_000_000, node.op)
        for node in nodes
        if isinstance(node, ast.RangeAggregation)
    ]


def _of_promql(text: str) -> list[WrittenRange]:
    """Inside of a subquery it is once a step of its own. Behind `or` stands what is looked at where the first side has
    nothing, as where that looks at too little: the longer one counts."""
    import promql_parser

    def below(node: Any, function: str) -> Iterator[WrittenRange]:
        if isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr):
            if node.range is not None:
                yield WrittenRange(round(node.range.total_seconds() * 1000), function)
            return
        if isinstance(node, promql_parser.BinaryExpr):
            first, second = list(below(node.lhs, "")), list(below(node.rhs, ""))
            if first and second and str(node.op) == "or":
                longest = max(one.ms for one in second)
                second = []
                first = [one._replace(ms=max(one.ms, longest)) for one in first]
            yield from (*first, *second)
            return
        name = str(node.func.name) if isinstance(node, promql_parser.Call) else ""
        for part in (getattr(node, "expr", None), *getattr(node, "args", ())):
            if part is not None:
                yield from below(part, name)

    return list(below(promql_parser.parse(text), ""))
