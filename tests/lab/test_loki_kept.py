"""What a lab Loki has acknowledged it has, whatever happens to it and to its disk."""

import random
import signal
import threading
from pathlib import Path

import pytest

from obs_check.lab.loki import LabLoki
from obs_check.model.entry import Entry, LogStream
from obs_check.standin.loki import write_ahead
from obs_check.standin.loki.archive import Archive
from obs_check.standin.loki.counters import Counters
from obs_check.standin.loki.ingest import Ingest
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.refusal import LokiRefusal
from obs_check.standin.loki.write_ahead import WriteAhead
from tests.exam.kept_lines import KeptLoki, Pushed, kept_in, push_until
from tests.full_disk import room
from tests.lab.loki_client import LokiClient

NOW = 1795486070250797798


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGHUP])
def test_what_was_acknowledged_is_there_after_any_end(tmp_path: Path, ending: signal.Signals) -> None:
    loki = KeptLoki(tmp_path)
    enough = random.Random(ending).randrange(500, 3000)
    sent = threading.Event()

    def ends(pushed: Pushed) -> bool:
        if len(pushed.acknowledged) >= enough and not sent.is_set():
            sent.set()
            loki.process.send_signal(ending)
        return False

    pushed = push_until(loki.url, ends, "x")
    assert loki.gone() == (-ending if ending == signal.SIGKILL else 128 + ending)
    kept = kept_in(tmp_path)
    assert pushed.acknowledged - set(kept) == set()
    assert len(kept) == len(set(kept))
    assert set(kept) <= pushed.acknowledged | pushed.others


def test_a_full_disk_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    loki = KeptLoki(tmp_path, most_bytes=200_000)
    pushed = push_until(loki.url, lambda pushed: bool(pushed.refusals), "x")
    assert loki.end() == -signal.SIGKILL
    assert pushed.refusals == {f"503 not kept: {tmp_path}: File too large\n"}
    assert any("not ready, pushes are refused with 503" in line for line in loki.said)
    kept = kept_in(tmp_path)
    assert pushed.acknowledged - set(kept) == set()
    assert len(kept) == len(set(kept))


def test_what_cannot_be_kept_is_refused_and_it_is_not_ready_until_it_can(tmp_path: Path) -> None:
    said: list[str] = []
    with LabLoki(tmp_path, clock=lambda: NOW, say=said.append) as loki:
        client = LokiClient(loki.url, None)
        assert client.push(({"a": "1"}, [[str(NOW), "kept"]])).status_code == 204
        with room(0):
            refused = client.push(({"a": "1"}, [[str(NOW), "refused"]]))
            ready = client.http.get("/ready")
        assert (refused.status_code, refused.text) == (503, f"not kept: {tmp_path}: File too large\n")
        assert (ready.status_code, ready.text) == (503, f"not ready: {tmp_path}: File too large\n")
        again = client.http.get("/ready")
        assert (again.status_code, again.text) == (200, "ready\n")
        assert client.push(({"a": "1"}, [[str(NOW), "later"]])).status_code == 204
        found = client.get("query_range", query='{a="1"}', start=str(NOW), end=str(NOW + 1)).json()
    assert sorted(line for _, line in found["data"]["result"][0]["values"]) == ["kept", "later"]
    assert [text for text in said if "ready" in text] == [
        f"not ready, pushes are refused with 503: {tmp_path}: File too large",
        "ready again: pushes are kept",
    ]
    assert sorted(kept_in(tmp_path)) == ["kept", "later"]


def pushed_to(log: WriteAhead, *texts: str) -> None:
    for text in texts:
        with log.kept("t", [LogStream({"a": "1"}, [Entry(NOW, text, {"k": "v"})])]):
            pass


def recovered(folder: Path) -> list[str]:
    return [e.line for streams in WriteAhead(folder).recovered() for _, stream in streams for e in stream.entries]


def test_a_torn_last_record_is_left_out_wherever_it_is_torn(tmp_path: Path) -> None:
    log = WriteAhead(tmp_path)
    pushed_to(log, "first", "second", "third")
    log.close()
    (path,) = tmp_path.iterdir()
    whole = path.read_bytes()
    for size in range(len(whole) - len(whole) // 3, len(whole)):
        path.write_bytes(whole[:size])
        assert recovered(tmp_path) == ["first", "second"]
        assert list(tmp_path.iterdir()) == []
        # The length is there, and not all of what follows: as after a power cut.
        path.write_bytes(whole[:size] + bytes(len(whole) - size))
        assert recovered(tmp_path) == ["first", "second"]
    path.write_bytes(whole)
    assert recovered(tmp_path) == ["first", "second", "third"]


def test_lines_that_duckdb_has_already_are_not_taken_twice_from_the_log(tmp_path: Path) -> None:
    archive, log = Archive(tmp_path), WriteAhead(tmp_path)
    ingest = Ingest(Limits(), Counters(), lambda: NOW, archive, log)
    ingest.push("t", [LogStream({"a": "1"}, [Entry(NOW, "x"), Entry(NOW + 1, "y")])])
    # A kill between the commit and the end of the log.
    ingest.tenant("t").write_out()
    archive.close()
    log.close()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["lines-00000001.log", "lines.duckdb"]
    assert kept_in(tmp_path) == ["x", "y"]
    assert [path.name for path in tmp_path.iterdir()] == ["lines.duckdb"]


def test_the_log_is_bounded_and_ends_when_duckdb_has_the_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(write_ahead, "LOG_BYTES", 100)
    log = WriteAhead(tmp_path)
    pushed_to(log, "x" * 60)
    with pytest.raises(RuntimeError), log.while_moving():
        raise RuntimeError("the move fails")
    pushed_to(log, "y")
    with pytest.raises(LokiRefusal, match="0 MiB of pushes wait for DuckDB"):
        pushed_to(log, "z")
    with log.while_moving():
        pass
    assert list(tmp_path.iterdir()) == []
    pushed_to(log, "wait")
    log.close()
    assert recovered(tmp_path) == ["wait"]


def test_two_streams_of_a_push_with_the_same_labels_are_one(tmp_path: Path) -> None:
    ingest = Ingest(Limits(), Counters(), lambda: NOW, Archive(tmp_path), WriteAhead(tmp_path))
    hour = 3_600_000_000_000
    far = LogStream({"a": "1"}, [Entry(NOW - hour - 1, "too far behind the other")])
    with pytest.raises(LokiRefusal, match="entry too far behind"):
        ingest.push("t", [LogStream({"a": "1"}, [Entry(NOW, "x")]), far])
    assert [s.entries for s in ingest.tenant("t").select((), 0, NOW + 1)] == [[Entry(NOW, "x")]]
    ingest.archive.close()
