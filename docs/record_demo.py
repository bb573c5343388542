"""Records the demonstration as an asciinema cast, version 2: `make demo-recording` writes demo.cast.

What a terminal shows is taken from one (a pty), with the time of each piece; `asciinema play demo.cast` shows it again.
"""

import codecs
import fcntl
import json
import os
import pty
import struct
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

COLUMNS, ROWS = 140, 40
DEMO = [sys.executable, "-m", "obs_check", "demo"]


def recorded(command: Sequence[str], title: str) -> tuple[dict[str, Any], list[tuple[float, str, str]], int]:
    """Run a command on a terminal of its own: the cast's head, its events (seconds since the start), the exit code."""
    started = time.time()
    head = {"version": 2, "width": COLUMNS, "height": ROWS, "timestamp": int(started), "title": title}
    child, terminal = pty.fork()
    if child == 0:
        os.environ |= {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
        os.execvp(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    began, events = time.monotonic(), []
    # A character may come in two pieces.
    decode = codecs.getincrementaldecoder("utf-8")("replace").decode
    while data := _read(terminal):
        if text := decode(data):
            events.append((round(time.monotonic() - began, 3), "o", text))
    os.close(terminal)
    return head, events, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _read(terminal: int) -> bytes:
    """What is there; nothing at the end, which Linux tells as EIO."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


def main() -> int:
    """Write the cast to the file that is named, or to demo.cast; the demonstration's exit code."""
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "demo.cast")
    head, events, code = recorded(DEMO, "obs-check demo")
    lines = [json.dumps(head), *(json.dumps(event) for event in events)]
    target.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"{target}: {len(events)} events, {events[-1][0] if events else 0:.1f} s, exit code {code}")
    return code


if __name__ == "__main__":
    sys.exit(main())
