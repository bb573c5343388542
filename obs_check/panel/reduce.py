"""Reducers: one value from a column, with Grafana's rules for nulls and NaN (run against @grafana/data 13.0.1)."""

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import Any

from obs_check.panel.frames import Field

_ON_NOTHING_ZERO = {"sum", "count"}
NAMES: dict[str, str] = {
    "lastNotNull": "Last *",
    "last": "Last",
    "firstNotNull": "First *",
    "first": "First",
    "min": "Min",
    "max": "Max",
    "mean": "Mean",
    "median": "Median",
    "variance": "Variance",
    "stdDev": "StdDev",
    "sum": "Total",
    "count": "Count",
    "range": "Range",
    "delta": "Delta",
    "step": "Step",
    "diff": "Difference",
    "diffperc": "Difference percent",
    "logmin": "Min (above zero)",
    "allIsZero": "All zeros",
    "allIsNull": "All nulls",
    "changeCount": "Change count",
    "distinctCount": "Distinct count",
    "allValues": "All values",
    "uniqueValues": "All unique values",
}
"""Reducer id to the column name of the reduce transformation."""


def is_null(value: object) -> bool:
    """Null or NaN: what a reducer skips."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def reduce_field(field: Field, calc: str, null_as_zero: bool = False) -> Any:
    """The column's value under a reducer; None is drawn blank. An unknown reducer gives None.

    sum and count give 0 on nothing, and sum gives 0 on text; null counts as 0 only with `null as zero`.
    """
    values = [0 if null_as_zero and v is None else v for v in field.values]
    if calc in {"first", "last"}:
        return values[0 if calc == "first" else -1] if values else None
    there = [v for v in values if not is_null(v)]
    match calc:
        case "lastNotNull":
            return there[-1] if there else None
        case "firstNotNull":
            return there[0] if there else None
        case "count":
            # Grafana counts the values it did not skip.
            return len(there)
        case "allIsNull":
            return not there
        case "distinctCount":
            return len(set(values))
        case "changeCount":
            return sum(1 for a, b in itertools.pairwise(there) if a != b)
        case "allValues":
            return values
        case "uniqueValues":
            return list(dict.fromkeys(values))
    numbers = [v for v in there if isinstance(v, int | float) and not isinstance(v, bool)]
    if not numbers:
        return 0 if calc in _ON_NOTHING_ZERO else None
    return _numeric(numbers, calc)


def _numeric(numbers: Sequence[float], calc: str) -> object:
    first, last = numbers[0], numbers[-1]
    steps = [b - a for a, b in itertools.pairwise(numbers)]
    match calc:
        case "sum":
            return sum(numbers)
        case "min":
            return min(numbers)
        case "max":
            return max(numbers)
        case "mean":
            return sum(numbers) / len(numbers)
        case "median":
            return statistics.median(numbers)
        case "variance":
            return statistics.pvariance(numbers)
        case "stdDev":
            return statistics.pstdev(numbers)
        case "range":
            return max(numbers) - min(numbers)
        case "diff":
            return last - first
        case "diffperc":
            return (last - first) / first if first else None
        case "delta":
            # A counter that falls was reset: what it shows afterwards was added.
            return sum(s if s >= 0 else after for s, after in zip(steps, numbers[1:], strict=True))
        case "step":
            return min(steps) if steps else None
        case "logmin":
            return min((n for n in numbers if n > 0), default=None)
        case "allIsZero":
            return all(n == 0 for n in numbers)
    return None
