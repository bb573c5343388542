"""What holds for every test."""

import os
from collections.abc import Iterator

import pytest

from obs_check.config import STATE_VARIABLE


@pytest.fixture(autouse=True, scope="session")
def state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands keep their runs in a directory of the tests, not in that of whoever starts them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, STATE_VARIABLE, str(tmp_path_factory.mktemp("state")))
        yield
