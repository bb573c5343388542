"""`python -m tests.exam.outages [ROUNDS [SEED]]`: stops a system of the lab at a random moment of `verify` or `diagnose
--inject`, starts it again after a while or never, and holds the verdict to what became of the run's lines."""

import contextlib
import io
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obs_check.cli.main import main as obs_check
from obs_check.client.loki.client import LokiClient
from obs_check.config import STATE_VARIABLE, host_port
from obs_check.lab.faults.registry import find_fault
from obs_check.lab.parts import Stack
from obs_check.lab.stack import Lab
from obs_check.model.event import find_tags
from obs_check.model.window import NS, Window

PARTS = ("loki", "grafana", "shipper", "boundary")
COMMANDS = ("verify", "diagnose --inject")
FAULTS = ("panel-logfmt", "no-boundary-job", "level-warn", "selector-label")
"""What may be broken beside the outage: the dashboard, the shipper's configuration, boundary's own."""
LONGEST_S = 9.0
"""How long a command takes where nothing is stopped (s)."""
DRAINED_S = 12.0
"""How long the lines of a run may take to Loki once all systems are there again (s)."""
TRUE = {
    # A shipper that is not started again takes no lines.
    "shipper": {"shipper.down"},
    # boundary v0.9.0 drops a batch that is not sent when it ends.
    "boundary": {"socket.last-batch-lost"},
}
"""Causes that the end of a system may really be, where lines are lost."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A system that is stopped `after_s` seconds into the command, for `down_s` seconds (None: until it has ended)."""

    part: str
    after_s: float
    down_s: float | None

    def __str__(self) -> str:
        until = "for good" if self.down_s is None else f"for {self.down_s:.2f} s"
        return f"{self.part} away from {self.after_s:.2f} s on, {until}"


@dataclass(frozen=True, slots=True)
class Ended:
    """How the command ended, what it said, whether the system went and came meanwhile, and how often each of the run's
    tags is in Loki on each path."""

    code: int
    said: str
    document: Mapping[str, Any]
    gone: bool
    back: bool
    stored: Mapping[tuple[str, str], int]

    @property
    def verdict(self) -> str:
        """That of the document."""
        return str(self.document.get("verdict", "none"))

    @property
    def arrived(self) -> bool:
        """Every event is in Loki once, on both paths."""
        tags = [event["tag"] for event in self.document.get("events") or ()]
        return bool(tags) and all(self.stored.get((path, tag), 0) == 1 for tag in tags for path in "AB")


def one_outage(stack: Stack, config: Path, command: str, outage: Outage, folder: Path) -> Ended:
    """Run a command in this process, and the outage beside it; all systems are there again afterwards."""
    part = getattr(stack, outage.part)
    over, gone, back = threading.Event(), threading.Event(), threading.Event()

    def disturb() -> None:
        if over.wait(outage.after_s):
            return
        gone.set()
        part.stop()
        if not over.wait(outage.down_s):
            back.set()
        part.start()

    save = folder / "kept.json"
    beside = threading.Thread(target=disturb)
    beside.start()
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
            code = obs_check(
                [*command.split(), "--allow", "2", "--deny", "2", "--config", str(config), "--save", str(save)]
            )
    finally:
        over.set()
        beside.join()
    document = json.loads(save.read_text("utf-8")) if save.exists() else {}
    return Ended(code, said.getvalue(), document, gone.is_set(), back.is_set(), _stored(stack, document))


def _stored(stack: Stack, document: Mapping[str, Any]) -> Counter[tuple[str, str]]:
    """Lines of the run in Loki, by path and tag, when they have all come or do not come any more."""
    events: Sequence[Any] = document.get("events") or ()
    run = str(document.get("run"))
    loki = LokiClient.direct(stack.loki.url, time.time_ns, {host_port(stack.loki.url)})
    until = time.monotonic() + DRAINED_S
    found: Counter[tuple[str, str]] = Counter()
    while len(found) < 2 * len(events) and time.monotonic() < until:
        window = Window(events[0]["sent_ns"] - 60 * NS, time.time_ns() + 60 * NS)
        found.clear()
        for path, selected in (("A", '{job=~".+"} |~ `msg=(ALLOW|DENY)`'), ("B", '{pod=~".+"} |= `boundary_request`')):
            lines, _ = loki.entries(f"{selected} |= `obs={run}-`", window, 5000)
            found.update((path, tag) for line in lines for tag in dict.fromkeys(find_tags(line.line, run)))
        time.sleep(0.2)
    loki.close()
    return found


