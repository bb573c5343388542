"""`python -m tests.exam.endings [ROUNDS [SEED]]`: ends commands by signals at random moments, and looks at what they
leave: no verdict ok of a command that did not come to its end, no half document, no process, and no temporary folder
but for SIGKILL, after which the next start removes it."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obs_check.lab.stack import Lab
from tests.signals import hear_signals

PROGRAM = [sys.executable, "-m", "obs_check"]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
COMMANDS = {
    "verify": "verify --allow 2 --deny 2 --save {out}/verify.json -o json",
    "diagnose": "diagnose --inject --allow 1 --deny 1 --save {out}/diagnose.json -o json",
    "demo": "demo --fault none --keep {out}/evidence",
    "export": "export {kept} --to {out}/export",
    "lab up": "lab up",
}
LONGEST_S = {"verify": 12.0, "diagnose": 12.0, "demo": 15.0, "export": 1.5, "lab up": 2.0}
HOPS, PANELS = 10, 12
"""Of a run of the lab, its last hops included, which are the panels of each path."""
GONE_S = 20.0
"""How long a command that was told to end may take."""


def one_end(name: str, number: signal.Signals, after_s: float, config: Path, kept: Path, folder: Path) -> list[str]:
    """End a command after so many seconds, if it has not ended by then; what is wrong afterwards."""
    out, own = folder / "out", folder / "tmp"
    for made in (out, own):
        made.mkdir(parents=True)
    arguments = COMMANDS[name].format(out=out, kept=kept).split(" ")
    if name in ("verify", "diagnose"):
        arguments += ["--config", str(config)]
    env = {**os.environ, "TMPDIR": str(own), "OBS_CHECK_STATE": str(folder / "state"), "PYTHONUNBUFFERED": "1"}
    env["PYTHONFAULTHANDLER"] = "1"
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        env=env,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=hear_signals,
    ) as process:
        try:
            shown, said = process.communicate(timeout=after_s)
            ended = True
        except subprocess.TimeoutExpired:
            process.send_signal(number)
            ended = False
            try:
                shown, said = process.communicate(timeout=GONE_S)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGABRT)
                shown, said = process.communicate()
                return [f"did not end within {GONE_S:g} s: {said.decode()[-9000:]}"]
    return [
        *_codes(name, number, ended, process.returncode, said.decode()),
        *_documents(name, process.returncode, shown.decode(), folder),
        *_left(number, ended, process.pid, own),
    ]


def _codes(name: str, number: signal.Signals, ended: bool, code: int, said: str) -> list[str]:
    if ended:
        return []
    # Before Python hears signals, any of them ends it as SIGKILL does.
    wanted = {-number} if number == signal.SIGKILL else {-number, 128 + number}
    if name == "lab up":
        # It is asked to end, and does.
        wanted |= {0}
    # It may have come to its end, or have failed, in the moment of the signal; then by its own exit code.
    wrong = [] if code in wanted | {0, 1, 3} else [f"exit code {code}"]
    # Before a line of obs-check's own runs, what is said is Python's own.
    traced = "Traceback" in said and "obs_check" in said
    return wrong + [f"a traceback: {said[-300:]}"] * traced


def _documents(command: str, code: int, shown: str, folder: Path) -> list[str]:
    wrong = []
    found = {str(path): path.read_text("utf-8") for path in folder.rglob("*.json")}
    if shown.startswith("{") and code >= 0:
        found["stdout"] = shown
    if code == 0 and command != "lab up" and not found:
        wrong.append("exit code 0 without a document")
    for name, text in found.items():
        try:
            document = json.loads(text)
        except ValueError:
            wrong.append(f"{name} is half a document")
            continue
        of_run = isinstance(document, dict) and "hops" in document
        if of_run and document["verdict"] == "ok" and not _whole(document):
            wrong.append(f"{name} says ok of a run that was not looked at to its end")
    return wrong


def _whole(document: Mapping[str, Any]) -> bool:
    """Whether a document that says ok stands on a run that came through all hops to all panels."""
    rows = [*document["hops"], *document["panels"]]
    hops = {(row["path"], row["hop"]) for row in document["hops"]}
    all_there = len(hops) == HOPS and len(document["panels"]) == PANELS and bool(document["events"])
    return all_there and not document["ended"] and all(row["verdict"] == "ok" for row in rows)


def _left(number: signal.Signals, ended: bool, process_group: int, own: Path) -> list[str]:
    wrong = []
    try:
        os.killpg(process_group, 0)
        wrong.append("a process is left")
    except ProcessLookupError:
        pass
    left = sorted(path.name for path in own.glob("obs-check-*"))
    if left and (ended or number != signal.SIGKILL):
        wrong.append(f"left behind: {left}")
    if left:
        next_start = [sys.executable, "-c", "from obs_check.lab.own_folder import OwnFolder; OwnFolder().remove()"]
        subprocess.run(next_start, check=True, env={**os.environ, "TMPDIR": str(own)})
        if kept := sorted(path.name for path in own.glob("obs-check-*")):
            wrong.append(f"not removed by the next start: {kept}")
    return wrong


def main() -> None:
    """Print a line for each end that is wrong, and how many there were; exit 1 with any."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 160
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    wrong = 0
    with tempfile.TemporaryDirectory(prefix="obs-check-exam-") as name, Lab(Path(name) / "lab") as lab:
        kept = Path(name) / "kept.json"
        subprocess.run(
            [*PROGRAM, "verify", "--config", str(lab.config_path), "--save", str(kept)],
            check=False,
            capture_output=True,
        )
        started = time.monotonic()
        for n in range(rounds):
            command, number = list(COMMANDS)[n % len(COMMANDS)], SIGNALS[n // len(COMMANDS) % len(SIGNALS)]
            after_s = chance.uniform(0.0, LONGEST_S[command])
            for text in one_end(command, number, after_s, lab.config_path, kept, Path(name) / f"round-{n}"):
                wrong += 1
                print(f"{command}, {number.name} after {after_s:.2f} s: {text}", flush=True)
        print(f"{rounds} ends in {time.monotonic() - started:.0f} s, {wrong} wrong")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
