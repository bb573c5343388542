"""Lines of the lab's Loki wherever they are: in memory, on their way to DuckDB, in DuckDB, in a file of before."""

import json
import subprocess
import sys
import threading
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from obs_check.errors import InputError
from obs_check.lab.loki import LabLoki
from obs_check.logql.syntax.ast import Matcher
from obs_check.model.entry import Entry, LogStream
from obs_check.standin.loki.archive import Archive
from obs_check.standin.loki.chunks import Chunk, chunk_of, lines_of
from obs_check.standin.loki.counters import Counters
from obs_check.standin.loki.ingest import Ingest
from obs_check.standin.loki.limits import Limits
from obs_check.standin.loki.store import TenantStore
from obs_check.standin.loki.writer import Writer
from tests.lab.loki_client import LokiClient

NOW = 1795486070250797798
ANY: tuple[Matcher, ...] = ()


class Model:
    """Streams of a tenant as plain lists: what the store has to answer wherever its lines are."""

    def __init__(self) -> None:
        self.lines: dict[str, list[Entry]] = {}
        self.fresh: dict[str, list[Entry]] = {}
        self.stored: dict[str, list[Chunk]] = {}

    def push(self, name: str, entries: list[Entry]) -> list[Entry]:
        lines = self.lines.setdefault(name, [])
        added = []
        for entry in entries:
            if not any((entry.ts, entry.line) == (e.ts, e.line) for e in lines):
                lines.insert(bisect_right(lines, entry.ts, key=lambda e: e.ts), entry)
                added.append(entry)
        self.fresh.setdefault(name, []).extend(added)
        self.stored.setdefault(name, [])
        return added

    def flush(self) -> None:
        for name, fresh in self.fresh.items():
            self.stored[name] += [c for c in [chunk_of(lines_of(fresh))] if c]
            fresh.clear()

    def expire(self, before: int) -> None:
        for found in (self.lines, self.fresh):
            for name, entries in found.items():
                found[name] = [e for e in entries if e.ts >= before]
        self.stored = {name: [c for c in chunks if c.end_ns >= before] for name, chunks in self.stored.items()}

    def restart(self) -> None:
        self.lines = {name: lines for name, lines in self.lines.items() if lines}
        self.fresh = {name: [] for name in self.lines}
        self.stored = {name: [c for c in [chunk_of(lines_of(lines))] if c] for name, lines in self.lines.items()}

    def select(self, start: int, end: int) -> dict[str, list[Entry]]:
        found = {name: [e for e in lines if start <= e.ts < end] for name, lines in self.lines.items()}
        return {name: lines for name, lines in found.items() if lines}


def restored(archive: Archive) -> TenantStore:
    store = TenantStore(archive, "t")
    for kept in archive.kept():
        store.restore(kept)
    return store


entry = st.builds(
    Entry, st.integers(0, 9), st.sampled_from(["x", "ü", ""]), st.sampled_from([{}, {"k": "v"}, {"k": "w", "m": "v"}])
)
push = st.tuples(st.just("push"), st.sampled_from("ab"), st.lists(entry, min_size=1, max_size=6))
action = st.one_of(
    push,
    push,
    st.sampled_from([("write",), ("write",), ("flush",), ("restart",)]),
    st.tuples(st.just("expire"), st.integers(0, 9)),
)


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(action, max_size=12), st.integers(0, 10), st.integers(0, 10))
def test_the_store_answers_as_plain_lists_do(actions: list[Any], start: int, end: int) -> None:
    model, archive = Model(), Archive()
    store = TenantStore(archive, "t")
    for name, *values in actions:
        match name:
            case "push":
                assert store.append({"s": values[0]}, values[1]) == model.push(*values)
            case "write":
                store.write_out()
            case "flush":
                store.flush()
                model.flush()
            case "expire":
                store.expire(values[0])
                model.expire(values[0])
            case "restart":
                store.write_out()
                store = restored(archive)
                model.restart()
    for window in ((start, end), (0, 10)):
        assert {s.labels["s"]: s.entries for s in store.select(ANY, *window)} == model.select(*window)
        assert {labels["s"] for labels in store.labels(ANY, *window)} == set(model.select(*window))
    assert {c.labels["s"]: (c.stored, c.fresh) for c in store.chunks(ANY)} == {
        name: (model.stored[name], chunk_of(lines_of(fresh))) for name, fresh in model.fresh.items()
    }
    archive.close()


def test_readers_meet_each_line_once_while_lines_are_moved() -> None:
    store, pushed, done = TenantStore(), [0], threading.Event()
    wrong: list[str] = []

    def write() -> None:
        while not done.is_set():
            store.write_out()

    def read() -> None:
        while not done.is_set():
            least = pushed[0]
            lines = [int(e.line) for s in store.select(ANY, 0, 10**6) for e in s.entries]
            if lines != list(range(len(lines))) or len(lines) < least:
                wrong.append(f"{len(lines)} lines, {least} were pushed before")

    threads = [threading.Thread(target=work) for work in (write, read, read)]
    for thread in threads:
        thread.start()
    for n in range(300):
        store.append({"a": "1"}, [Entry(n, str(n))])
        pushed[0] = n + 1
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert store.append({"a": "1"}, [Entry(n, str(n)) for n in range(300)]) == []


