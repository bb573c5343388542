"""Metric queries: aggregations and binary operations.

Loosest to tightest: `or`; `and`, `unless`; comparisons; `+ -`; `* / %`; `^`, which alone groups to the right.
"""

from typing import Literal

from obs_check.errors import QueryError
from obs_check.golang.numbers import parse_float
from obs_check.logql.syntax import ast, tokens
from obs_check.logql.syntax.cursor import Cursor
from obs_check.logql.syntax.predicate_grammar import number, selector
from obs_check.logql.syntax.range_grammar import log_range
from obs_check.logql.syntax.refusals import refuse
from obs_check.logql.syntax.stage_grammar import stages

BINDING: dict[str, int] = {
    "or": 1,
    "and": 2,
    "unless": 2,
    **dict.fromkeys(("==", "!=", ">", ">=", "<", "<="), 3),
    "+": 4,
    "-": 4,
    "*": 5,
    "/": 5,
    "%": 5,
    "^": 6,
}
"""How tight a binary operator binds."""


def expression(cursor: Cursor, binding: int = 1) -> ast.Expr:
    """Operands joined by operators that bind at least as tight as `binding`."""
    start = cursor.peek()
    left = _operand(cursor)
    while (tight := BINDING.get(cursor.peek().kind, 0)) >= binding:
        op = cursor.next().kind
        return_bool, matching = _modifiers(cursor)
        right = expression(cursor, tight if op == "^" else tight + 1)
        legs = _leg(cursor, op, "left", left), _leg(cursor, op, "right", right)
        left = ast.BinaryOperation(op, *legs, return_bool, matching, cursor.span_from(start))
    return left


def _leg(cursor: Cursor, op: str, side: str, leg: ast.Expr) -> ast.Metric:
    if isinstance(leg, ast.LogQuery):
        kind = "PipelineExpr" if leg.stages else "MatchersExpr"
        refuse(cursor.text, leg.span, f"unexpected type for {side} leg of binary operation ({op}): *syntax.{kind}")
    return leg


def metric(cursor: Cursor) -> ast.Metric:
    """An expression that has a value; a log query is a syntax error at what follows it, as in Loki."""
    found = expression(cursor)
    if isinstance(found, ast.LogQuery):
        raise cursor.unexpected()
    return found


def _operand(cursor: Cursor) -> ast.Expr:
    token = cursor.peek()
    if token.kind == "{":
        return _log_query(cursor)
    if token.kind == "(":
        cursor.next()
        inner = expression(cursor)
        cursor.expect(")", hint=False)
        return inner
    if token.kind in (tokens.NUMBER, "+", "-"):
        return number(cursor)
    if token.kind in tokens.RANGE_OPS:
        return _range_aggregation(cursor)
    if token.kind in tokens.VECTOR_OPS:
        return _vector_aggregation(cursor)
    if token.kind == "label_replace":
        return _label_replace(cursor)
    if token.kind == "vector":
        cursor.next()
        cursor.expect("(")
        if not cursor.at(tokens.NUMBER):
            raise cursor.unexpected(tokens.NUMBER)
        value = number(cursor, "vectorExpr").value
        cursor.expect(")")
        return ast.VectorLiteral(value, cursor.span_from(token))
    if token.kind == "variants":
        cursor.next()
        cursor.expect("(")
        raise QueryError("multi variant queries are disabled for this instance", cursor.text, *token.span)
    raise cursor.unexpected()


def _log_query(cursor: Cursor) -> ast.LogQuery:
    start = cursor.peek()
    query = ast.LogQuery(selector(cursor), stages(cursor), cursor.span_from(start))
    if cursor.accept("|"):
        raise cursor.unexpected()  # unwrap, outside of a range
    return query


def _range_aggregation(cursor: Cursor) -> ast.RangeAggregation:
    start = cursor.next()
    cursor.expect("(")
    parameter = None
    if token := cursor.accept(tokens.NUMBER):
        parameter = token.text
        cursor.expect(",")
    if not cursor.at("{", "("):
        raise cursor.unexpected(*((tokens.NUMBER,) if parameter is None else ()), "{", "(")
    found = log_range(cursor)
    cursor.expect(")")
    by = grouping(cursor)
    span = cursor.span_from(start)
    if parameter is None:
        return ast.RangeAggregation(start.kind, found, by, None, span)
    if start.kind != "quantile_over_time":
        refuse(cursor.text, span, f"parameter {parameter} not supported for operation {start.kind}")
    try:
        return ast.RangeAggregation(start.kind, found, by, parse_float(parameter), span)
    except ValueError as error:
        refuse(cursor.text, span, f"invalid parameter for operation {start.kind}: {error}")


def _vector_aggregation(cursor: Cursor) -> ast.VectorAggregation:
    start = cursor.next()
    by = grouping(cursor)
    cursor.expect("(")
    parameter = _parameter(cursor)
    inner = metric(cursor)
    cursor.expect(")", hint=False)
    by = by or grouping(cursor)
    span = cursor.span_from(start)
    k: int | None = None
    if parameter is not None:
        k = int(parameter) if parameter.isdigit() else None
        if k is None or k >= 2**63:
            refuse(cursor.text, span, f"invalid parameter {start.kind}({parameter},")
    return ast.VectorAggregation(start.kind, inner, by, k, span)


def _parameter(cursor: Cursor) -> str | None:
    if cursor.at(tokens.NUMBER) and cursor.peek(1).kind == ",":
        text = cursor.next().text
        cursor.next()
        return text
    return None


def _label_replace(cursor: Cursor) -> ast.LabelReplace:
    start = cursor.next()
    cursor.expect("(")
    inner = metric(cursor)
    texts: list[str] = []
    for _ in range(4):
        cursor.expect(",", hint=bool(texts))
        texts.append(cursor.string())
    cursor.expect(")")
    return ast.LabelReplace(inner, texts[0], texts[1], texts[2], texts[3], cursor.span_from(start))


def grouping(cursor: Cursor) -> ast.Grouping | None:
    """`by (a, b)` or `without (a, b)`, when it is next."""
    word = cursor.one_of(("by", "without"))
    return ast.Grouping(_names(cursor), without=word == "without") if word else None


def _names(cursor: Cursor) -> tuple[str, ...]:
    cursor.expect("(")
    if cursor.accept(")"):
        return ()
    if not cursor.at(tokens.IDENTIFIER):
        raise cursor.unexpected(tokens.IDENTIFIER, ")")
    found = cursor.comma_list(cursor.name)
    if not cursor.at(")"):
        raise cursor.unexpected(",", ")")
    cursor.next()
    return found


def _modifiers(cursor: Cursor) -> tuple[bool, ast.Matching | None]:
    return_bool = cursor.accept("bool") is not None
    word = cursor.one_of(("on", "ignoring"))
    if word is None:
        return return_bool, None
    labels = _names(cursor)
    card: Literal["one-to-one", "many-to-one", "one-to-many"] = "one-to-one"
    include: tuple[str, ...] = ()
    if side := cursor.one_of(("group_left", "group_right")):
        card = "many-to-one" if side == "group_left" else "one-to-many"
        # `group_left (` may also open the right-hand operand; the grammar takes it for the label list, always.
        include = _names(cursor) if cursor.at("(") else ()
    return return_bool, ast.Matching(labels, word == "on", card, include)
