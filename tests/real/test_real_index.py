"""Sizes, labels and fields: the lab's Loki answers as the real one does now, not only when it was recorded."""

import shutil
import time
from pathlib import Path

import pytest

from obs_check.lab.loki.lab import LabLoki
from tests.lab.index_requests import NS, REQUESTS, ask, streams
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
        lab = LokiClient(running.url, None)
        for stream in streams(base):
            real.push(*stream)
            assert lab.push(stream).status_code == 204
        assert differences(real, lab, base) == []


def differences(real: RealLoki, lab: LokiClient, base: int) -> list[tuple[str, object, object]]:
    """(path, the lab's answer, the real one) of every request that the two answer differently."""
    found: list[tuple[str, object, object]] = []
    for path, params, span in REQUESTS:
        ours, theirs = ask(lab.http, path, params, span, base), ask(real.http, path, params, span, base)
        if ours != theirs:
            found.append((path, ours, theirs))
    return found
