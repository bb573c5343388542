"""Signals that end a command: Ctrl-C that gets through, and the end of a process or of a terminal as the same."""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

AGAIN_S = 1.0
"""Seconds after which an interrupt that was swallowed comes again."""
ENDINGS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated", signal.SIGHUP: "hung up"}
"""The signals, and how a command ended that got one."""
OUT_OF_TIME = "out of time"


class Stopped(KeyboardInterrupt):
    """A signal of `ENDINGS` came, or that of the clock: the command is out of time. `exit_code` is what a shell gives
    for the signal, and out of time that of an unknown verdict."""

    def __init__(self, number: int) -> None:
        super().__init__(ENDINGS.get(signal.Signals(number), OUT_OF_TIME))
        self.out_of_time = number == signal.SIGALRM
        self.exit_code = 3 if self.out_of_time else 128 + number


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

    handlers = {number: stop for number in ENDINGS if signal.getsignal(number) is not signal.SIG_IGN}
    before = []
    try:
        for number, handler in {**handlers, signal.SIGALRM: alarm}.items():
            before.append((number, signal.signal(number, handler)))
        signal.setitimer(signal.ITIMER_REAL, limit_s)
        yield
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
