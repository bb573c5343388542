"""`obs-check query --list` and `--labels`: which queries have a name, and which labels there are to select by."""

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

from obs_check.cli.options import Output, echo
from obs_check.cli.query_target import QueryTarget
from obs_check.errors import UsageError

if TYPE_CHECKING:
    from obs_check.client.loki.client import LokiClient
    from obs_check.logql.syntax.ast import Selector
    from obs_check.model.entry import Labels
    from obs_check.model.window import Window


def list_queries(out: Output) -> NoReturn:
    """Show every query that has a name, and what it answers; ends the command."""
    from obs_check.app.query.named import named_queries
    from obs_check.report.console import cell, make_console, plain_table
    from obs_check.report.json import document

    found = named_queries()
    if not out.json:
        table = plain_table("", "name", "answers")
        for one in found:
            table.add_row(cell(one.name), cell(one.answers))
        make_console(sys.stdout, out.color).print(table)
        for one in found:
            out.detail(f"{one.name}: {one.file}")
    rows = [{"name": one.name, "answers": one.answers, "file": str(one.file)} for one in found]
    out.finish(document("query", "ok", None, queries=rows), 0)


def list_labels(selector: str, target: QueryTarget, window: "Window | None", out: Output) -> NoReturn:
    """Show the labels of the streams that a selector finds, of all without one, and their values; ends the command."""
    from obs_check.report.json import document

    if target.files:
        labels = _collected(_selected(selector, target.labels_of(target.paths(out))))
    else:
        if window is None:
            raise UsageError("labels of a Loki need a window", "give --since, or --from and --to")
        client = target.loki_client(out)
        try:
            labels = _of_loki(selector, client, window)
        finally:
            client.close()
    if not out.json:
        for name, values in labels.items():
            echo(f"{name}  {len(values)}  {', '.join(values)}")
    if not labels:
        out.say("no stream: is the selector right, and --since long enough?")
    rows = [{"name": name, "values": values} for name, values in labels.items()]
    rest = {"window": window.to_json() if window else None, "asked": target.name, "labels": rows}
    out.finish(document("query", "ok", None, **rest), 0)


def _selected(selector: str, streams: "Iterable[Labels]") -> "list[Labels]":
    from obs_check.logql.explain.selector import no_stream

    parsed = _parsed(selector)
    return [labels for labels in streams if parsed is None or not no_stream(parsed, [labels])]


def _of_loki(selector: str, client: "LokiClient", window: "Window") -> dict[str, list[str]]:
    if _parsed(selector) is not None:
        return _collected(client.series([selector], window).value)
    return {name: client.label_values(name, window).value for name in client.labels(window).value}


def _parsed(selector: str) -> "Selector | None":
    """None for no selector. Raises QueryError for what does not parse, UsageError for a query that is more than one."""
    from obs_check.logql import parse
    from obs_check.logql.syntax.ast import LogQuery

    if not selector:
        return None
    found = parse(selector)
    if not isinstance(found, LogQuery) or found.stages:
        raise UsageError("--labels takes a selector, not a whole query", "for example '{job=\"boundary\"}'")
    return found.selector


def _collected(streams: "Iterable[Labels]") -> dict[str, list[str]]:
    """Name -> values, both sorted."""
    found: dict[str, set[str]] = {}
    for labels in streams:
        for name, value in labels.items():
            found.setdefault(name, set()).add(value)
    return {name: sorted(values) for name, values in sorted(found.items())}
