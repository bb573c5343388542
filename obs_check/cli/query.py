"""`obs-check query`: a LogQL query, or a named one, on local files, on Loki or on Loki behind Grafana."""

import difflib
import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from obs_check.cli.options import Output, with_formats
from obs_check.errors import UsageError
from obs_check.model.verdict import Verdict
from obs_check.model.window import MS, NS, Window

if TYPE_CHECKING:
    from obs_check.client.loki import LokiClient
    from obs_check.logql.syntax.ast import Expr
    from obs_check.model.result import Result

_NAME = re.compile(r"[a-z][a-z0-9-]*")
_POINTS = 250
"""Steps of a range query without --step. Loki 3.5: range / 250, at least 1 s."""
_DEFAULT_SINCE = "1h"


@dataclass(frozen=True, slots=True)
class Ask:
    """What to run: `window` None means all that the files hold; `step_ns` None the default step."""

    text: str
    expr: "Expr"
    instant: bool
    limit: int
    step_ns: int | None
    window: Window | None


@click.command()
@click.argument("query", metavar="QUERY|NAME")
@click.option("--file", "files", multiple=True, metavar="PATH", help="Log file or glob; no Loki is asked. Repeatable.")
@click.option("--label", "labels", multiple=True, metavar="K=V", help="Label of the files' lines. Repeatable.")
@click.option("--time-key", metavar="KEY", help="Field with the time of a file's line (JSON or logfmt).")
@click.option("--loki", metavar="URL", help="Ask this Loki.")
@click.option("--grafana", metavar="URL", help="Ask through this Grafana's datasource proxy.")
@click.option("--datasource", metavar="UID", help="Loki's uid in Grafana.  [default: the configuration's]")
@click.option("--since", metavar="DURATION", help="From so long ago until --to.  [default: 1h; files: everything]")
@click.option("--from", "from_", metavar="TIME", help="RFC 3339, epoch ms or ns, or now-1h.")
@click.option("--to", metavar="TIME", help="As --from.  [default: now; files: the last line]")
@click.option("--step", metavar="DURATION", help="Step of a metric range query.  [default: range / 250]")
@click.option("--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Most lines to show.")
@click.option("--instant", is_flag=True, help="A metric query at one time (--to) instead of over a range.")
@with_formats("table", "json", "jsonl", "csv")
def query(
    query: str,
    files: tuple[str, ...],
    labels: tuple[str, ...],
    time_key: str | None,
    loki: str | None,
    grafana: str | None,
    datasource: str | None,
    since: str | None,
    from_: str | None,
    to: str | None,
    step: str | None,
    limit: int,
    instant: bool,
    out: Output,
) -> None:
    """Run a LogQL query, or NAME of a file queries/NAME.logql.

    \b
    obs-check query '{job="b"} | logfmt | msg="DENY"' --file '/tmp/boundary_logs/*.log' --label job=b
    obs-check query top-denied-domains --since 24h --instant
    """
    from obs_check.logql import parse

    if sum((bool(files), bool(loki), bool(grafana))) > 1:
        raise UsageError("--file, --loki and --grafana exclude each other", "give one of them")
    if not files and (labels or time_key):
        raise UsageError("--label and --time-key are for local files", "add --file PATH")
    text = named_query(query) if _NAME.fullmatch(query) else query
    expr = parse(text)
    window = read_window(since, from_, to, time.time_ns(), bool(files))
    ask = Ask(text, expr, instant, limit, read_duration(step, "--step") if step else None, window)
    if files:
        result, asked, window = _from_files(ask, files, read_labels(labels), time_key, out)
    else:
        assert window is not None
        result, asked = _from_loki(ask, window, _client(loki, grafana, datasource, out), out)
    _show(result, text, asked, window, out)


def named_query(name: str) -> str:
    """The text of queries/NAME.logql without its comment lines: in the working directory, else beside the package.

    Raises UsageError with the nearest names there are.
    """
    folders = [Path("queries"), Path(__file__).parents[2] / "queries"]
    for folder in folders:
        file = folder / f"{name}.logql"
        if file.is_file():
            lines = file.read_text("utf-8").splitlines()
            return "\n".join(line for line in lines if not line.lstrip().startswith("#")).strip()
    known = sorted({path.stem for folder in folders for path in folder.glob("*.logql")})
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(known)}" if known else "write a LogQL query"
    raise UsageError(f"no query named {name}", hint)


def read_window(
    since: str | None, from_: str | None, to: str | None, now_ns: int, all_by_default: bool
) -> Window | None:
    """The window that the options mean; None when none is given and `all_by_default`. Raises UsageError."""
    if since and from_:
        raise UsageError("--since and --from exclude each other", "give one of them")
    if all_by_default and not (since or from_ or to):
        return None
    end = read_time(to, now_ns, "--to", is_end=True) if to else now_ns
    if from_:
        start = read_time(from_, now_ns, "--from", is_end=False)
    elif since is None and all_by_default:
        start = 0
    else:
        start = end - read_duration(since or _DEFAULT_SINCE, "--since")
    if start >= end:
        raise UsageError("the time range is empty: it starts at or after its end", "check --from and --to")
    return Window(start, end)


