"""The words of LogQL (Loki 3.5) and what a token is."""

from dataclasses import dataclass
from typing import Any, get_args

from obs_check.logql.syntax import ast
from obs_check.logql.syntax.ast import Span

END = "$end"
IDENTIFIER = "IDENTIFIER"
STRING = "STRING"
NUMBER = "NUMBER"
DURATION = "DURATION"
BYTES = "BYTES"
RANGE = "RANGE"
FLAG = "FUNCTION_FLAG"
ERROR = "$error"

FLAGS = frozenset({"--strict", "--keep-empty"})

RANGE_OPS = frozenset(
    {
        "count_over_time",
        "rate",
        "rate_counter",
        "bytes_over_time",
        "bytes_rate",
        "avg_over_time",
        "sum_over_time",
        "min_over_time",
        "max_over_time",
        "stdvar_over_time",
        "stddev_over_time",
        "quantile_over_time",
        "first_over_time",
        "last_over_time",
        "absent_over_time",
    }
)
VECTOR_OPS = frozenset(
    {
        "sum",
        "avg",
        "max",
        "min",
        "count",
        "stddev",
        "stdvar",
        "topk",
        "bottomk",
        "approx_topk",
        "sort",
        "sort_desc",
    }
)
CONVERSIONS = frozenset({"bytes", "duration", "duration_seconds"})

FUNCTIONS = RANGE_OPS | VECTOR_OPS | CONVERSIONS | {"ip", "label_replace", "vector"}
"""Words that are keywords only before a parenthesis."""

KEYWORDS = frozenset(
    {
        *(stage.WORD for stage in get_args(ast.WordStage)),
        "and",
        "bool",
        "by",
        "group_left",
        "group_right",
        "ignoring",
        "of",
        "variants",
        "offset",
        "on",
        "or",
        "unless",
        "unwrap",
        "without",
    }
)

OPERATORS = (
    *("|=", "|~", "|>", "!=", "!~", "!>", "=~", "==", ">=", "<="),
    *("|", "=", ">", "<", "(", ")", "{", "}", ",", "+", "-", "*", "/", "%", "^", ".", "]"),
)
"""Longest first."""


_SHOWN = {
    **{name: name.upper() for name in RANGE_OPS | VECTOR_OPS | {"vector"}},
    **{name: f"{name.upper()}_CONV" for name in CONVERSIONS},
}


def token_name(kind: str) -> str:
    """How messages name a kind of token: functions in capitals, other words and signs as they are (Loki 3.5)."""
    return _SHOWN.get(kind, kind)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is one of the names above, or the word or operator itself; `text` as written; `value` what it means (the
    text of a string, ns of a duration or range, bytes of a size, the error of a token that is none)."""

    kind: str
    text: str
    span: Span
    value: Any = None
