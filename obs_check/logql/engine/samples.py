"""Lines to samples: what a range aggregation gets."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Protocol

from obs_check.logql.engine.hints import hints_for
from obs_check.logql.engine.source import Samples, SampleSeries, Source
from obs_check.logql.engine.stream_hash import in_order
from obs_check.logql.engine.vector import LabelSet, drop_labels, label_set
from obs_check.logql.settings import EngineSettings
from obs_check.logql.stages.compile import chain, compile_stage, first_checks, loki_order
from obs_check.logql.stages.hints import Hints
from obs_check.logql.stages.registry import effect_of
from obs_check.logql.stages.row import ERROR, Row, StageFunction, row_of
from obs_check.logql.stages.unwrap import unwrap_value
from obs_check.logql.syntax import ast
from obs_check.model.window import Window

_BYTES = frozenset({"bytes_over_time", "bytes_rate"})
_ORDERED = frozenset({"first_over_time", "last_over_time"})
"""What is left of samples of one time depends on the order of their streams."""


class StageWatch(Protocol):
    """Looks on while the stages of a range run, by putting functions of its own around theirs."""

    def stage(self, number: int, run: StageFunction) -> StageFunction:
        """What is run instead of stage `number`; it has to call `run`."""
        ...

    def value(self, read: Callable[[Row], float | None]) -> Callable[[Row], float | None]:
        """What is called instead of the function that reads a sample from a row."""
        ...


def load_samples(
    expr: ast.RangeAggregation,
    pushed: ast.Grouping | None,
    source: Source,
    window: Window,
    settings: EngineSettings,
    watch: StageWatch | None = None,
    *,
    apart: bool = False,
) -> Samples:
    """The samples of the window, its end excluded. `pushed` is the grouping of a sum around the aggregation, which
    Loki 3.5 applies here. LineOrderMatters where lines come `apart` and one decides for others (see Hints)."""
    grouping, no_labels = grouping_of(expr, pushed)
    unused = _unused_formats(expr)
    stages = expr.range.query.stages
    used = tuple(stage for number, stage in enumerate(stages) if number not in unused)
    hints = hints_for(replace(expr.range, query=replace(expr.range.query, stages=used)), grouping, no_labels)
    passes = _pipeline(stages, unused, settings, replace(hints, apart=apart), watch)
    value_of = _value(expr) if watch is None else watch.value(_value(expr))
    series_of = key_of(expr.range.unwrap, grouping, no_labels)
    found = Samples()
    streams = source.select(expr.range.query.selector.matchers, window.start_ns, window.end_ns)
    for labels, entries in in_order(streams) if expr.op in _ORDERED else streams:
        for ts, line, metadata in entries:
            row = row_of(ts, line, labels, metadata) if metadata else Row(ts, line, labels, metadata)
            if not passes(row):
                continue
            parser_failed = row.error != ""
            value = value_of(row)
            if value is None:
                continue
            failed = row.error != ""
            key = label_set(row.labels()) if failed else series_of(row)
            # A parser may have found a label of that name in the line.
            looks_failed = not failed and ERROR in row.parsed and any(name == ERROR for name, _ in key)
            if looks_failed or (failed and not (hints.keeps_errors and parser_failed)):
                found.errors.append((ts, key))
                continue
            series = found.series.get(key)
            if series is None:
                series = found.series[key] = SampleSeries()
            series.times.append(ts)
            series.values.append(value)
    for key in [key for key in found.series if not can_be_read(key)]:
        del found.series[key]
    for series in found.series.values():
        series.sort()
    found.errors.sort()
    return found


def can_be_read(labels: LabelSet) -> bool:
    """Whether Loki 3.5 can read the labels of a series again, which it leaves out otherwise, in silence: no value may
    hold U+FFFD, as `pattern`, `regexp` and templates make of bytes that are not UTF-8; `json` and `logfmt` write a
    blank."""
    return not any("\ufffd" in value for _, value in labels)


def _value(expr: ast.RangeAggregation) -> Callable[[Row], float | None]:
    unwrap = expr.range.unwrap
    if unwrap is None:
        if expr.op in _BYTES:
            return lambda row: float(len(row.line.encode("utf-8", "surrogatepass")))
        return lambda _: 1.0
    return unwrap_value(unwrap)


def grouping_of(expr: ast.RangeAggregation, pushed: ast.Grouping | None) -> tuple[ast.Grouping | None, bool]:
    """The grouping that samples get where they are read, and whether it leaves no label."""
    grouping = pushed or expr.grouping
    none_left = grouping is not None and not grouping.without and not grouping.labels
    return grouping, none_left or expr.op == "absent_over_time"


def key_of(unwrap: ast.Unwrap | None, grouping: ast.Grouping | None, no_labels: bool) -> Callable[[Row], LabelSet]:
    """The labels of a row's series."""
    if no_labels:
        return lambda _: ()
    if grouping is not None and not grouping.without:
        names = sorted(set(grouping.labels))
        return partial(_kept, names)
    dropped = set(grouping.labels) if grouping is not None else set()
    keeps_empty = grouping is None
    if unwrap is not None:
        dropped.add(unwrap.label)

    def rest(row: Row) -> LabelSet:
        labels = drop_labels(label_set(row.labels()), dropped)
        # Loki 3.5: `without` loses labels that a parser set to the empty string, no grouping keeps them.
        return labels if keeps_empty else tuple(pair for pair in labels if pair[1])

    return rest


def _kept(names: list[str], row: Row) -> LabelSet:
    """The labels of `by`. One that was deleted stays away even where a stage set it again (Loki 3.5)."""
    deleted = row.deleted
    kept = []
    for name in names:  # a generator would be slower, and this runs for every line
        if name not in deleted and (value := row.find(name)) is not None:
            kept.append((name, value))
    return tuple(kept)


def _unused_formats(expr: ast.RangeAggregation) -> set[int]:
    """The places of the line_format stages whose line neither a filter nor a parser behind them reads. Loki 3.5 leaves
    them out, though a template behind them may ask for the line, unless it is bytes that are counted."""
    if expr.op in _BYTES:
        return set()
    unused = set()
    for number, stage in reversed(list(enumerate(expr.range.query.stages))):
        if isinstance(stage, ast.LineFormat):
            unused.add(number)
        elif effect_of(stage).reads_line:
            break
    return unused


def _pipeline(
    stages: tuple[ast.Stage, ...], unused: set[int], settings: EngineSettings, hints: Hints, watch: StageWatch | None
) -> StageFunction:
    steps = []
    for number, stage in loki_order(stages):
        # regexp alone does not ask whether labels are wanted; it never fails, so the answer is the same.
        if number in unused or (hints.skip and isinstance(stage, ast.Parser)):
            continue
        if watch is None:
            steps.append(compile_stage(stage, settings, hints))
            continue
        # A line that a filter behind drops has to be dropped where the filter stands.
        checks = first_checks(stages[:number]) if hints.checks else {}
        steps.append(watch.stage(number, compile_stage(stage, settings, replace(hints, checks=checks))))
    return chain(steps)
