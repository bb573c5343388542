"""What several tests of the lab's parts watch."""

import threading
from collections.abc import Iterator

import pytest

ENDS_S = 30
"""Longer than a client's library needs to end the thread that watched its idle connections."""


@pytest.fixture
def no_thread_is_left() -> Iterator[None]:
    """Every thread that began in the test has ended."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(ENDS_S)
    assert set(threading.enumerate()) <= before
