"""An interrupt that Python swallows comes again."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from obs_check.cli import ENDINGS, interrupt
from tests.signals import hear_signals


class Swallows:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)


def test_a_block_that_is_out_of_time_is_stopped_whatever_it_does() -> None:
    with pytest.raises(interrupt.Stopped) as caught, interrupt.insistent_interrupt(0.05):
        with suppress(Exception):
            time.sleep(60)
        pytest.fail("nothing stopped it")
    assert (str(caught.value), caught.value.exit_code) == ("out of time", 3)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_swallowed_interrupt_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "AGAIN_S", 0.5)
    # Whoever started the tests may have it ignored.
    found = signal.signal(signal.SIGINT, signal.default_int_handler)
    survived = False
    try:
        with pytest.raises(KeyboardInterrupt), interrupt.insistent_interrupt():
            one = Swallows()
            del one
            survived = True
            signal.pause()
        assert survived
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, found)


@pytest.fixture
def heard() -> Iterator[None]:
    """Whoever started the tests may have it ignored."""
    found = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, found)


@pytest.mark.usefixtures("heard")
def test_what_is_tidied_up_on_the_way_out_is_left_in_peace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "AGAIN_S", 0.02)
    tidied = []

    @contextmanager
    def tidying() -> Iterator[None]:
        try:
            yield
        finally:
            with suppress(OSError):
                time.sleep(0.1)
                raise OSError
            time.sleep(0.1)
            tidied.append(True)

    with pytest.raises(interrupt.Stopped), interrupt.insistent_interrupt(), tidying():
        os.kill(os.getpid(), signal.SIGINT)
        signal.pause()
    assert tidied == [True]


@pytest.mark.usefixtures("heard")
def test_a_signal_that_was_swallowed_outside_is_not_forgotten_inside() -> None:
    with pytest.raises(interrupt.Stopped), interrupt.insistent_interrupt():
        with suppress(interrupt.Stopped):
            os.kill(os.getpid(), signal.SIGINT)
            signal.pause()
        with interrupt.insistent_interrupt(60):
            pytest.fail("it goes on")
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


BEFORE_THE_COMMAND = """
import os, sys
from importlib.abc import MetaPathFinder

class Interrupting(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "obs_check.cli.main":
            os.kill(os.getpid(), int(sys.argv[1]))

sys.meta_path.insert(0, Interrupting())
from obs_check.__main__ import run
run()
"""
BEHIND_IT = """
import threading
from obs_check.cli import interrupt

interrupt.LEFT_S = 0.05
threading.Thread(target=threading.Event().wait).start()
print("told", end="")
interrupt.leave(3)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ahead_of_the_command_ends_it_with_a_line(number: signal.Signals) -> None:
    command = [sys.executable, "-c", BEFORE_THE_COMMAND, str(int(number))]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, preexec_fn=hear_signals)
    word = ENDINGS[number]
    assert (ended.returncode, ended.stdout, ended.stderr) == (128 + number, "", f"obs-check: error: {word}\n")


def test_a_thread_that_does_not_end_keeps_no_process() -> None:
    ended = subprocess.run([sys.executable, "-c", BEHIND_IT], capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout, ended.stderr) == (3, "told", "")


def test_an_error_made_of_a_signal_is_the_signal() -> None:
    found = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(interrupt.Stopped) as caught, interrupt.insistent_interrupt():
            try:
                os.kill(os.getpid(), signal.SIGINT)
                signal.pause()
            except KeyboardInterrupt as error:
                raise ImportError("a half initialized module") from error
        assert caught.value.exit_code == 130
    finally:
        signal.signal(signal.SIGINT, found)
