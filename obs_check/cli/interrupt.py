"""Signals that end a command: Ctrl-C that gets through, and the end of a process or of a terminal as the same."""

import signal
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


@contextmanager
def stoppable() -> Iterator[None]:
    """Inside the block each of the signals raises Stopped, unless whoever started the process has it ignored."""
    with _handled(0, 0):
        yield


@contextmanager
def insistent_interrupt(limit_s: float = 0) -> Iterator[None]:
    """As `stoppable`; the signal comes again until the block is left, which is out of time after `limit_s` seconds (0:
    never).

    Python swallows one that arrives inside a destructor or a weak reference's callback, and the command would go on.
    """
    with _handled(AGAIN_S, limit_s):
        yield


@contextmanager
def _handled(again_s: float, limit_s: float) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> NoReturn:
        came.append(number)
        signal.setitimer(signal.ITIMER_REAL, again_s)
        raise Stopped(number)

    def alarm(number: int, frame: FrameType | None) -> NoReturn:
        stop(came[-1] if came else number, frame)

    numbers = [number for number in ENDINGS if signal.getsignal(number) is not signal.SIG_IGN]
    before = [(number, signal.signal(number, stop)) for number in numbers]
    if again_s:
        before.append((signal.SIGALRM, signal.signal(signal.SIGALRM, alarm)))
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before:
            signal.signal(number, handler)
