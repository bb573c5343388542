"""The hop `shipper`: when it has the run's lines, and what it says when it has not."""

from dataclasses import replace

import pytest

from obs_check.client.answered import Answered
from obs_check.errors import Unavailable
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
from obs_check.follow.shipper_hop import shipper_hop, told_whole
from obs_check.follow.shipping import ShippingEvidence, refusal_in_words
from obs_check.model.probe import Probe
from obs_check.model.shipping import Destination, FileState, PushRefusal, ShipperState
from obs_check.model.window import NS, Window

LOG = "/tmp/boundary_logs/a.log"
RUN = Run("k3f9a2", (), Window(0, 1))
ASKED = Probe("shipper", "GET /metrics", {}, 5)


def upstream(lines: int) -> HopSeen:
    hop = HopSeen("A", "file", ())
    hop.probes.append(Probe("file", "lines", {"files": {LOG: lines}}, 4))
    hop.seen = {f"k3f9a2-{n}-allow": 4 for n in range(lines)}
    hop.places = {tag: (LOG, 30 * n) for n, tag in enumerate(hop.seen)}
    return hop


def state(*files: FileState, sent: int = 0) -> ShipperState:
    return ShipperState(
        "promtail", 5, files, destinations=(Destination("loki", sent_entries=sent, encoded_bytes=sent),)
    )


READ = FileState(LOG, read_lines=12, read_bytes=90, disk_bytes=90, on_disk=True)


@pytest.mark.parametrize(
    ("before", "after", "seen", "note"),
    [
        (None, state(READ), 2, ""),
        (state(replace(READ, read_lines=10)), state(READ), 2, ""),
        (
            state(replace(READ, read_lines=11)),
            state(READ),
            0,
            "2 lines of the run were not read, the first is at byte 0",
        ),
        (state(replace(READ, read_lines=40)), state(READ), 2, ""),
        (None, state(), 0, f"no job takes {LOG}"),
        (None, state(FileState(LOG, seen_bytes=10, position=90)), 0, "what is in it now was not read"),
        (None, state(FileState(LOG, seen_bytes=10)), 0, "is found, but not being read"),
    ],
)
def test_the_hop_has_the_lines_that_were_read_since(
    before: ShipperState | None, after: ShipperState, seen: int, note: str
) -> None:
    hop, look = shipper_hop("A", RUN, upstream(2), lambda: Answered(after, ASKED), before)
    look()
    assert len(hop.seen) == seen
    assert note in hop.note


@pytest.mark.parametrize(
    ("file", "note"),
    [
        (FileState(LOG, "boundary", on_disk=True), f"{LOG} fits the path of job boundary, which has not found it yet"),
        (FileState(LOG, on_disk=True), f"no job takes {LOG}"),
        (READ, f"no job takes {LOG}"),
    ],
    ids=["of-a-job", "of-none", "read-since"],
)
def test_what_the_counters_cannot_tell_the_targets_do(file: FileState, note: str) -> None:
    hop, look = shipper_hop("A", RUN, upstream(2), lambda: Answered(state(), ASKED))
    look()
    assert told_whole(hop, [LOG], state(file)) == note


@pytest.mark.parametrize(
    ("before", "read_lines", "seen"),
    [
        (None, 3, ["k3f9a2-2-allow"]),
        (None, 12, list(upstream(3).seen)),
        (replace(state(replace(READ, read_lines=400)), started_s=1.0), 4, ["k3f9a2-1-allow", "k3f9a2-2-allow"]),
        (
            replace(state(replace(READ, read_lines=400)), started_s=2.0),
            403,
            list(upstream(3).seen),
        ),
        (replace(state(replace(READ, read_lines=400)), started_s=2.0), 402, []),
    ],
    ids=["traced", "traced-whole", "restarted", "the-same-process", "the-same-process-reads-on"],
)
def test_a_line_in_front_of_where_reading_began_was_not_read(
    before: ShipperState | None, read_lines: int, seen: list[str]
) -> None:
    """Lines 5, 4 and 3 from the end of the file are the run's."""
    after = replace(state(replace(READ, read_lines=read_lines)), started_s=2.0)
    to_the_end = {0: 5, 30: 4, 60: 3}
    hop, look = shipper_hop(
        "A", RUN, upstream(3), lambda: Answered(after, ASKED), before, lambda _path, start: to_the_end[start]
    )
    look()
    assert list(hop.seen) == seen
    assert bool(hop.note) == (len(seen) < 3)


