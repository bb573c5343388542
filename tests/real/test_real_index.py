"""Sizes, labels and fields: the lab's Loki answers as the real one does now, as it did when the answers were recorded."""

import shutil
import threading
import time
from pathlib import Path

import pytest

from obs_check.lab.loki.lab import LabLoki
from tests.lab.index_requests import CODER, NS, REQUESTS, ask, streams
from tests.lab.loki_client import LokiClient
from tests.lab.test_loki_index import UNLIMITED
from tests.real.loki_process import RealLoki

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("loki") is None, reason="loki is not on PATH: put a Loki 3.5 there to compare"),
]


def test_the_labs_loki_answers_as_the_real_one(tmp_path: Path) -> None:
    base = (time.time_ns() // NS - 600) * NS
    with RealLoki(tmp_path) as real, LabLoki(limits=UNLIMITED) as running:
        # Loki keeps answers about volumes; the ones before the flush would come again.
        real.http.headers["Cache-Control"] = "no-cache"
        lab = LokiClient(running.url, None)
        for stream in streams(base):
            real.push(*stream)
            assert lab.push(stream).status_code == 204
        compare(real, lab, base)
        real.http.post("/flush").raise_for_status()
        lab.http.post("/flush").raise_for_status()
        until_indexed(real, base)
        compare(real, lab, base)


def compare(real: RealLoki, lab: LokiClient, base: int) -> None:
    for path, params, span in REQUESTS:
        theirs = ask(real.http, path, params, span, base)
        assert ask(lab.http, path, params, span, base) == theirs, (path, params)


def until_indexed(real: RealLoki, base: int) -> None:
    deadline = time.monotonic() + 60
    pause = threading.Event()
    while ask(real.http, "index/stats", {"query": CODER}, (-60, 240), base)["answer"]["entries"] != 400:
        assert time.monotonic() < deadline, "the flushed chunks are not in the index after a minute"
        pause.wait(0.2)