@pytest.fixture
def ingest() -> Iterator[Ingest]:
    made = Ingest(Limits(), Counters(), lambda: NOW)
    yield made
    made.archive.close()


def test_the_writer_leaves_nothing_in_memory(ingest: Ingest) -> None:
    writer = Writer(ingest)
    lines = [Entry(NOW + n, f"line {n}", {"n": str(n % 3)}) for n in range(500)]
    ingest.push("t", [LogStream({"a": "1"}, lines)])
    writer.stop()
    store = ingest.tenant("t")
    stream = store.find({"a": "1"})
    assert stream is not None
    assert (stream.recent(), stream.written) == ([], NOW + 499)
    assert store.select(ANY, NOW, NOW + 500) == [LogStream({"a": "1"}, lines)]


def test_a_store_that_is_not_written_out_needs_no_database() -> None:
    program = (
        "import sys; from obs_check.standin.loki.store import TenantStore; from obs_check.model.entry import Entry; "
        "s = TenantStore(); s.append({'a': '1'}, [Entry(1, 'x')]); s.expire(0); s.chunks(()); "
        "print(len(s.select((), 0, 9)), {'duckdb', 'numpy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "1 set()\n"


def test_lines_that_cannot_be_written_are_answered_and_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "lines.duckdb"
    path.write_text("not a database")
    archive = Archive(tmp_path)
    store = TenantStore(archive)
    store.append({"a": "1"}, [Entry(2, "first")])
    with pytest.raises(InputError, match=r"lines\.duckdb: cannot be opened"):
        store.write_out()
    store.append({"a": "1"}, [Entry(1, "second"), Entry(2, "first")])
    lines = [Entry(1, "second"), Entry(2, "first")]
    assert store.select(ANY, 0, 9) == [LogStream({"a": "1"}, lines)]
    path.unlink()
    for _ in range(2):
        store.write_out()
        assert store.select(ANY, 0, 9) == [LogStream({"a": "1"}, lines)]
    archive.close()


def found_around(client: LokiClient, query: str) -> list[tuple[dict[str, str], list[tuple[int, str]]]]:
    """Labels and lines, newest first, around NOW."""
    answer = client.get("query_range", query=query, start=str(NOW - 9), end=str(NOW + 9))
    found = [(s["stream"], [(int(ts), line) for ts, line in s["values"]]) for s in answer.json()["data"]["result"]]
    return sorted(found, key=lambda one: sorted(one[0].items()))


def test_a_file_of_one_table_is_carried_over(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "lines.duckdb")) as old:
        old.execute("CREATE TABLE entries (tenant VARCHAR, labels VARCHAR, ts BIGINT, line VARCHAR, metadata VARCHAR)")
        for labels, ts, line, metadata in (
            ({"a": "2"}, NOW - 1, "late", {}),
            ({"a": "1"}, NOW - 2, "z", {"k": "v"}),
            ({"a": "1"}, NOW - 2, "b", {}),
            ({"a": "1"}, NOW - 3, "c", {}),
        ):
            row = ["fake", json.dumps(labels), ts, line, json.dumps(metadata)]
            old.execute("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", row)
    for pushed in ("now", "again"):
        with LabLoki(tmp_path, clock=lambda: NOW) as loki:
            client = LokiClient(loki.url, None)
            client.push(({"a": "1"}, [[str(NOW - 2), "z"], [str(NOW), pushed]]))
            found = found_around(client, '{a!=""}')
    assert found == [
        ({"a": "1"}, [(NOW, "again"), (NOW, "now"), (NOW - 2, "b"), (NOW - 3, "c")]),
        ({"a": "1", "k": "v"}, [(NOW - 2, "z")]),
        ({"a": "2"}, [(NOW - 1, "late")]),
    ]


def test_escapes_of_structured_metadata_are_kept_as_loki_keeps_them() -> None:
    with LabLoki(clock=lambda: NOW) as loki:
        client = LokiClient(loki.url, None)
        pushed = b'{"streams": [{"stream": {"a": "1"}, "values": [["%d", "x", {"k": "\\ud800 a\\nb\\"q"}]]}]}'
        assert client.push_raw(pushed % NOW).status_code == 204
        assert client.http.post("/flush").status_code == 204
        assert found_around(client, '{a!=""}') == [({"a": "1", "k": '\\ud800 a\\nb\\"q'}, [(NOW, "x")])]


def test_a_time_beyond_64_bits_is_kept_as_loki_keeps_it() -> None:
    ingest = Ingest(Limits(reject_old_samples_max_age=0), Counters(), lambda: NOW)
    # What an entry without a time has: 0001-01-01T00:00:00Z.
    ingest.push("t", [LogStream({"a": "1"}, [Entry(-62_135_596_800 * 10**9, "x")])])
    ingest.tenant("t").flush()
    assert [s.entries[0].ts for s in ingest.tenant("t").select(ANY, -(2**63), 0)] == [-6795364578871345152]
    ingest.archive.close()
