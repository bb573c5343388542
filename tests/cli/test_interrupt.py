"""An interrupt that Python swallows comes again."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from obs_check.cli import interrupt


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
