"""The commands, and how a signal ends the process as long as there is none at work.

What loads this file may have just been started: it imports nothing that is not there with Python itself.
"""

import _signal  # type: ignore[import-not-found]  # What `signal` wraps, which takes a while to load.
import os

ENDINGS = {2: "interrupted", 15: "terminated", 1: "hung up"}
"""SIGINT, SIGTERM and SIGHUP (POSIX has these numbers), and how a command ended that got one."""


def end_at_once() -> None:
    """From now on each of the signals ends the process where it is, with a line and its exit code, unless whoever
    started the process has it ignored: for the time before a command begins and behind its end, when there is nothing
    to tidy up, and what an exception would interrupt is an import or the end of Python."""

    def end(number: int, _frame: object) -> None:
        try:
            os.write(2, f"obs-check: error: {ENDINGS[number]}\n".encode())
        finally:
            os._exit(128 + number)

    for number in ENDINGS:
        if _signal.getsignal(number) != _signal.SIG_IGN:
            _signal.signal(number, end)