def read_time(text: str, now_ns: int, option: str, is_end: bool) -> int:
    """ns since the epoch of an RFC 3339 time, epoch ms (or ns from 16 digits on), or Grafana's now-1h, now/d."""
    from obs_check.errors import InputError
    from obs_check.panel.timerange import Calendar, parse_time

    if text.isdecimal() and len(text) >= 16:
        return int(text)
    if text == "now":
        return now_ns
    try:
        return parse_time(text, now_ns, Calendar(), is_end) * MS
    except InputError as error:
        raise UsageError(f"{option}: {error.message}", error.hint) from error


def read_duration(text: str, option: str) -> int:
    """ns of a duration such as 90s, 1h30m or a number of seconds; above 0."""
    from obs_check.logql.syntax.units import parse_duration

    try:
        ns = parse_duration(f"{text}s" if re.fullmatch(r"\d+(\.\d+)?", text) else text)
    except ValueError:
        ns = 0
    if ns <= 0:
        raise UsageError(f"{option}: {text!r} is no duration", "for example 90s, 1h30m or 7d")
    return ns


def read_labels(pairs: tuple[str, ...]) -> dict[str, str]:
    """{"k": "v"} of `k=v` options."""
    labels = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", name):
            raise UsageError(f"--label {pair}: not of the form name=value", "for example --label job=boundary")
        labels[name] = value
    return labels


def _from_files(
    ask: Ask, files: tuple[str, ...], labels: dict[str, str], time_key: str | None, out: Output
) -> "tuple[Result, str, Window]":
    from obs_check.client.file_source import read_streams
    from obs_check.logql.engine.evaluate import query_instant, query_range
    from obs_check.logql.engine.list_source import ListSource

    found = read_streams(files, labels, time_key)
    if found.undecodable:
        out.say(f"{found.undecodable} bytes that are no UTF-8 were replaced")
    if found.untimed:
        out.detail(f"{found.untimed} lines without a time of their own")
    window = ask.window
    if window is None:
        times = [e.ts for s in found.streams for e in (s.entries[:1] + s.entries[-1:])] or [0]
        # Samples are shown in whole ms and a window ends before its end: go to the ms after the last line.
        window = Window(min(times), (max(times) // MS + 1) * MS)
    source = ListSource(found.streams)
    if ask.instant:
        result: Result = query_instant(ask.expr, source, window.end_ns)
    else:
        step = ask.step_ns or max(NS, -(-(window.end_ns - window.start_ns) // _POINTS // NS) * NS)
        result = query_range(ask.expr, source, window.start_ns, window.end_ns, step, limit=ask.limit)
    return result, ", ".join(files), window


def _from_loki(ask: Ask, window: Window, client: "LokiClient", out: Output) -> "tuple[Result, str]":
    if ask.instant:
        result, probe = client.query(ask.text, window.end_ns, ask.limit)
    else:
        result, probe = client.query_range(ask.text, window, ask.step_ns, ask.limit)
    out.detail(f"{probe.request}: {probe.bytes_read} bytes read")
    client.close()
    return result, "loki"


def _client(loki: str | None, grafana: str | None, datasource: str | None, out: Output) -> "LokiClient":
    """The Loki that the options name, else the configuration's. A secret goes only to the host it is configured for."""
    from obs_check.client.loki import LokiClient
    from obs_check.config import host_port

    config = out.config()
    for url in filter(None, (loki, grafana)):
        _check_url(url)
    if loki or (config.loki.url and not grafana and not datasource):
        url = loki or config.loki.url or ""
        own = config.loki.url is not None and host_port(url) == host_port(config.loki.url)
        return LokiClient.direct(
            url,
            time.time_ns,
            config.hosts | {host_port(url)},
            config.loki.tenant if own else None,
            config.loki.bearer if own else None,
        )
    if not grafana and config.grafana is None:
        raise UsageError("nothing to ask", "give --file, --loki or --grafana, or name loki.url in obs-check.yaml")
    url = grafana or (config.grafana.url if config.grafana else "")
    own_grafana = config.grafana if config.grafana and host_port(url) == host_port(config.grafana.url) else None
    return LokiClient.through_grafana(
        url,
        datasource or config.loki.datasource,
        time.time_ns,
        config.hosts | {host_port(url)},
        own_grafana.token if own_grafana else None,
        own_grafana.org_id if own_grafana else None,
    )


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise UsageError("the URL is not one", "for example http://loki.example:3100") from None
    if not sound or parts.username is not None or parts.password is not None:
        raise UsageError(
            "the URL has to be http or https, without credentials", "name a token in obs-check.yaml by reference"
        )


def _show(result: "Result", text: str, asked: str, window: Window | None, out: Output) -> None:
    from obs_check.report.json import document
    from obs_check.report.query_result import print_result, result_json, to_csv, to_jsonl

    if out.json:
        rest: dict[str, Any] = {"query": text, "asked": asked, "window": window.to_json() if window else None}
        out.finish(document("query", str(Verdict.OK), None, **rest, result=result_json(result)), Verdict.OK)
    elif out.format == "jsonl":
        click.echo(to_jsonl(result), nl=False)
    elif out.format == "csv":
        click.echo(to_csv(result), nl=False)
    else:
        print_result(result, sys.stdout, out.color)
