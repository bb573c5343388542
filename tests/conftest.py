"""What holds for every test."""

import os
from collections.abc import Iterator

import pytest

from obs_check.config import STATE_VARIABLE
from obs_check.config.given import (
    BEARER_VARIABLE,
    GRAFANA_VARIABLE,
    LOKI_VARIABLE,
    TENANT_VARIABLE,
    TOKEN_VARIABLE,
)


@pytest.fixture(autouse=True, scope="session")
def state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands keep their runs in a directory of the tests, not in that of whoever starts them, and know of no Grafana
    or Loki of theirs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (GRAFANA_VARIABLE, TOKEN_VARIABLE, LOKI_VARIABLE, TENANT_VARIABLE, BEARER_VARIABLE):
            patch.delenv(name, raising=False)
        patch.setitem(os.environ, STATE_VARIABLE, str(tmp_path_factory.mktemp("state")))
        yield
