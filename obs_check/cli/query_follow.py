"""`obs-check query --follow`: lines as they come, until interrupted."""

import sys
import time
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from obs_check.cli.options import Output, echo
from obs_check.cli.query_target import QueryTarget
from obs_check.errors import UsageError
from obs_check.model.wording import count_noun

if TYPE_CHECKING:
    from obs_check.app.query.ask import Ask
    from obs_check.logql.syntax.ast import LogQuery
    from obs_check.model.entry import LogStream
    from obs_check.model.result import Streams

_LOOK_S = 0.25
"""Seconds between two looks at files."""


SHOWN = ("table", "jsonl", "raw")


def follow_query(ask: "Ask", target: QueryTarget, ended: bool, out: Output) -> None:
    """Print new lines, and before them those since the start of the ask's window where it has one. `ended` is whether
    an end was asked for. Ends only with standard input, an interrupt or an error."""
    from obs_check.logql.syntax.ast import LogQuery
    from obs_check.report.query_result import to_jsonl, to_lines, to_raw

    if not isinstance(ask.expr, LogQuery):
        raise UsageError("only log queries can be followed", "leave the metric away, or run it without --follow")
    if out.format not in SHOWN:
        raise UsageError(f"--follow has no -o {out.format}: what comes has no end", "use -o jsonl or raw")
    if ended or ask.instant:
        raise UsageError("--follow has no end", "leave --to and --instant away")
    show = {"table": to_lines, "jsonl": to_jsonl, "raw": to_raw}[out.format]
    for found in _batches(ask, ask.expr, target, out):
        if found.streams:
            echo(show(found, newest_first=False), nl=False)


def _batches(ask: "Ask", query: "LogQuery", target: QueryTarget, out: Output) -> "Iterator[Streams]":
    start_ns = ask.window.start_ns if ask.window else None
    if target.files:
        from obs_check.app.query.follow import passing_lines

        piped = "-" in target.files
        if piped and len(target.files) > 1:
            raise UsageError("--follow reads either standard input or files", "give one of them")
        # Without --since files are read from their ends: what comes is new, whatever time it says.
        batches = _piped(target, out) if piped else _grown(ask, target, out)
        return passing_lines(query, batches, start_ns or 0, target.settings())
    return _from_loki(ask, target, time.time_ns() if start_ns is None else start_ns, out)


def _piped(target: QueryTarget, out: Output) -> "Iterator[list[LogStream]]":
    from obs_check.client.files.line_times import Timing
    from obs_check.client.files.named_paths import STDIN
    from obs_check.client.files.search import each_stdin_line
    from obs_check.client.files.source import Decoded, stream_labels
    from obs_check.model.entry import Entry, LogStream

    timing = Timing(target.time_key, time.time_ns)
    labels = stream_labels(STDIN, target.labels)
    read = Decoded(each_stdin_line(sys.stdin.buffer, target.most))
    for text in read:
        if read.cut:
            out.say(f"a line of more than {count_noun(target.most, 'byte')} was cut there")
            read.cut = 0
        yield [LogStream(labels, [Entry(timing.of(text), text)])]


def _grown(ask: "Ask", target: QueryTarget, out: Output) -> "Iterator[list[LogStream]]":
    from obs_check.client.files.follow import FollowedFiles
    from obs_check.client.files.line_times import Timing

    since, timing = ask.window is not None, partial(Timing, target.time_key, time.time_ns)
    files = FollowedFiles(target.files, target.labels, timing, out.say, since, target.most)
    try:
        while True:
            yield files.poll()
            time.sleep(_LOOK_S)
    finally:
        files.close()


def _from_loki(ask: "Ask", target: QueryTarget, start_ns: int, out: Output) -> "Iterator[Streams]":
    from obs_check.app.query.follow import ASK_S, LATE_S, poll_lines
    from obs_check.model.result import Streams

    tail = target.loki_tail(out)
    if tail is not None:
        return (Streams(batch) for batch in tail.lines(ask.text, start_ns, ask.limit))
    out.say(
        f"Grafana has no tail: asking every {ASK_S:g} s; lines that reach Loki more than {LATE_S} s late are not shown"
    )
    return poll_lines(target.loki_client(out), ask.text, start_ns, time.time_ns, out.say)
