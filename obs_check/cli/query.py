"""`obs-check query`: a LogQL query, or a named one, on local files, on Loki or on Loki behind Grafana."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

import click

from obs_check.cli.interrupt import insistent_interrupt
from obs_check.cli.option_groups import Count, as_record
from obs_check.cli.options import Output, deadline, echo, with_formats
from obs_check.cli.query_explain import explain_query
from obs_check.cli.query_follow import follow_query
from obs_check.cli.query_lists import list_labels, list_queries
from obs_check.cli.query_target import QueryTarget, target_options
from obs_check.cli.query_window import read_duration, read_window
from obs_check.errors import QueryError, Refused, UsageError
from obs_check.model.secret import shorten
from obs_check.model.tree import Json
from obs_check.model.verdict import Verdict
from obs_check.model.window import Window
from obs_check.model.wording import count_noun

if TYPE_CHECKING:
    from obs_check.app.query.ask import Ask
    from obs_check.logql.syntax.ast import Expr
    from obs_check.model.result import Result

_MOST_WORDS = 2000
"""Characters of a refusal: Loki repeats long queries in its words."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Which time is asked for, and how much."""

    since: str | None
    from_: str | None
    to: str | None
    step: str | None
    limit: int
    instant: bool


@dataclass(frozen=True, slots=True)
class Task:
    """What is done in place of running the query once."""

    follow: bool
    explain: bool
    listing: bool
    labelling: bool


@click.command()
@click.argument("query", metavar="[QUERY|NAME]", default="")
@click.argument("rest", metavar="", nargs=-1)
@target_options
@click.option("--since", metavar="DURATION", help="From so long ago until --to.  [default: 1h; files: everything]")
@click.option("--from", "from_", metavar="TIME", help="RFC 3339, epoch s, ms or ns, or now-1h.")
@click.option("--to", metavar="TIME", help="As --from.  [default: now; files: the last line]")
@click.option("--step", metavar="DURATION", help="Step of a metric range query.  [default: range / 250]")
@click.option(
    "--limit", type=Count(1, 100_000), default=1000, show_default=True, metavar="N", help="Most lines to show."
)
@click.option("--instant", is_flag=True, help="A metric query at one time (--to) instead of over a range.")
@click.option("-f", "--follow", is_flag=True, help="Go on with new lines, after those of --since if given.")
@click.option("--explain", is_flag=True, help="Show what every stage and operator does to the lines and series.")
@click.option("--list", "listing", is_flag=True, help="List the queries that have a NAME, and what each answers.")
@click.option("--labels", "labelling", is_flag=True, help="List labels and values; QUERY may be a selector.")
@deadline
@with_formats("table", "json", "jsonl", "csv", "raw")
@as_record("asking", Asking)
@as_record("task", Task)
def query(
    query: str,
    rest: tuple[str, ...],
    target: QueryTarget,
    asking: Asking,
    task: Task,
    deadline: float | None,
    out: Output,
) -> None:
    """Run a LogQL query, or NAME of a file queries/NAME.logql.

    \b
    obs-check query --list
    obs-check query --labels '{job="boundary"}' --since 24h
    obs-check query '{job="b"} | logfmt | msg="DENY"' --file '/tmp/boundary_logs/*.log' --label job=b
    obs-check query top-denied-domains --since 24h --instant
    obs-check query top-denied-domains --since 24h --instant --explain
    obs-check query '{namespace="coder"} |= `boundary_request`' -o raw
    """
    from obs_check.app.query.ask import Ask
    from obs_check.app.query.named import query_text
    from obs_check.logql.syntax.ast import LogQuery

    if rest:
        raise UsageError(f"{rest[0]}: one argument too many", "quote the query, and a glob: --file '/logs/*.log'")
    target.check()
    files = target.files
    if task.listing:
        list_queries(out)
    window = read_window(asking.since, asking.from_, asking.to, time.time_ns(), bool(files) or task.follow)
    if task.labelling:
        with insistent_interrupt(out.limit_s(deadline, configured=not files)), _worded_refusals():
            list_labels(query, target, window, out)
    text = query_text(query)
    if not text.strip():
        raise UsageError("there is no query", "for example '{job=\"boundary\"}'; --list shows those with a name")
    if task.follow and task.explain:
        raise UsageError("--follow and --explain exclude each other", "give one of them")
    step = read_duration(asking.step, "--step") if asking.step else None
    ask = Ask(text, _parsed(text), asking.instant, asking.limit, step, window)
    if ask.instant and isinstance(ask.expr, LogQuery):
        raise UsageError("a log query has no --instant", "leave it away, or count: sum(count_over_time(... [5m]))")
    if out.format == "raw" and not isinstance(ask.expr, LogQuery):
        raise UsageError("-o raw is for lines, and this query gives values", "take -o csv or -o jsonl")
    # Local files ask for no configuration, and what is followed has no end.
    limit_s = deadline or 0.0 if task.follow else out.limit_s(deadline, configured=not files)
    with insistent_interrupt(limit_s), _worded_refusals():
        if task.follow:
            follow_query(ask, target, asking.to is not None, out)
            return
        if task.explain:
            explain_query(ask, target, out)
        if files:
            _run_on_files(ask, target, out)
        else:
            _run_on_loki(ask, target, out)


