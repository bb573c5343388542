"""Listening to a run in Loki: news come by the tail, and nothing of it is left behind the block."""

import threading
import time
from contextlib import closing
from pathlib import Path

from obs_check.app.systems.tailing import tailing
from obs_check.client.loki.client import LokiClient
from obs_check.config import parse_config
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
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
        with closing(LokiClient.direct(loki.url, time.time_ns, config.hosts, "t")) as client:
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


def test_through_grafana_there_is_no_tail() -> None:
    config = parse_config("grafana: {url: 'http://grafana.invalid'}", Path("obs-check.yaml"), {})
    client = LokiClient.through_grafana("http://grafana.invalid", "loki", time.time_ns, config.hosts)
    with (
        closing(client),
        tailing(config, client, Run("k3f9a2", (), Window(0, 1)), time.time_ns, lambda _text: None) as news,
    ):
        assert news is None
