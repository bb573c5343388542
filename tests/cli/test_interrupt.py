"""An interrupt that Python swallows comes again."""

import os
import signal
import time
from contextlib import suppress

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
