"""A real Loki and the lab's with the same lines: what they answer about sizes, labels and fields, what the real logcli,
unmodified, makes of both, and what `query --explain` counts on both."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from obs_check.app.query.ask import Ask
from obs_check.app.query.explain_loki import explain_on_loki
from obs_check.client.loki.client import LokiClient as Client
from obs_check.config import host_port
from obs_check.lab.loki import LabLoki
from obs_check.logql import parse
from obs_check.logql.engine.list_source import ListSource
from obs_check.logql.explain.run import explain
from obs_check.logql.syntax.ast import LogQuery
from obs_check.model.entry import Entry, LogStream
from obs_check.model.window import Window
from tests.engine_settings import SETTINGS
from tests.lab.index_requests import NS, REQUESTS, ask, streams
from tests.lab.loki_client import LokiClient
from tests.lab.test_loki_index import UNLIMITED
from tests.real.loki_process import RealLoki

pytestmark = [pytest.mark.real, pytest.mark.slow]
needs_logcli = pytest.mark.skipif(
    shutil.which("logcli") is None, reason="logcli is not on PATH: put one of Loki 3.5 there"
)
BASE = (time.time_ns() // NS - 600) * NS
TIMES = ["--from", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(BASE // NS - 60))]
TIMES += ["--to", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(BASE // NS + 240))]
CODER = '{namespace="coder"}'
COMMANDS = {
    "query": ["query", '{job="boundary"} |= `DENY` | logfmt', "--limit=5", *TIMES],
    "query forward": ["query", '{pod="coderd-2"}', "--limit=5", "--forward", "--output=jsonl", *TIMES],
    "query in batches": ["query", '{job="boundary"}', "--limit=300", "--batch=100", *TIMES],
    "query of a metric": ["query", 'sum by (host) (count_over_time({job="boundary"} | logfmt [1m]))', *TIMES],
    "instant-query": ["instant-query", f"sum by (pod) (count_over_time({CODER}[30m]))", f"--now={TIMES[3]}"],
    "labels": ["labels", *TIMES],
    "label values": ["labels", "pod", *TIMES],
    "series": ["series", CODER, *TIMES],
    "series analyzed": ["series", CODER, "--analyze-labels", *TIMES],
    "stats": ["stats", CODER, *TIMES],
    "volume": ["volume", CODER, "--targetLabels=pod", *TIMES],
    "volume_range": ["volume_range", CODER, "--step=1m", *TIMES],
    "detected-fields": ["detected-fields", '{job="boundary"}', *TIMES],
    "a query that is refused": ["query", "{job=", *TIMES],
}


@pytest.fixture(scope="module")
def lab() -> Iterator[str]:
    with LabLoki(limits=UNLIMITED) as running:
        for stream in streams(BASE):
            assert LokiClient(running.url, None).push(stream).status_code == 204
        yield running.url


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if shutil.which("loki") is None:
        pytest.skip("loki is not on PATH: put a Loki 3.5 there to compare")
    with RealLoki(tmp_path_factory.mktemp("loki")) as running:
        for stream in streams(BASE):
            running.push(*stream)
        yield running.url


def run(url: str, arguments: list[str]) -> tuple[int, list[str]]:
    """Exit code and output, in an order that does not depend on the server."""
    done = subprocess.run(
        ["logcli", f"--addr={url}", "--quiet", "--timezone=UTC", *arguments], capture_output=True, text=True, timeout=30
    )
    return done.returncode, sorted(done.stdout.splitlines())


def test_the_index_and_the_fields_are_answered_alike(lab: str, real: str) -> None:
    ours, theirs = LokiClient(lab, None).http, LokiClient(real, None).http
    for path, params, span in REQUESTS:
        assert ask(ours, path, params, span, BASE) == ask(theirs, path, params, span, BASE), (path, params)


EXPLAINED = [
    '{job="boundary"} |= `DENY` | logfmt | took > 50ms != `h3`',
    '{job="boundary"} | logfmt | msg = `Deny`',
    f"{CODER} | json | fields_decision =~ `deny|x` | line_format `{{{{.n}}}}` |= `7`",
    'topk(2, sum by (host) (count_over_time({job="boundary"} | logfmt | msg = `DENY` [5m])))',
    "sum by (host) (sum_over_time({job=~`.+`} | logfmt | unwrap bytes(size) | host != `h1.example` [5m])) > 1",
    f"sum(rate({CODER} | trace_id = `t1` [1m])) / sum(rate({CODER} | json a=`fields.none` | a = `` [1m]))",
    'sum by (x) (count_over_time({job="boundary"} | json [5m]))',
    '{namespace="codr"} | json',
]


@pytest.mark.parametrize("text", EXPLAINED)
@pytest.mark.parametrize("instant", [True, False])
def test_an_explanation_counts_alike(real: str, lab: str, text: str, instant: bool) -> None:
    window = Window(BASE - 60 * NS, BASE + 240 * NS)
    expr = parse(text)
    ask_for = Ask(text, expr, instant and not isinstance(expr, LogQuery), 100, 60 * NS, window)
    source = ListSource(
        LogStream(labels, [Entry(int(e[0]), *e[1:]) for e in entries]) for labels, entries in streams(BASE)
    )
    here = explain(expr, source, window, None if ask_for.instant else ask_for.step_in(window), SETTINGS)
    trees = []
    for url in (real, lab):
        client = Client.direct(url, time.time_ns, {host_port(url)})
        trees.append(explain_on_loki(ask_for, client)[0])
        client.close()
    counts = [[(n.kind, n.text, n.lines_in, n.lines_out) for n in tree.walk()] for tree in (here, *trees)]
    assert counts[1] == counts[2] == counts[0]
    operators = [[n.series for n in tree.walk() if n.kind == "operator"] for tree in (here, *trees)]
    assert operators[1] == operators[2]
    if not isinstance(expr, LogQuery) and not here.notes:
        assert operators[1] == operators[0]


@needs_logcli
@pytest.mark.parametrize("command", COMMANDS)
def test_the_lab_and_the_real_loki_look_alike_to_logcli(lab: str, real: str, command: str) -> None:
    assert run(lab, COMMANDS[command]) == run(real, COMMANDS[command])


@needs_logcli
def test_logcli_works_against_the_lab(lab: str) -> None:
    code, lines = run(lab, COMMANDS["query"])
    assert code == 0 and len(lines) == 5 and all("msg=DENY" in line for line in lines)
    assert run(lab, COMMANDS["labels"]) == (0, ["job", "namespace", "node", "pod"])
    assert run(lab, COMMANDS["series"])[1] == [f'{{namespace="coder", pod="coderd-{n}"}}' for n in (1, 2)]
    assert len(run(lab, COMMANDS["query in batches"])[1]) == 300
    assert run(lab, COMMANDS["a query that is refused"])[0] == 1


@needs_logcli
def test_logcli_follows_the_lab(tmp_path: Path) -> None:
    with (
        LabLoki(limits=UNLIMITED) as running,
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(
            ["logcli", f"--addr={running.url}", "query", '{a="b"} |= `x`', "--tail", "--output=raw"],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as logcli,
    ):
        assert logcli.stdout is not None
        client = LokiClient(running.url, None)
        lines = [[str(time.time_ns()), line] for line in ("x before", "y", "x too")]
        assert client.push(({"a": "b"}, lines)).status_code == 204
        assert [logcli.stdout.readline().strip() for _ in range(2)] == ["x before", "x too"]
        assert client.push(({"a": "b"}, [[str(time.time_ns()), "x later"]])).status_code == 204
        assert logcli.stdout.readline().strip() == "x later"
        logcli.terminate()
