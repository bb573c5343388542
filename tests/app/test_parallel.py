"""Several questions at once: order, bound, and the end after an error."""

import threading

import pytest

from obs_check.panel.parallel import ask_together


def test_answers_come_in_order_and_no_more_than_asked_run_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()
    gate = threading.Barrier(3, timeout=30)

    def ask(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        gate.wait()
        with lock:
            running -= 1
        return number * number

    assert list(ask_together(range(9), ask, 3)) == [n * n for n in range(9)]
    assert most == 3


def test_nothing_more_is_asked_after_an_error() -> None:
    asked: list[int] = []

    def ask(number: int) -> int:
        asked.append(number)
        if number == 2:
            raise ValueError(number)
        return number

    answers = ask_together(range(100), ask, 1)
    with pytest.raises(ValueError, match="2"):
        list(answers)
    assert asked == [0, 1, 2]


def test_no_question_needs_no_thread() -> None:
    assert list(ask_together([], str, 4)) == []
