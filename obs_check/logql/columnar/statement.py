"""The statements that count the simple lines of a file and fetch the others."""

from collections.abc import Sequence
from dataclasses import dataclass

from obs_check.logql.columnar.document import SOUND, Document, soundness
from obs_check.logql.columnar.plan import Plan
from obs_check.logql.columnar.times import time_ns, time_text


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
    """Rows of (simple, last ts, lines, bytes, label ...): one for every combination of labels and of the steps whose
    windows the lines are in. Lines that are not simple are one row without labels.

    `lines` is a relation with the one column `line`."""
    labels = [f"CASE WHEN simple THEN {sql} END AS label{i}" for i, sql in enumerate(plan.columns.values())]
    names = [f"label{i}" for i in range(len(labels))]
    groups = ["simple", *names]
    if steps.first_ns != steps.last_ns:
        # The steps from the first whose window reaches to the line to the last whose window has not passed it.
        before = f"ts - ({steps.first_ns - steps.offset_ns}) - 1"
        groups += [
            f"CASE WHEN simple AND {before} >= 0 THEN ({before}) // {steps.step_ns} ELSE -1 END",
            f"CASE WHEN simple THEN ({before} + {steps.interval_ns}) // {steps.step_ns} END",
        ]
    inner = ", ".join(["ts", "simple", "strlen(line) AS size", *labels])
    columns = ", ".join(["simple", "max(ts)", "count(*)", "sum(size)", *names])
    judged = _judged(lines, plan, steps, time_key)
    return f"SELECT {columns} FROM (SELECT {inner} FROM ({judged})) GROUP BY {', '.join(groups)}"


def rest_statement(lines: str, plan: Plan, steps: Steps, time_key: str | None) -> str:
    """Rows of (ts or NULL, line) of the lines that are not simple, in the order of the file where that matters."""
    return f"SELECT ts, line FROM ({_judged(lines, plan, steps, time_key)}) WHERE NOT simple"


def bounds_statement(lines: str, time_key: str | None) -> str:
    """One row of (first ts, last ts) of a file's lines."""
    return f"SELECT min(ts), max(ts) FROM ({_timed(lines, Document(), [], time_key)})"


def untimed_statement(lines: str, time_key: str | None) -> str:
    """Rows of (line) whose time SQL cannot tell."""
    return f"SELECT line FROM ({_timed(lines, Document(), [], time_key)}) WHERE ts IS NULL"


def _judged(lines: str, plan: Plan, steps: Steps, time_key: str | None) -> str:
    timed = _timed(lines, plan.document, plan.conditions, time_key)
    return (
        f"SELECT *, ts IS NOT NULL AND coalesce({plan.simple}, false) AS simple FROM ({timed}) "
        f"WHERE ts IS NULL OR (ts >= {steps.start_ns} AND ts < {steps.end_ns})"
    )


def _timed(lines: str, document: Document, conditions: list[str], time_key: str | None) -> str:
    """`line`, `doc`, `sound` and `ts` of the lines that are not empty and hold the conditions."""
    written = time_text(document, time_key)
    where = " AND ".join(["line <> ''", *conditions])
    read = f"SELECT line, {document.expression} AS doc FROM {lines} WHERE {where}"
    judged = f"SELECT line, doc, {soundness()} AS {SOUND} FROM ({read})"
    timed = f"SELECT *, {written} AS written FROM ({judged})"
    return f"SELECT line, doc, {SOUND}, {time_ns('written')} AS ts FROM ({timed})"
