"""Snapshots of a shipper: what is said of a file, and what became of the lines between two of them."""

from dataclasses import replace
from typing import Any

import pytest

from obs_check.model.shipping import Destination, FileState, Reading, ShipperState
from obs_check.model.shipping_account import account

LOG = "/tmp/boundary_logs/a.log"
HOST = "loki.example:3100"

STATES: list[tuple[FileState, Reading]] = [
    (FileState(LOG, on_disk=True, disk_bytes=100, read_bytes=100, read_lines=2), "read"),
    (FileState(LOG, on_disk=True, disk_bytes=100, read_bytes=40, position=60, read_lines=1), "behind"),
    (FileState(LOG, on_disk=True, disk_bytes=240, position=3644, seen_bytes=240), "shrunk"),
    (FileState(LOG, on_disk=True, disk_bytes=900, read_bytes=500, on_line=False), "replaced"),
    (FileState(LOG, on_disk=True, disk_bytes=240, read_bytes=3644, read_lines=9), "stale"),
    (FileState(LOG, on_disk=True, disk_bytes=900, read_bytes=500, on_line=False, read_lines=9), "stale"),
    (FileState(LOG, on_disk=True, disk_bytes=90, read_bytes=30, read_lines=3, lags=True, disk_lines=3), "read"),
    (FileState(LOG, on_disk=True, disk_bytes=90, read_bytes=30, read_lines=2, lags=True, disk_lines=3), "stale"),
    (FileState(LOG, on_disk=True, disk_bytes=90, seen_bytes=90, position=95, lags=True), "shrunk"),
    (FileState(LOG, "boundary", on_disk=True, disk_bytes=90, position=95), "shrunk"),
    (FileState(LOG, on_disk=True, disk_bytes=90, position=95), "unknown file"),
    (FileState(LOG, on_disk=True, disk_bytes=90, position=90), "unknown file"),
    (FileState(LOG, position=90), "unseen"),
    (FileState(LOG, on_disk=True, disk_bytes=100, seen_bytes=100), "not tailed"),
    (FileState(LOG, on_disk=True, disk_bytes=0, seen_bytes=0), "read"),
    (FileState(LOG, on_disk=True, disk_bytes=0, seen_bytes=0, read_bytes=0), "read"),
    (FileState(LOG, on_disk=True, disk_bytes=0, seen_bytes=0, position=90), "shrunk"),
    (FileState(LOG, on_disk=True, disk_bytes=100), "unknown file"),
    (FileState(LOG, on_disk=False, position=12), "gone"),
    (FileState(LOG, on_disk=False), "unseen"),
    (FileState(LOG, seen_bytes=100, read_bytes=100, read_lines=3), "read"),
    (FileState(LOG, read_lines=3), "unseen"),
]


@pytest.mark.parametrize(("file", "wanted"), STATES, ids=[f"{wanted}-{n}" for n, (_, wanted) in enumerate(STATES)])
def test_the_state_of_a_file(file: FileState, wanted: str) -> None:
    assert file.state == wanted
    assert file.to_json()["state"] == wanted


def state(lines: int, sent: int, **rest: Any) -> ShipperState:
    known = ShipperState(
        "promtail",
        1,
        files=(FileState(LOG, read_lines=lines, read_bytes=lines * 10, disk_bytes=lines * 10, on_disk=True, inode=7),),
        destinations=(Destination(HOST, sent_entries=sent, encoded_bytes=sent * 9),),
    )
    return replace(known, **rest)


def test_read_is_dropped_plus_sent_plus_in_flight() -> None:
    before = state(4, 4)
    after = state(
        36,
        9,
        stage_drops={"lifecycle": 1},
        destinations=(
            Destination(
                HOST,
                sent_entries=9,
                encoded_bytes=200,
                dropped={"ingester_error": 24, "rate_limited": 0},
                retries=2,
                requests={"204": 1, "400": 1},
            ),
        ),
    )
    found = account(before, after, own={LOG: 20})
    assert (found.read, found.sent, found.open, found.own, found.own_read) == (32, 5, 2, 20, 32)
    assert found.client_drops == {"ingester_error": 24}
    assert found.requests == {"204": 1, "400": 1}
    assert found.sentence() == (
        "read 32 = dropped by stages 1 (lifecycle 1) + dropped by the client 24 (ingester_error 24) + sent 5 + "
        "in flight 2, 2 retries; 20 of the run"
    )


def test_lines_read_before_the_snapshot_and_sent_after_it_are_told() -> None:
    found = account(state(4, 0), state(6, 6))
    assert found.open == -4
    assert found.sentence() == "read 2 = sent 6 - 4 that were read before"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (state(9, 9), state(2, 2)),
        (state(1, 1, started_s=5.0), state(2, 2, started_s=6.0)),
    ],
    ids=["counters went back", "another process"],
)
def test_a_restart_counts_from_zero(before: ShipperState, after: ShipperState) -> None:
    found = account(before, after)
    assert found.restarted
    assert (found.read, found.sent) == (2, 2)


def test_of_two_destinations_the_one_that_took_fewest_counts() -> None:
    two = (
        Destination(HOST, sent_entries=5),
        Destination("other.example:1", sent_entries=1, dropped={"rate_limited": 4}),
    )
    found = account(state(0, 0, destinations=()), state(5, 0, destinations=two))
    assert (found.sent, found.client_drops, found.open) == (1, {"rate_limited": 4}, 0)


def test_a_file_with_another_inode_is_told() -> None:
    before, after = state(4, 4), state(5, 5)
    other = replace(after, files=(replace(after.files[0], inode=8),))
    assert account(before, after).replaced == ()
    assert account(before, other).replaced == (LOG,)
    assert account(before, other).sentence().endswith(f"; replaced or truncated meanwhile: {LOG}")
