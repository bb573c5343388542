"""Programs that a test ends by a signal."""

import signal


def hear_signals() -> None:
    """For a program that is started: whoever started the tests (`nohup`, a shell's `&`) may have signals ignored, and
    what they start would ignore them too."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
