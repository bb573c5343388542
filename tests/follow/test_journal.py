"""The journal of a run: whenever its writer is killed, it says what was sent, and what may have been."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
import yaml

from obs_check.app.verify.kept import find_run
from obs_check.boundary.block_page import BLOCKED
from obs_check.client.egress import EgressAnswer
from obs_check.client.executors.wrap import Wrap
from obs_check.errors import InputError, Unavailable
from obs_check.follow.hop import HopSeen
from obs_check.follow.journal import KEPT_NS, Journal, journal_path, open_journal, read_journal
from obs_check.follow.run import Through, plan_events
from obs_check.follow.trace import Watched, follow
from obs_check.model.window import NS

RUN = "k3f9a2"
EVENTS = plan_events(RUN, 3, 3, "http://allowed.example/ok", "http://denied.invalid/x")
THROUGH = Through("kubectl", "prod/dev-1", "this", "not that", Wrap("landjail", ("NoNewPrivs is 1",)), "a reason")


def ticks() -> Iterator[int]:
    at = 1_000 * NS
    while True:
        at += NS // 10
        yield at


def send_all(journal: Journal) -> None:
    journal.note_plan(EVENTS)
    journal.note_executor(THROUGH)
    for event in EVENTS:
        stamped = replace(event, sent_ns=journal.note_sending(event.n, event.n))
        journal.note_answer(stamped, EgressAnswer(200, event.decision, 'it said "\N{SNOWMAN}"'), "curl")


def test_whatever_byte_a_kill_cuts_it_at_the_account_is_that_of_its_lines(tmp_path: Path) -> None:
    clock = ticks()
    journal = open_journal(tmp_path, RUN, lambda: next(clock))
    send_all(journal)
    whole = journal.run()
    journal.close()
    path = journal_path(tmp_path, RUN)
    assert read_journal(path) == (whole, 6)
    text = path.read_bytes()
    for size in range(len(text)):
        path.write_bytes(text[:size])
        kept = text[:size].rpartition(b"\n")[0]
        begun, answered = kept.count(b'"sending"'), kept.count(b'"answer"')
        if not begun:
            with pytest.raises(InputError, match="nothing was sent"):
                read_journal(path)
            continue
        run, planned = read_journal(path)
        assert (len(run.sent), planned) == (begun, 6)
        assert run.sent[:answered] == whole.sent[:answered]
        assert run.in_doubt == {event.tag for event in EVENTS[answered:begun]}
        assert run.through == THROUGH


def test_a_run_that_is_being_sent_is_left_alone(tmp_path: Path) -> None:
    journal = open_journal(tmp_path, RUN, lambda: 7)
    send_all(journal)
    with pytest.raises(Unavailable, match=r"run k3f9a2 is being sent right now"):
        find_run(RUN, tmp_path, lambda _text: None)
    journal.close()
    assert find_run(RUN, tmp_path, lambda _text: None).tags() == [event.tag for event in EVENTS]


def test_a_journal_is_its_owners_and_goes_when_it_is_old(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "state", RUN, lambda: 7)
    journal.close()
    path = journal_path(tmp_path / "state", RUN)
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0
    later = path.stat().st_mtime_ns + KEPT_NS
    open_journal(tmp_path / "state", "second", lambda: later).close()
    assert path.exists()
    open_journal(tmp_path / "state", "third1", lambda: later + 1).close()
    assert not path.exists()


def test_a_journal_that_cannot_be_written_is_said_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    said: list[str] = []
    journal = open_journal(tmp_path / "state", RUN, lambda: 7, said.append)
    send_all(journal)
    assert len(journal.run().sent) == 6
    assert [text.startswith(f"{journal_path(tmp_path / 'state', RUN)}: ") for text in said] == [True]
    # The same run twice, as two commands that drew one id: neither writes into the other's.
    first, second = (open_journal(tmp_path, RUN, lambda: 7, said.append) for _ in range(2))
    send_all(first)
    send_all(second)
    first.close()
    second.close()
    assert len(read_journal(journal_path(tmp_path, RUN))[0].sent) == 6
    assert "File exists" in said[-1]


BEGUN = b'{"kind":"run","run":"k3f9a2","at_ns":1}\n'
WRONG = {
    b'{"kind":"run","run":"../../x","at_ns":1}\n': r":1: not a line of a journal: .*\$\.run",
    BEGUN + b'{"kind":"answer","n":1,"sent_ns":1,"at_ns":1,"verdict":"deny"}\n': ":2: a line that does not belong here",
    BEGUN + b"{}\n": ":2: not a line of a journal",
    b"\xff\n": ":1: not a line of a journal",
    b"": ": nothing was sent",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_journal_is_named(text: bytes, tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(text)
    with pytest.raises(InputError, match=WRONG[text]) as raised:
        find_run(str(path), None, lambda _text: None)
    assert raised.value.message.startswith(f"{path}:")


@pytest.mark.parametrize("recorded", [True, False])
def test_an_event_in_doubt_was_sent_when_a_hop_has_it(recorded: bool) -> None:
    clock = ticks()
    doubt = {"t2"}
    egress, file, loki = (
        HopSeen("A", name, ("t1", "t2"), {"t1": 1}, doubt=doubt) for name in ("egress", "file", "loki")
    )

    def look() -> None:
        if recorded:
            file.seen["t2"] = 2

    follow(
        [[Watched(egress, lambda: None, 0), Watched(file, look, 1), Watched(loki, lambda: None, 1)]],
        lambda: next(clock),
        lambda _seconds: None,
    )
    assert doubt == (set() if recorded else {"t2"})
    assert [hop.missing for hop in (file, loki)] == [[], ["t2"] if recorded else []]
    assert str(loki.verdict) == ("fail" if recorded else "ok")
    assert recorded or str(egress.verdict) == "unknown"


class _Firewall(BaseHTTPRequestHandler):
    """Decides by the URL; kills whoever asks when it gets request number `server.kills_at`."""

    def do_GET(self) -> None:
        server: Any = self.server
        server.asked += 1
        if server.asked == server.kills_at:
            server.sender.send_signal(signal.SIGKILL)
            server.sender.wait()
            return
        allowed = "allowed" in self.path
        body = b"ok" if allowed else BLOCKED.encode()
        self.send_response(200 if allowed else 403)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing on standard error."""


