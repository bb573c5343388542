"""An interrupt that Python swallows comes again."""

import os
import signal
import time

import pytest

from obs_check.cli import interrupt


class Swallows:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_swallowed_interrupt_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(interrupt, "AGAIN_S", 0.5)
    before = signal.getsignal(signal.SIGINT)
    survived = False
    with pytest.raises(KeyboardInterrupt), interrupt.insistent_interrupt():
        one = Swallows()
        del one
        survived = True
        signal.pause()
    assert survived
    assert signal.getsignal(signal.SIGINT) is before
