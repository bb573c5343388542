"""Signals that end a command: Ctrl-C that gets through, and the end of a process or of a terminal as the same."""

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

from obs_check.cli import ENDINGS

AGAIN_S = 1.0
"""Seconds after which an interrupt that was swallowed comes again."""
LEFT_S = 2.0
"""Seconds that threads may take to end behind a command."""
OUT_OF_TIME = "out of time"


class Stopped(KeyboardInterrupt):
    """A signal of `ENDINGS` came, or that of the clock: the command is out of time. `exit_code` is what a shell gives
    for the signal, and out of time that of an unknown verdict."""

    def __init__(self, number: int) -> None:
        super().__init__(ENDINGS.get(number, OUT_OF_TIME))
        self.out_of_time = number == signal.SIGALRM
        self.exit_code = 3 if self.out_of_time else 128 + number


def leave(code: int) -> NoReturn:
    """End the process with an exit code. Threads that do not end are not waited for, as Python would: a server that
    hangs, or a thread whose stop was interrupted, must not keep the process."""
    until = time.monotonic() + LEFT_S
    others = [thread for thread in threading.enumerate() if thread is not threading.main_thread()]
    for thread in others:
        if not thread.daemon:
            thread.join(max(0.0, until - time.monotonic()))
    if not any(thread.is_alive() for thread in others):
        sys.exit(code)
    with suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


_came: list[int] = []
"""Signals of the blocks that are entered, and not left yet."""


@contextmanager
def insistent_interrupt(limit_s: float = 0) -> Iterator[None]:
    """Inside the block each of the signals raises Stopped, unless whoever started the process has it ignored; the block
    is out of time after `limit_s` seconds (0: never). Blocks stand inside of each other.

    Python swallows what is raised inside a destructor or a weak reference's callback, and the command would go on: then
    it is raised again, until the block is on its way out. What is tidied up on that way is left in peace.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    if _came:
        raise Stopped(_came[-1])

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        _came.append(number)
        signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
        raise Stopped(number)

    def alarm(number: int, frame: FrameType | None) -> None:
        if _came and _on_the_way_out():
            signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
        else:
            stop(_came[-1] if _came else number, frame)

    handlers = {
        number: stop for number in map(signal.Signals, ENDINGS) if signal.getsignal(number) is not signal.SIG_IGN
    }
    before = []
    try:
        for number, handler in {**handlers, signal.SIGALRM: alarm}.items():
            before.append((number, signal.signal(number, handler)))
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        yield
    except Exception as error:
        if _came:
            # A library may make an error of its own of what was raised in the middle of it, an import for example.
            raise Stopped(_came[-1]) from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, found in before:
            signal.signal(number, found)
        _came.clear()


def _on_the_way_out() -> bool:
    """Whether what runs is a `finally`, an `except` or the end of a `with` that Stopped has led to."""
    error = sys.exc_info()[1]
    while error is not None and not isinstance(error, Stopped):
        error = error.__context__
    return error is not None
