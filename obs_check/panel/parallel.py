"""Several questions at once, answered in their order.

ThreadPoolExecutor joins its threads when Python ends, so that an interrupt would wait for the slowest query of a
server that hangs; these threads are daemons.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from typing import TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


def ask_together(questions: Sequence[Q], ask: Callable[[Q], A], most: int) -> Iterator[A]:
    """The answers in the order of the questions, at most `most` asked at once. What `ask` raises is raised in the place
    of its answer; from then on, and when the caller stops, no further question is asked."""
    answers: list[Future[A]] = [Future() for _ in questions]
    left = iter(range(len(questions)))
    lock = threading.Lock()
    stopped = threading.Event()

    def work() -> None:
        while not stopped.is_set():
            with lock:
                place = next(left, None)
            if place is None:
                return
            try:
                answers[place].set_result(ask(questions[place]))
            except BaseException as error:
                stopped.set()
                answers[place].set_exception(error)

    for number in range(min(most, len(questions))):
        threading.Thread(target=work, daemon=True, name=f"ask-{number}").start()
    try:
        for answer in answers:
            yield answer.result()
    finally:
        stopped.set()