@pytest.mark.parametrize("kills_at", [1, 4])
def test_a_sender_that_is_killed_left_its_account(kills_at: int, tmp_path: Path) -> None:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Firewall)
    server.asked, server.kills_at = 0, kills_at
    thread = Thread(target=server.serve_forever, daemon=True)
    targets = {"allow_url": "http://allowed.example/ok", "deny_url": "http://denied.invalid/x"}
    config = {"boundary": {"proxy": f"http://127.0.0.1:{server.server_port}"}, "inject": targets}
    (tmp_path / "obs-check.yaml").write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "obs_check", "inject", "--allow", "3", "--deny", "3"]
    env = {"OBS_CHECK_STATE": str(tmp_path / "state"), "PYTHONPATH": ":".join(sys.path)}
    try:
        server.sender = subprocess.Popen(command, cwd=tmp_path, env=env, stderr=subprocess.PIPE)
        thread.start()
        server.sender.communicate(timeout=60)
    finally:
        server.shutdown()
        server.server_close()
    assert server.sender.returncode == -signal.SIGKILL
    (path,) = (tmp_path / "state" / "journals").glob("*.jsonl")
    said: list[str] = []
    run = find_run(path.stem, tmp_path / "state", said.append)
    assert [s.answer.verdict for s in run.sent] == [*(["allow", "deny"] * 3)[: kills_at - 1], "not_known"]
    assert said == [
        f"run {run.id}: {kills_at} of 6 events were sent before obs-check ended, of 1 of them it is not known"
    ]
