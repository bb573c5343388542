"""`verify` and `inject` with --count: a large run of which every event is accounted for, hop by hop."""

import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from obs_check.cli.ending import keep_document
from obs_check.cli.options import Output, echo
from obs_check.model.wording import count_noun

if TYPE_CHECKING:
    from obs_check.app.systems.injection import Sending
    from obs_check.app.systems.load import Load, LoadAccount
    from obs_check.config import Config
    from obs_check.follow.run import Run
    from obs_check.model.clock_offset import SameClock

_SHOWN = 10
"""Tags of one kind that are shown; all stand in the document."""
_KINDS = ("missing", "late", "duplicate", "displaced", "unexpected")


def verify_load(
    load: "Load",
    sending: "Sending",
    out: Output,
    hop_s: float | None,
    deadline: float | None,
    save: Path | None,
) -> NoReturn:
    """Send the events and account for each at every hop; ends the command."""
    with _loading("verify", load, sending, out, hop_s, deadline, save) as account:
        _print(account, out)
    out.finish(account.to_json(), account.exit_code)


def inject_load(load: "Load", sending: "Sending", out: Output, deadline: float | None, save: Path | None) -> NoReturn:
    """Send the events and no more: their journal is what `trace` follows; ends the command."""
    with _loading("inject", load, sending, out, None, deadline, save) as account:
        _print(account, out)
        if account.run is not None:
            out.say(f"run {account.run.id} is in its journal; follow it with: obs-check trace {account.run.id}")
    out.finish(account.to_json(), account.exit_code)


def trace_large(run: "Run", out: Output, deadline: float | None, save: Path | None) -> NoReturn:
    """Account for an earlier large run at every hop; ends the command."""
    from obs_check.app.systems.load import Load, LoadAccount, trace_load
    from obs_check.app.systems.load_hops import Means
    from obs_check.app.systems.systems import open_loki

    config = out.config()
    account, clock = LoadAccount("trace", Load(len(run.sent))), _clock()
    with keep_document(out, account, save, out.limit_s(deadline)):
        with closing(open_loki(config)) as loki:
            trace_load(account, run, Means(config, loki, config.timeouts.hop_s, out.say, out.env))
        clock.hold()
        _print(account, out)
    out.finish(account.to_json(), account.exit_code)


@contextmanager
def _loading(
    command: str,
    load: "Load",
    sending: "Sending",
    out: Output,
    hop_s: float | None,
    deadline: float | None,
    save: Path | None,
) -> Iterator["LoadAccount"]:
    from obs_check.app.systems.injection import open_way
    from obs_check.app.systems.load import LoadAccount, run_load
    from obs_check.app.systems.load_hops import Means
    from obs_check.app.systems.systems import open_loki

    config = out.config()
    way = open_way(config, replace(sending, env=out.env), out.say)
    account, clock = LoadAccount(command, load), _clock()
    means = Means(config, None, config.timeouts.hop_s if hop_s is None else hop_s, out.say, out.env)
    with keep_document(out, account, save, out.limit_s(deadline)):
        if command == "inject":
            run_load(account, way, means)
        else:
            with closing(open_loki(config)) as loki:
                run_load(account, way, replace(means, loki=loki))
            clock.hold()
            _judge(account, config, out)
            clock.hold()
        yield account


def _clock() -> "SameClock":
    from obs_check.model.clock_offset import SameClock

    return SameClock(time.time_ns, time.monotonic_ns)


def _judge(account: "LoadAccount", config: "Config", out: Output) -> None:
    from obs_check.app.systems.systems import open_systems
    from obs_check.app.verify.load_panels import judge_panels

    if account.run is None:
        return
    if config.grafana is None:
        account.panels.none = "the configuration has no `grafana`"
        return
    with open_systems(config, out.env, detail=out.detail) as systems:
        if not systems.expectations:
            account.panels.none = "the configuration has no `expect`"
            return
        judge_panels(systems, account.run, account.stored, account.panels, out.say)


def _print(account: "LoadAccount", out: Output) -> None:
    if out.json:
        return
    document = account.to_json()
    load = document["load"]
    echo(f"{count_noun(load['sent'], 'event')} sent, {load['sent_per_s']} a second; verdict {document['verdict']}")
    for row in document["hops"]:
        p50, p95, most = (row[key] for key in ("latency_ms", "p95_ms", "max_ms"))
        latency = f"p50 {p50} p95 {p95} max {most} ms" if p50 is not None else ""
        seen = f"{row['path']} {row['hop']:7} {row['seen']} of {row['sent']} seen"
        echo(f"{seen}  {row['verdict']}  {latency} {row['note']}".rstrip())
        for kind in _KINDS:
            if tags := row[kind]:
                more = len(tags) + row.get(f"{kind}_more", 0) - _SHOWN
                echo(f"  {kind}: {', '.join(tags[:_SHOWN])}{f' and {more} more' if more > 0 else ''}")
    for row in load["panels"]:
        wrong = f"  {row['differs']}" if row["differs"] else ""
        echo(f"panel {row['id']} {row['title']}: {row['of_run'] or row['reads']}  {row['verdict']}{wrong}")
    for sentence in [*load["not_judged"], *document["unexplained"]]:
        echo(sentence)
