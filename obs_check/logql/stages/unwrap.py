"""`| unwrap label`: the number that a range aggregation reads from a line."""

from collections.abc import Callable

from obs_check.golang.durations import parse_go_duration
from obs_check.golang.numbers import parse_float
from obs_check.golang.sizes import parse_bytes
from obs_check.logql.stages.label_filter import compile_predicate
from obs_check.logql.stages.row import Row
from obs_check.logql.syntax import ast

SAMPLE_ERROR = "SampleExtractionErr"


def _seconds(text: str) -> float:
    return parse_go_duration(text) / 1_000_000_000


def _size(text: str) -> float:
    return float(parse_bytes(text))


CONVERSIONS: dict[str, Callable[[str], float]] = {
    "": parse_float,
    "duration": _seconds,
    "duration_seconds": _seconds,
    "bytes": _size,
}


def unwrap_value(unwrap: ast.Unwrap) -> Callable[[Row], float | None]:
    """The value of a row: seconds, bytes or a plain number. None when the label is absent or empty, or when a filter
    after the unwrap drops the row. Text that is not a number gives 0.0 and the row's error (Loki 3.5)."""
    convert = CONVERSIONS[unwrap.conversion]
    label = unwrap.label
    filters = [compile_predicate(f.predicate) for f in unwrap.filters]

    def value_of(row: Row) -> float | None:
        text = row.find(label)
        if not text:
            return None
        try:
            value = convert(text)
        except ValueError as error:
            row.fail(SAMPLE_ERROR, str(error))
            value = 0.0
        for keep in filters:
            if not keep(row):
                return None
        return value

    return value_of
