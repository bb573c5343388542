"""A large run: each event that a hop drops, doubles, delays or reorders is named, at that hop, and no other."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from itertools import pairwise
from pathlib import Path
from threading import Barrier, BrokenBarrierError
from typing import cast
from unittest.mock import Mock, patch

import pytest

from obs_check.app.systems.injection import Sending, open_way
from obs_check.app.systems.load import Load, LoadAccount, run_load, trace_load
from obs_check.app.systems.load_hops import Means
from obs_check.app.systems.load_loki import StoredOfRun
from obs_check.app.systems.load_shipper import ShippedOfRun
from obs_check.app.systems.shipping import Shipping
from obs_check.app.systems.systems import open_loki, open_systems
from obs_check.app.verify.document import Document
from obs_check.app.verify.load_panels import LoadPanels, judge_panels
from obs_check.client.answer import as_type
from obs_check.client.answered import Answered
from obs_check.client.loki.client import LokiClient
from obs_check.client.shipper.shipper_client import ShipperClient
from obs_check.config import load_config
from obs_check.follow.journal import journal_path, read_journal
from obs_check.follow.tally import Moments, Tally
from obs_check.lab.stack import Lab
from obs_check.model.entry import Entry
from obs_check.model.probe import Probe
from obs_check.model.shipping import FileState, ShipperState
from obs_check.model.verdict import Verdict
from obs_check.model.window import NS
from tests.disturbed import Disturbance, disturbed

COUNT, EVERY = 1000, 100
DELAY_S, HOP_S = 3.0, 1.5
LOG = "/log"
DISTURBANCES: list[Disturbance] = [
    # As many as make whole batches of the audit socket of what is left.
    Disturbance("egress", "drop", 3, EVERY),
    Disturbance("file", "drop", 10, EVERY),
    Disturbance("file", "double", 20, EVERY),
    Disturbance("file", "delay", 30, EVERY),
    Disturbance("file", "reorder", 37, EVERY),
    Disturbance("coderd", "drop", 41, EVERY),
    Disturbance("coderd", "double", 50, EVERY),
    Disturbance("coderd", "delay", 60, EVERY),
    Disturbance("coderd", "reorder", 67, EVERY),
    Disturbance("shipper", "drop", 71, EVERY),
    Disturbance("shipper", "delay", 80, EVERY),
]


@pytest.mark.slow
def test_exactly_what_a_hop_did_is_named_at_that_hop(tmp_path: Path) -> None:
    account = LoadAccount("verify", Load(COUNT, parallel=4))

    def overtakes(held: int, passing: int) -> bool:
        answered_ns = account.moments.answered_ns[held - 1]
        return 0 < answered_ns < account.moments.sent_ns[passing - 1]

    with disturbed(DISTURBANCES, delay_s=DELAY_S, overtakes=overtakes), Lab(tmp_path / "lab") as lab:
        text = lab.config_path.read_text().replace("settle_s: 6", "settle_s: 1")
        lab.config_path.write_text(text)
        config = load_config(lab.config_path, {})
        way = open_way(config, Sending(), lambda _text: None)
        with closing(open_loki(config)) as loki:
            means = Means(config, loki, HOP_S, lambda _text: None, {"OBS_CHECK_STATE": str(tmp_path)})
            run_load(account, way, means)
            assert account.run is not None
            with open_systems(config, means.env) as systems:
                judge_panels(systems, account.run, account.stored, account.panels, means.say)
                other = LoadPanels()
                # One line more than Loki has of path A, and nothing is known of path B.
                (less, _), more = account.stored, Tally("A", "loki", account.run.id, account.moments.decisions, 1)
                more.set_counts([less.times(n) for n in range(1, COUNT)] + [less.times(COUNT) + 1])
                unknown = Tally("B", "loki", account.run.id, account.moments.decisions, 1)
                unknown.unknown = "loki does not answer"
                judge_panels(systems, account.run, [more, unknown], other, means.say)
            run, planned = read_journal(journal_path(tmp_path, account.run.id))
            again = LoadAccount("trace", Load(COUNT))
            trace_load(again, run, means)
    did = {(one.hop, one.kind): one.tags for one in DISTURBANCES}
    assert {len(tags) for tags in did.values()} <= {COUNT // EVERY, COUNT // EVERY * 2}
    found = {(row["path"], row["hop"]): row for row in account.rows()}
    egress = did["egress", "drop"]

    def named(path: str, hop: str, kind: str) -> set[str]:
        return set(found[path, hop][kind])

    for path in ("A", "B"):
        assert named(path, "egress", "missing") == egress
    assert named("A", "file", "missing") == egress | did["file", "drop"]
    assert named("B", "coderd", "missing") == egress | did["coderd", "drop"]
    # What it reads, the shipper of the lab loses on its way to Loki.
    assert named("A", "shipper", "missing") == named("A", "file", "missing")
    assert named("B", "shipper", "missing") == named("B", "coderd", "missing")
    assert named("A", "file", "duplicate") == did["file", "double"]
    assert named("B", "coderd", "duplicate") == did["coderd", "double"]
    assert did["file", "delay"] <= named("A", "file", "late")
    assert did["file", "reorder"] | did["file", "delay"] == named("A", "file", "displaced")
    assert did["coderd", "reorder"] <= named("B", "coderd", "displaced")
    assert did["coderd", "delay"] <= named("B", "coderd", "late")
    shipper = did["shipper", "drop"]
    assert named("A", "loki", "missing") | named("B", "loki", "missing") >= shipper
    assert named("A", "loki", "missing") <= named("A", "file", "missing") | shipper
    assert named("B", "loki", "missing") <= named("B", "coderd", "missing") | shipper
    # A busy machine looks late at the hops before: each may count a part of the delay there, none too much of it.
    hops = [one for one in account.tallies if one.path == "A"]
    late = set().union(*(named("A", one.hop, "late") for one in hops if one.hop != "egress"))
    for n in (int(tag.split("-")[1]) for tag in did["shipper", "delay"] - late):
        came = [at for one in hops if (at := one.when(n))]
        assert came[-1] - account.moments.sent_ns[n - 1] >= DELAY_S * NS
        assert max(after - before for before, after in pairwise(came)) <= HOP_S * NS
    assert all(not row["unexpected"] for row in found.values())
    assert {row.verdict for row in account.panels.rows} == {Verdict.OK}
    assert {row.path for row in account.panels.rows} == {"A", "B"}
    assert [(row.path, row.verdict) for row in other.rows] == [("A", Verdict.FAIL)]
    assert any("what Loki has of path B is not known" in one for one in other.not_judged())
    document = account.to_json()
    every = [row["id"] for row in document["load"]["panels"]]
    left = [
        int(number)
        for one in document["load"]["not_judged"]
        for number in re.findall(r"\d+", one.partition(" are ")[0])
    ]
    assert sorted([*every, *left]) == sorted(systems.expectations)
    as_type(document, Document)
    assert document["verdict"] == "fail"
    assert "looks for no causes: `obs-check verify` without --count" in document["unexplained"][0]
    for row in again.rows():
        same = found[row["path"], row["hop"]]
        assert all(row[kind] == same[kind] for kind in ("sent", "seen", "missing", "duplicate", "displaced"))
        assert row["late"] == (same["late"] if row["hop"] == "egress" else [])
    assert {(row["path"], row["hop"]) for row in again.rows()} == set(found)
    assert (planned, len(run.sent)) == (COUNT, COUNT)
    assert {one.event.tag for one in run.sent if one.answer.verdict == "no_answer"} == egress


OFFSETS: list[tuple[FileState, int, str]] = [
    (FileState(LOG, "job", read_lines=1, read_bytes=30, on_disk=True, disk_bytes=30), 3, ""),
    (
        FileState(LOG, "job", read_lines=1, read_bytes=20, on_disk=True, disk_bytes=30),
        2,
        "1 line of the run may be read or not: /log was read up to 20 of 30 bytes when its offset was last written",
    ),
    (FileState(LOG, "job", read_lines=1, read_bytes=30, start=5, start_on_line=False), 0, "3 lines of the run may be"),
    (FileState("/other", "job", read_lines=9, read_bytes=90), 0, "3 lines of the run may be read or not: no job takes"),
]


@pytest.mark.parametrize(("file", "seen", "unknown"), OFFSETS)
def test_of_a_run_that_is_over_the_offset_tells_what_was_read(file: FileState, seen: int, unknown: str) -> None:
    class Shipper:
        def state(self) -> Answered[ShipperState]:
            state = ShipperState("promtail", 0, (file,))
            return Answered(state, Probe("shipper", "GET /metrics", {}, 0))

    tally = Tally("A", "shipper", "k3f9a2", ["allow"] * 3, 1)
    shipped = ShippedOfRun(tally, Shipping(cast("ShipperClient", Shipper())), lambda path: path, 0, traced=True)
    for n in (1, 2, 3):
        shipped.wrote(Path(LOG), n, n, 10 * n)
    shipped.look()
    assert tally.count == seen
    assert tally.unknown.startswith(unknown) and bool(tally.unknown) == bool(unknown)


def test_a_line_that_two_threads_bring_at_once_is_there_once() -> None:
    moments = Moments.of("aaaaaa", ["allow"])
    tally = Tally("A", "loki", "aaaaaa", moments.decisions, 1)
    stored = StoredOfRun(tally, Mock(spec=LokiClient), moments, 0)
    asked = Barrier(2)
    is_seen = tally.is_seen

    def asked_by_both(n: int) -> bool:
        seen = is_seen(n)
        with suppress(BrokenBarrierError):
            asked.wait(0.2)
        return seen

    with patch.object(tally, "is_seen", asked_by_both), ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(stored.heard, [Entry(1, "msg=ALLOW obs=aaaaaa-1-allow")]) for _ in range(2)]:
            done.result()
    assert tally.times(1) == 1
