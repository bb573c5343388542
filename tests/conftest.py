"""What holds for every test."""

import gc
import os
from collections.abc import Generator, Iterator

import pytest

from obs_check.config import STATE_VARIABLE
from obs_check.config.given import (
    BEARER_VARIABLE,
    GRAFANA_VARIABLE,
    LOKI_VARIABLE,
    TENANT_VARIABLE,
    TOKEN_VARIABLE,
)
from obs_check.model import secret


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Tests and what they are made of stay to the end: no garbage is looked for among them, which took a third of the
    time of collecting them, and a tenth of that of short ones."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def state_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands keep their runs in a directory of the tests, not in that of whoever starts them, and know of no Grafana
    or Loki of theirs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in (GRAFANA_VARIABLE, TOKEN_VARIABLE, LOKI_VARIABLE, TENANT_VARIABLE, BEARER_VARIABLE):
            patch.delenv(name, raising=False)
        patch.setitem(os.environ, STATE_VARIABLE, str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def secrets_of_its_own() -> Iterator[None]:
    """What was a secret in one test is a word like others in the next: a process knows its secrets to its end, and that
    of the tests runs many commands."""
    forms, found = dict(secret._forms), secret._found
    yield
    if secret._found is not found:
        secret._forms.clear()
        secret._forms.update(forms)
        secret._found = found
