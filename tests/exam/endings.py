"""`python -m tests.exam.endings [ROUNDS [SEED]]`: ends commands by signals at random moments, and looks at what they
leave: no verdict ok of a command that did not come to its end, no half document, no process, and no temporary folder
but for SIGKILL, after which the next lab removes it."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from obs_check.lab.stack import Lab
from tests.signals import hear_signals

PROGRAM = [sys.executable, "-c", "from obs_check.cli.main import run; run()"]
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
COMMANDS = {
    "verify": "verify --allow 2 --deny 2 --save {out}/verify.json -o json",
    "diagnose": "diagnose --inject --allow 1 --deny 1 --save {out}/diagnose.json -o json",
    "demo": "demo --fault none --keep {out}/evidence",
    "export": "export {kept} --to {out}/export",
    "lab up": "lab up",
}
LONGEST_S = {"verify": 12.0, "diagnose": 12.0, "demo": 15.0, "export": 1.5, "lab up": 2.0}
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
                process.kill()
                shown, said = process.communicate()
                return [f"did not end within {GONE_S:g} s"]
    return [
        *_codes(name, number, ended, process.returncode, said.decode()),
        *_documents(name, ended, process.returncode, shown.decode(), folder),
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
    return wrong + ([f"a traceback: {said[-300:]}"] if "Traceback" in said else [])


def _documents(command: str, ended: bool, code: int, shown: str, folder: Path) -> list[str]:
    wrong = []
    found = {str(path): path.read_text("utf-8") for path in folder.rglob("*.json")}
    if shown.startswith("{") and (ended or code > 0):
        found["stdout"] = shown
    for name, text in found.items():
        try:
            document = json.loads(text)
        except ValueError:
            wrong.append(f"{name} is half a document")
            continue
        # What is exported has the verdict of its run.
        said_ok = isinstance(document, dict) and document.get("verdict") == "ok" and command != "export"
        if said_ok and code not in (0, -signal.SIGKILL):
            wrong.append(f"{name} says ok, exit code {code}")
    return wrong


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
    return wrong


def main() -> None:
    """Print a line for each end that is wrong, and how many there were; exit 1 with any."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 60
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
            command, number = chance.choice(list(COMMANDS)), chance.choice(SIGNALS)
            after_s = chance.uniform(0.0, LONGEST_S[command])
            for text in one_end(command, number, after_s, lab.config_path, kept, Path(name) / f"round-{n}"):
                wrong += 1
                print(f"{command}, {number.name} after {after_s:.2f} s: {text}", flush=True)
        print(f"{rounds} ends in {time.monotonic() - started:.0f} s, {wrong} wrong")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