def test_a_shipper_that_does_not_answer_makes_the_hop_unknown() -> None:
    def refuse() -> Answered[ShipperState]:
        raise Unavailable("shipper: no answer", "")

    hop, look = shipper_hop("A", RUN, upstream(2), refuse)
    look()
    assert hop.unknown == "shipper: no answer"


def test_the_note_says_what_became_of_the_lines_and_why_loki_refused() -> None:
    hop = HopSeen("A", "shipper", ("t",), note="a note")
    old = PushRefusal("shipper log", "ingester_error", 400, "an older refusal", 1)
    new = replace(old, words="timestamp too old")
    before = replace(state(replace(READ, read_lines=10), sent=3), refusals=(old,))
    after = replace(state(READ, sent=4), refusals=(old, new))
    hop.shipping = ShippingEvidence(after, {LOG: 2}, before)
    row = hop.to_row(RUN)
    assert row["note"] == (
        "a note; read 2 = sent 1 + in flight 1; 2 of the run; push refused (status 400): timestamp too old"
    )
    assert row["shipper"]["account"]["open"] == 1
    assert [r["words"] for r in row["shipper"]["refusals"]] == ["timestamp too old"]
    assert row["shipper"]["files"][0]["state"] == "read"


@pytest.mark.parametrize(
    ("at", "told"), [("2026-11-25T01:00:00.123456789Z", 0), ("2026-11-25T02:00:00Z", 1), ("", 1), ("yesterday", 1)]
)
def test_a_refusal_of_the_time_before_the_run_is_not_about_it(at: str, told: int) -> None:
    after = replace(state(READ), refusals=(PushRefusal("shipper log", "ingester_error", 400, "too old", 1, at=at),))
    evidence = ShippingEvidence(after, {LOG: 2}, None, 1_795_570_200 * NS)
    assert len(evidence.refusals) == told


def test_what_was_in_front_of_where_reading_began_is_told() -> None:
    """The byte is inside of a line: another content stood there when it was saved."""
    evidence = ShippingEvidence(state(replace(READ, start=40, start_on_line=False)), {LOG: 2})
    assert evidence.sentences()[0].startswith(f"{LOG} was read from byte 40 on, which is inside a line")
    for start, on_line in ((40, True), (40, None), (0, None), (None, None)):
        evidence = ShippingEvidence(state(replace(READ, start=start, start_on_line=on_line)), {LOG: 2})
        assert evidence.sentences() == []


def test_without_a_snapshot_before_nothing_is_claimed_of_the_lines_between() -> None:
    evidence = ShippingEvidence(state(replace(READ, disk_bytes=95)), {LOG: 2})
    assert evidence.account is None
    assert evidence.sentences() == [f"{LOG} was read up to 90 of 95 bytes when its offset was last written"]


@pytest.mark.parametrize(
    ("refusal", "wanted"),
    [
        (
            PushRefusal("shipper log", "ingester_error", -1, "refused", final=False),
            "not taken, will be tried again (no answer)",
        ),
        (PushRefusal("loki metrics", "rate_limited", count=3), "Loki discarded 3 lines: rate_limited"),
        (PushRefusal("shipper metrics", "ingester_error", count=3), "3 entries given up: ingester_error"),
    ],
)
def test_refusals_in_words(refusal: PushRefusal, wanted: str) -> None:
    assert wanted in refusal_in_words(refusal)
