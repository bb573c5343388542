"""Listening to a run in Loki: news come by the tail, and nothing of it is left behind the block."""

import json
import threading
import time
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue

import pytest
from websockets.sync.server import ServerConnection, serve

from obs_check.app.systems.systems import open_loki
from obs_check.app.systems.tailing import open_tail, tailing
from obs_check.client.http import Access
from obs_check.client.loki.client import LokiClient
from obs_check.client.loki.tail import LokiTail
from obs_check.config import parse_config
from obs_check.errors import NotAllowed, Refused, Unavailable
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
from obs_check.lab.grafana import LabGrafana
from obs_check.lab.loki import LabLoki
from obs_check.model.window import NS, Window
from tests.lab.loki_client import LokiClient as LabClient

TAG = "k3f9a2-1-allow"


def tails() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("tail-")]


def test_lines_are_heard_of_and_the_tail_ends_with_the_block() -> None:
    now = time.time_ns()
    run = Run("k3f9a2", (), Window(now - NS, now + NS))
    with LabLoki() as loki:
        config = parse_config(f"loki: {{url: '{loki.url}', tenant: t}}", Path("obs-check.yaml"), {})
        pushed = LabClient(loki.url)
        pushed.push(({"job": "boundary"}, [[str(now), "another line"]]))
        with closing(LokiClient.direct(loki.url, time.time_ns, config.hosts, Access(tenant="t"))) as client:
            with tailing(config, client, run, time.time_ns, lambda _text: None) as news:
                assert news is not None
                pushed.push(({"job": "boundary"}, [[str(time.time_ns()), f"msg=ALLOW url=/ok?obs={TAG}"]]))
                news.wait(30)
                hop = HopSeen("A", "loki", (TAG,), {TAG: 2**62})
                news.date(hop)
                assert now < hop.seen[TAG] < time.time_ns()
            for thread in tails():
                thread.join(30)
            assert tails() == []


def test_the_labs_grafana_passes_a_tail_on_and_what_loki_says_in_its_place() -> None:
    said, pauses = SimpleQueue[str](), SimpleQueue[float]()
    with LabLoki() as loki:
        pushed = LabClient(loki.url, "t")
        pushed.push(({"job": "boundary"}, [[str(time.time_ns()), "old"]]))
        source = {"uid": "loki", "type": "loki", "url": loki.url, "jsonData": {"httpHeaderName1": "X-Scope-OrgID"}}
        source["secureJsonData"] = {"httpHeaderValue1": "t"}
        with LabGrafana(Path(), [source], "s3cret") as grafana:

            def tail(token: str) -> LokiTail:
                text = f"grafana: {{url: '{grafana.url}', token: {{env: T}}}}\nloki: {{datasource: loki}}"
                return open_tail(parse_config(text, Path("obs-check.yaml"), {"T": token}), said.put, pauses.put)

            lines = (
                e.line for batch in tail("s3cret").lines('{job="boundary"}', 0, 10) for s in batch for e in s.entries
            )
            assert next(lines) == "old"
            pushed.push(({"job": "boundary"}, [[str(time.time_ns()), "new"]]))
            assert next(lines) == "new"
            lines.close()
            with pytest.raises(Refused, match="parse error"):
                next(tail("s3cret").lines("{job=", 0, 10))
            with pytest.raises(NotAllowed):
                next(tail("not-its-t0ken").lines('{job="boundary"}', 0, 10))
            loki.stop()
            with pytest.raises(Unavailable):
                next(tail("s3cret").lines('{job="boundary"}', 0, 10))


def test_through_grafana_its_proxy_passes_the_tail_on() -> None:
    asked: list[tuple[str, str, str]] = []
    tailed = {"streams": [{"stream": {"job": "boundary"}, "values": [[str(time.time_ns()), f"url=/ok?obs={TAG}"]]}]}

    def passed_on(socket: ServerConnection) -> None:
        assert socket.request is not None
        headers = socket.request.headers
        asked.append((socket.request.path.partition("?")[0], headers["Authorization"], headers["X-Grafana-Org-Id"]))
        socket.send(json.dumps(tailed))
        socket.recv()

    with serve(passed_on, "127.0.0.1", 0) as grafana:
        threading.Thread(target=grafana.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{grafana.socket.getsockname()[1]}/sub"
        text = f"grafana: {{url: '{url}', token: {{env: T}}, org_id: 7}}\nloki: {{datasource: l/1}}"
        config = parse_config(text, Path("obs-check.yaml"), {"T": "s3cret"})
        run = Run("k3f9a2", (), Window(0, 1))
        with closing(open_loki(config)) as client, tailing(config, client, run, time.time_ns, lambda _t: None) as news:
            news.wait(30)
            hop = HopSeen("A", "loki", (TAG,), {TAG: 2**62})
            news.date(hop)
            assert hop.seen[TAG] < time.time_ns()
    assert set(asked) == {("/sub/api/datasources/proxy/uid/l%2F1/loki/api/v1/tail", "Bearer s3cret", "7")}


def test_without_a_tail_the_run_is_followed_all_the_same() -> None:
    config = parse_config("grafana: {url: 'http://grafana.invalid'}", Path("obs-check.yaml"), {})
    run, said = Run("k3f9a2", (), Window(0, 1)), SimpleQueue[str]()
    with closing(open_loki(config)) as client, tailing(config, client, run, time.time_ns, said.put) as news:
        assert "no tail" in said.get(timeout=30)
        assert not news.listener()()