@contextmanager
def _worded_refusals() -> Iterator[None]:
    """A query that is refused is the query's fault, on a Loki too: exit code 2, with what helps."""
    from obs_check.logql.remedies import hint_for_refusal

    try:
        yield
    except Refused as refused:
        if refused.status != HTTPStatus.BAD_REQUEST:
            raise
        words = shorten(" ".join(refused.body.split()), _MOST_WORDS)
        raise QueryError(f"loki refuses the query: {words}", hint=hint_for_refusal(words)) from refused
    except QueryError as error:
        error.hint = error.hint or hint_for_refusal(error.message)
        raise


def _parsed(text: str) -> "Expr":
    from obs_check.logql import parse
    from obs_check.logql.remedies import hint_for

    try:
        return parse(text)
    except QueryError as error:
        error.hint = hint_for(error)
        raise


def _run_on_files(ask: "Ask", target: QueryTarget, out: Output) -> None:
    from obs_check.app.query.ask import ask_source, window_around
    from obs_check.app.query.files import ask_files, line_test
    from obs_check.app.query.unselected import why_nothing_selected
    from obs_check.logql.engine.list_source import ListSource

    settings = target.settings()
    paths = target.paths(out)
    answer = ask_files(ask, paths, target.labels, target.time_key, settings, target.most)
    if answer is not None:
        out.detail(answer.path)
        target.say_odd(answer, out)
        result, window = answer.result, answer.window
    else:
        found = target.read_streams(paths, out, line_test(ask.expr))
        window = ask.window or window_around(found.bounds)
        result = ask_source(ask, ListSource(found.streams), window, settings)
    _show(result, ask.text, target.name, window, out)
    # Such a window is of no line.
    empty = (
        "no line in any file"
        if window == window_around(())
        else why_nothing_selected(ask.expr, target.labels_of(paths))
    )
    _say_rest(ask, result, empty, out)


def _run_on_loki(ask: "Ask", target: QueryTarget, out: Output) -> None:
    from obs_check.app.query.ask import ask_loki

    client = target.loki_client(out)
    try:
        result, probe = ask_loki(ask, client)
    finally:
        client.close()
    out.detail(f"{probe.request}: {count_noun(probe.bytes_read, 'byte')} read")
    _show(result, ask.text, target.name, ask.window, out)
    _say_rest(ask, result, "", out)


def _say_rest(ask: "Ask", result: "Result", empty: str, out: Output) -> None:
    """What the rows of a result do not tell, on stderr; `empty` is why there are none, where that is known."""
    from obs_check.model.result import Matrix, Scalar, Streams, Vector

    match result:
        case Streams() if result.lines >= ask.limit:
            out.say(f"--limit {ask.limit} is reached: older lines are not shown")
        case Streams(lines=0) | Vector(samples=[]) | Matrix(series=[]):
            out.say(f"nothing found: {empty or '--explain shows what leaves nothing'}")
        case Streams() | Vector() | Matrix() | Scalar():
            pass


def _show(result: "Result", text: str, asked: str, window: Window | None, out: Output) -> None:
    from obs_check.report.json import document, dumps
    from obs_check.report.query_result import print_result, result_json, to_csv, to_jsonl, to_raw

    if out.json:
        rest: dict[str, Json] = {"query": text, "asked": asked, "window": window.to_json() if window else None}
        echo(dumps(document("query", str(Verdict.OK), None, **rest, result=result_json(result))))
    elif out.format == "jsonl":
        echo(to_jsonl(result), nl=False)
    elif out.format == "raw":
        echo(to_raw(result), nl=False)
    elif out.format == "csv":
        echo(to_csv(result), nl=False)
    else:
        print_result(result, sys.stdout, out.color)
