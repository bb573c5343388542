"""The hop `shipper`: when it has the run's lines, and what it says when it has not."""

from dataclasses import replace

import pytest

from obs_check.client.answered import Answered
from obs_check.errors import Unavailable
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run
from obs_check.follow.shipper_hop import shipper_hop
from obs_check.follow.shipping import ShippingEvidence, refusal_in_words
from obs_check.model.probe import Probe
from obs_check.model.shipping import Destination, FileState, Refusal, ShipperState
from obs_check.model.window import Window

LOG = "/tmp/boundary_logs/a.log"
RUN = Run("k3f9a2", (), Window(0, 1))
ASKED = Probe("shipper", "GET /metrics", {}, 5)


def upstream(lines: int) -> HopSeen:
    hop = HopSeen("A", "file", ())
    hop.probes.append(Probe("file", "lines", {"files": {LOG: lines}}, 4))
    hop.seen = {f"k3f9a2-{n}-allow": 4 for n in range(lines)}
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
        (state(replace(READ, read_lines=11)), state(READ), 0, "not all of the run's lines were read"),
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


def test_a_shipper_that_does_not_answer_makes_the_hop_unknown() -> None:
    def refuse() -> Answered[ShipperState]:
        raise Unavailable("shipper: no answer")

    hop, look = shipper_hop("A", RUN, upstream(2), refuse)
    look()
    assert hop.unknown == "shipper: no answer"


def test_the_note_says_what_became_of_the_lines_and_why_loki_refused() -> None:
    hop = HopSeen("A", "shipper", ("t",), note="a note")
    old = Refusal("shipper log", "ingester_error", 400, "an older refusal", 1)
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


def test_without_a_snapshot_before_nothing_is_claimed_of_the_lines_between() -> None:
    evidence = ShippingEvidence(state(replace(READ, disk_bytes=95)), {LOG: 2})
    assert evidence.account is None
    assert evidence.sentences() == [f"{LOG} was read up to 90 of 95 bytes when its offset was last written"]


@pytest.mark.parametrize(
    ("refusal", "wanted"),
    [
        (
            Refusal("shipper log", "ingester_error", -1, "refused", final=False),
            "not taken, will be tried again (no answer)",
        ),
        (Refusal("loki metrics", "rate_limited", count=3), "Loki discarded 3 lines: rate_limited"),
        (Refusal("shipper metrics", "ingester_error", count=3), "3 entries given up: ingester_error"),
    ],
)
def test_refusals_in_words(refusal: Refusal, wanted: str) -> None:
    assert wanted in refusal_in_words(refusal)
