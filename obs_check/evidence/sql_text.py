"""A panel's SQL as sqlglot reads it, with Grafana's macros and variables kept."""

import logging
import re
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from sqlglot import exp

_MACRO = re.compile(r"\$__(\w+)(?=\s*\()")
_KEPT = "grafana_macro_"


class Term(NamedTuple):
    """One term of the WHERE clause: its text, the column and the text it compares with ("" for anything but an equality
    with a literal), whether it is a filter of Grafana's on time, and the query without it."""

    text: str
    column: str
    literal: str
    on_time: bool
    without: str


def tables(sql: str) -> list[str]:
    """Names of the tables that a query reads, in order; none where it does not parse."""
    from sqlglot import exp

    tree = _parsed(sql)
    if tree is None:
        return []
    own = {cte.alias for cte in tree.find_all(exp.CTE)}
    read = (t.sql(dialect="postgres").split(" ")[0] for t in tree.find_all(exp.Table) if t.name not in own)
    return list(dict.fromkeys(read))


def terms(sql: str) -> list[Term]:
    """The terms that AND joins in the outer WHERE; none where the query does not parse or has no WHERE."""
    from sqlglot import exp

    tree = _parsed(sql)
    where = tree.args.get("where") if tree is not None else None
    if tree is None or where is None:
        return []
    whole: Any = where.this
    parts = list(whole.flatten(unnest=False)) if isinstance(whole, exp.And) else [whole]
    found = []
    for place, part in enumerate(parts):
        kept = [p.copy() for i, p in enumerate(parts) if i != place]
        copy = tree.copy()
        copy.set("where", exp.Where(this=exp.and_(*kept)) if kept else None)
        text = _written(part)
        column, literal = _compared(part)
        found.append(Term(text, column, literal, "$__" in text and "Filter" in text, _written(copy)))
    return found


class TermOfTable(NamedTuple):
    """A term of the WHERE clause that looks at one table only: both texts, and queries that count the rows of the
    table, all of them and those that the term accepts."""

    text: str
    table: str
    every: str
    accepted: str


def terms_of_joined_tables(sql: str) -> list[TermOfTable]:
    """The terms that look at one of several inner joined tables: a row of it that they do not accept is in no row of
    the answer. None where a join is an outer one, which makes rows of its own."""
    from sqlglot import exp

    tree = _parsed(sql)
    where = tree.args.get("where") if tree is not None else None
    joins = tree.args.get("joins") if tree is not None else None
    if tree is None or where is None or not joins or any(join.side for join in joins) or tree.find(exp.CTE):
        return []
    whole: Any = where.this
    sources = [tree.find(exp.From), *joins]
    known = {s.this.alias_or_name: s.this for s in sources if s is not None and isinstance(s.this, exp.Table)}
    found = []
    for part in whole.flatten(unnest=False) if isinstance(whole, exp.And) else [whole]:
        owners = {column.table for column in part.find_all(exp.Column)}
        if len(owners) != 1 or part.find(exp.Query) or (table := known.get(owners.pop())) is None:
            continue
        every = exp.select("count(*)").from_(table.copy())
        name = table.sql(dialect="postgres").split(" ")[0]
        found.append(TermOfTable(_written(part), name, _written(every), _written(every.where(part.copy()))))
    return found


def values_of(sql: str, column: str) -> str:
    """A query for the values of a column in the tables of another query."""
    from sqlglot import exp

    tree = _parsed(sql)
    if tree is None:
        return ""
    sources = [tree.args[name] for name in ("from_", "from", "joins") if tree.args.get(name)]
    chosen = exp.select(f"{column}::text AS value").distinct()
    for source in sources:
        chosen.set("joins" if isinstance(source, list) else "from_", source)
    return _written(chosen.limit(50))


def parse_sql(text: str, dialect: str) -> "exp.Expr":
    """The tree of a statement in one of sqlglot's dialects. Raises SqlglotError. What sqlglot cannot read of a dialect
    it takes as one command, and warns of it by a log that would end up among what is said to the user."""
    import sqlglot

    logging.getLogger("sqlglot").setLevel(logging.ERROR)
    return sqlglot.parse_one(text, read=dialect)


def bracket_problem(text: str, dialect: str) -> str:
    """What is wrong with the round brackets of a statement, whatever database it is for; "" where nothing is, or where
    its words cannot be told apart."""
    import sqlglot
    from sqlglot.errors import SqlglotError

    try:
        kinds = [token.token_type.name for token in sqlglot.tokenize(text, read=dialect)]
    except SqlglotError:
        return ""
    depth = 0
    for kind in kinds:
        depth += (kind == "L_PAREN") - (kind == "R_PAREN")
        if depth < 0:
            return "unexpected `)`"
    return "a bracket is not closed" if depth else ""


def _parsed(sql: str) -> "exp.Select | None":
    from sqlglot import exp
    from sqlglot.errors import SqlglotError

    try:
        tree = parse_sql(_MACRO.sub(rf"{_KEPT}\1", sql), "postgres")
    except SqlglotError:
        return None
    return tree if isinstance(tree, exp.Select) else None


def _written(node: Any) -> str:
    text: str = node.sql(dialect="postgres", normalize_functions=False)
    return re.sub(rf"{_KEPT}(?=\w)", "$__", text, flags=re.IGNORECASE)


def _compared(part: object) -> tuple[str, str]:
    from sqlglot import exp

    if isinstance(part, exp.EQ) and isinstance(part.this, exp.Column) and isinstance(part.expression, exp.Literal):
        return part.this.sql(dialect="postgres"), str(part.expression.this)
    return "", ""