def wrong_of(outage: Outage, ended: Ended, fault: str | None) -> list[str]:
    """What of the verdict is not true."""
    wrong = []
    document = ended.document
    true = {find_fault(fault).cause} if fault else set()
    if ended.gone and not (ended.back and ended.arrived):
        true |= TRUE.get(outage.part, set())
    found = {row["cause"]: row["claim"] for row in document.get("findings") or () if row["severity"] == "error"}
    if ended.code != {"ok": 0, "fail": 1, "unknown": 3}.get(ended.verdict, 3):
        wrong.append(f"exit code {ended.code}")
    wrong += [f"{cause} is blamed: {claim}" for cause, claim in found.items() if cause not in true]
    if ended.verdict == "ok" and (fault or not ended.arrived):
        wrong.append(f"ok, and in Loki are {dict(ended.stored)}")
    if ended.verdict == "fail" and not found:
        wrong.append(f"fail without a cause: {_told(document)}")
    if ended.verdict in ("unknown", "none") and outage.part not in f"{ended.said}{json.dumps(document)}".lower():
        wrong.append("the outage is not named")
    if ended.verdict != "ok" and not fault and ended.arrived and not (ended.gone and not ended.back):
        wrong.append(f"{ended.verdict}, and all arrived: {_told(document)}")
    return [f"{text}; it said: {ended.said[-400:]}" for text in wrong]


def _told(document: Mapping[str, Any]) -> str:
    hops = [f"{h['path']} {h['hop']} {h['verdict']} {h['note']}" for h in document["hops"] if h["verdict"] != "ok"]
    panels = [
        f"{p['id']} {p['verdict']} {p['reads']} {p['differs']}" for p in document["panels"] if p["verdict"] != "ok"
    ]
    return "; ".join([*hops, *panels, *document["outages"], document["ended"]])


def random_outage(chance: random.Random, part: str) -> Outage:
    """Of a part, at a moment of a command, for a while or for good."""
    down_s = chance.choice([chance.uniform(0.1, 4), chance.uniform(0.1, 4), None])
    return Outage(part, chance.uniform(0, LONGEST_S), down_s)


@contextlib.contextmanager
def exam_lab(folder: Path, fault: str | None) -> Iterator[tuple[Stack, Path]]:
    """The systems of a lab whose Loki keeps its lines, and the configuration that reaches them."""
    with Lab(folder / "lab", (fault,) if fault else (), folder / "data") as lab:
        yield lab._stack, lab.config_path


def main() -> None:
    """Print what became of each outage, each verdict that is wrong, and how many; exit 1 with a wrong one."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    verdicts: Counter[str] = Counter()
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="obs-check-exam-") as name:
        os.environ[STATE_VARIABLE] = f"{name}/state"
        for n in range(rounds):
            outage = random_outage(chance, PARTS[n % len(PARTS)])
            command, fault = chance.choice(COMMANDS), chance.choice([None, chance.choice(FAULTS)])
            folder = Path(name) / f"round-{n}"
            folder.mkdir()
            with exam_lab(folder, fault) as (stack, config):
                started = time.monotonic()
                ended = one_outage(stack, config, command, outage, folder)
                took = time.monotonic() - started
            away = "not away" if not ended.gone else "back in time" if ended.back else "away at the end"
            kind = f"{outage.part} {away}, {'all' if ended.arrived else 'not all'} arrived: {ended.verdict}"
            verdicts[kind] += 1
            print(f"{n} {command} ({fault}), {outage}: {kind} in {took:.1f} s", flush=True)
            for text in wrong_of(outage, ended, fault):
                wrong += 1
                print(f"  WRONG: {text}", flush=True)
    for kind, number in sorted(verdicts.items()):
        print(f"{number:>4} {kind}")
    print(f"{rounds} outages, {wrong} wrong")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
