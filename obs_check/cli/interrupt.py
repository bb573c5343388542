"""Ctrl-C that gets through."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn

AGAIN_S = 1.0
"""Seconds after which an interrupt that was swallowed comes again."""


@contextmanager
def insistent_interrupt() -> Iterator[None]:
    """Inside the block SIGINT raises KeyboardInterrupt again until it leaves the block.

    Python swallows one that arrives inside a destructor or a weak reference's callback, and the command would go on.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        signal.setitimer(signal.ITIMER_REAL, AGAIN_S)
        raise KeyboardInterrupt

    before = [(number, signal.signal(number, interrupt)) for number in (signal.SIGINT, signal.SIGALRM)]
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before:
            signal.signal(number, handler)
