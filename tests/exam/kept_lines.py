"""`python -m tests.exam.kept_lines [ROUNDS [SEED]]`: kills `lab loki --data` at random moments and counts the lines
that it had acknowledged and has no more."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import duckdb
import httpx

from obs_check.lab.loki import LabLoki
from tests.lab.loki_client import LokiClient
from tests.signals import hear_signals

PUSHERS = 4
LINES = 20
"""Lines a push."""


class KeptLoki:
    """A `lab loki` of its own, without `--data` for None; `most_bytes` is as far as it may write a file, None for as
    far as it can."""

    def __init__(self, data: Path | None, most_bytes: int | None = None) -> None:
        # -B: a module that is compiled where a file may not be that large would be kept in part.
        kept = [] if data is None else ["--data", str(data)]
        arguments = ["-B", "-m", "obs_check", "lab", "loki", "--listen", "127.0.0.1:0", *kept]

        def ready() -> None:
            hear_signals()
            if most_bytes is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))

        self.process = subprocess.Popen(
            [sys.executable, *arguments], stderr=subprocess.PIPE, text=True, preexec_fn=ready
        )
        assert self.process.stderr is not None
        self.url = self.process.stderr.readline().removeprefix("lab Loki is up at ").partition(";")[0]
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr:
            self.said.extend(self.process.stderr)

    def end(self, number: int = signal.SIGKILL) -> int:
        """Send it a signal and wait until it is gone; its exit code."""
        self.process.send_signal(number)
        return self.gone()

    def gone(self) -> int:
        """Wait until it is gone; its exit code."""
        code = self.process.wait(30)
        self._reader.join()
        return code


class Pushed(NamedTuple):
    """What pushers sent: the lines that were acknowledged, and those that were refused or not answered."""

    acknowledged: set[str]
    others: set[str]
    refusals: set[str]


def push_until(url: str, enough: Callable[[Pushed], bool], label: str) -> Pushed:
    """Push lines from several threads until `enough`, or until nobody answers any more."""
    pushed, lock = Pushed(set(), set(), set()), threading.Lock()
    over = threading.Event()

    def work(who: int) -> None:
        client, number = LokiClient(url, None), 0
        while not over.is_set():
            now = time.time_ns()
            lines = [f"{label} {who} {number + n} {'x' * 100}" for n in range(LINES)]
            number += LINES
            try:
                answer = client.push(
                    ({"job": f"{label}-{who}"}, [[str(now + n), line] for n, line in enumerate(lines)])
                )
            except httpx.HTTPError:
                over.set()
                status, text = 0, ""
            else:
                status, text = answer.status_code, answer.text
            with lock:
                (pushed.acknowledged if status == 204 else pushed.others).update(lines)
                if text:
                    pushed.refusals.add(f"{status} {text}")
                if enough(pushed):
                    over.set()

    threads = [threading.Thread(target=work, args=(who,)) for who in range(PUSHERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return pushed


def kept_in(data: Path) -> list[str]:
    """Every line that a lab Loki has there when it is started once more."""
    with LabLoki(data):
        pass
    with duckdb.connect(str(data / "lines.duckdb"), read_only=True) as connection:
        return [line for (line,) in connection.execute("SELECT line FROM lines").fetchall()]


def main() -> None:
    """Kill it once a round; exit 1 when a line is lost or is there twice."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 50
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    acknowledged: set[str] = set()
    with tempfile.TemporaryDirectory(prefix="obs-check-exam-") as name:
        data = Path(name) / "data"
        for number in range(rounds):
            loki = KeptLoki(data)
            ending = chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGHUP, signal.SIGTERM])
            killer = threading.Timer(chance.uniform(0.05, 2), loki.end, [ending])
            killer.start()
            acknowledged |= push_until(loki.url, lambda _: False, f"round-{number}").acknowledged
            killer.join()
        kept = kept_in(data)
    lost = len(acknowledged - set(kept))
    twice = len(kept) - len(set(kept))
    print(json.dumps({"rounds": rounds, "acknowledged": len(acknowledged), "lost": lost, "twice": twice}))
    raise SystemExit(bool(lost or twice))


if __name__ == "__main__":
    os.environ["PYTHONUNBUFFERED"] = "1"
    main()
