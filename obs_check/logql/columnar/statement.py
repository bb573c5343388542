"""The statements that count the simple lines of a file and fetch the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from obs_check.logql.columnar.plan import Plan
from obs_check.logql.columnar.sql import case
from obs_check.logql.columnar.times import with_times

SIMPLE, DOUBTFUL = 1, 0


@dataclass(frozen=True, slots=True)
class Steps:
    """Evaluation at `first_ns`, and every `step_ns` after it, over the lines of (t - offset - interval, t - offset]."""

    first_ns: int
    last_ns: int
    step_ns: int
    interval_ns: int
    offset_ns: int

    @property
    def start_ns(self) -> int:
        """The first ns that is in a window."""
        return self.first_ns - self.offset_ns - self.interval_ns + 1

    @property
    def end_ns(self) -> int:
        """The ns after the last that is in a window."""
        return self.last_ns - self.offset_ns + 1


def steps_of(times: Sequence[int], interval_ns: int, offset_ns: int) -> Steps:
    """Steps at evenly spaced times (ns)."""
    step = times[1] - times[0] if len(times) > 1 else 1
    return Steps(times[0], times[-1], step, interval_ns, offset_ns)


def count_statement(lines: str, plan: Plan, steps: Steps, time_key: str | None) -> str:
    """Rows of (state, last ts, lines, bytes, label ...): one for every combination of labels and of the steps whose
    windows the lines are in. The state is SIMPLE, or DOUBTFUL for the lines that are left to the row engine, all in
    one row; None stands for lines outside the windows.

    `lines` is a relation with the one column `line`."""
    is_simple = f"state = {SIMPLE}"
    raws = {f"raw{i}": value.raw for i, value in enumerate(plan.columns.values())}
    groups = ["state", *raws]
    if steps.first_ns != steps.last_ns:
        # The steps from the first whose window reaches to the line to the last whose window has not passed it.
        before = f"(ts - ({steps.first_ns - steps.offset_ns}) - 1)"
        groups.append(case((f"{is_simple} AND {before} >= 0", f"{before} // {steps.step_ns}"), otherwise="-1"))
        groups.append(case((is_simple, f"({before} + {steps.interval_ns}) // {steps.step_ns}")))
    size = "strlen(line)" if plan.in_bytes else "1"
    columns = [f"{case((is_simple, sql))} AS {name}" for name, sql in raws.items()]
    selected = ", ".join(["ts", "state", f"{size} AS size", *columns])
    lines_of = f"SELECT {selected} FROM ({_judged(lines, plan, steps, time_key)})"
    counts = ["state", "max(ts) AS ts", "count(*) AS lines", "sum(size) AS size", *raws]
    counted = f"SELECT {', '.join(counts)} FROM ({lines_of}) GROUP BY {', '.join(groups)}"
    labels = [value.read(name) for name, value in zip(raws, plan.columns.values(), strict=True)]
    return f"SELECT {', '.join(['state', 'ts', 'lines', 'size', *labels])} FROM ({counted})"


def doubtful_statement(lines: str, plan: Plan, steps: Steps, time_key: str | None) -> str:
    """Rows of (ts or None, line) of the lines that are left to the row engine."""
    return f"SELECT ts, line FROM ({_judged(lines, plan, steps, time_key)}) WHERE state = {DOUBTFUL}"


def lines_statement(lines: str) -> str:
    """One row of (lines that are not empty) of a file."""
    return f"SELECT count(*) FROM ({_filled(lines)})"


def bounds_statement(lines: str, time_key: str | None) -> str:
    """One row of (first ts, last ts, lines whose time SQL cannot tell) of a file."""
    return f"SELECT min(ts), max(ts), count(*) FILTER (ts IS NULL) FROM ({with_times(_filled(lines), time_key)})"


def untimed_statement(lines: str, time_key: str | None) -> str:
    """Rows of (line) whose time SQL cannot tell."""
    return f"SELECT line FROM ({with_times(_filled(lines), time_key)}) WHERE ts IS NULL"


def _judged(lines: str, plan: Plan, steps: Steps, time_key: str | None) -> str:
    """`line`, `ts`, `doc` and `state` of the lines that hold the plan's conditions."""
    # A filter on ts would be moved down and compute it again: what is outside gets no state instead.
    timed = with_times(_filled(lines, plan.conditions), time_key)
    inside = f"coalesce(ts BETWEEN {steps.start_ns} AND {steps.end_ns - 1}, false)"
    read = f"SELECT line, ts, {inside} AS inside FROM ({timed})"
    helpers = [plan.document.column("inside"), *(f"{case(('inside', sql))} AS {n}" for n, sql in plan.helpers.items())]
    read = f"SELECT *, {', '.join(helpers)} FROM ({read})"
    simple = case((plan.simple, str(SIMPLE)), otherwise=str(DOUBTFUL))
    state = case(("inside", simple), ("ts IS NULL", str(DOUBTFUL)))
    return f"SELECT *, {state} AS state FROM ({read})"


def _filled(lines: str, conditions: Sequence[str] = ()) -> str:
    """The lines that are not empty and hold the conditions."""
    return f"SELECT line FROM {lines} WHERE {' AND '.join(['line IS NOT NULL', *conditions])}"
