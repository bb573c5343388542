"""The engine's settings for what is done here with the lines of a Loki."""

from collections.abc import Callable

from obs_check.client.loki.client import LokiClient
from obs_check.errors import NotAllowed, Unavailable
from obs_check.logql.settings import LOKI_3_5, EngineSettings, read_version


def settings_for(loki: LokiClient, now_ns: Callable[[], int], detail: Callable[[str], None]) -> EngineSettings:
    """Those of the version that Loki says it has, one request; `detail` is told which, and why where it is guessed."""
    try:
        said = loki.version().value
    except (Unavailable, NotAllowed) as error:
        detail(f"{error.message}: the stages of queries are run as Loki 3.5 runs them")
        return EngineSettings(now_ns)
    version = read_version(said)
    if version is None:
        named = f"calls its version {said}" if said else "does not say its version"
        detail(f"loki {named}: the stages of queries are run as Loki 3.5 runs them")
    else:
        detail(f"loki is {said}")
    return EngineSettings(now_ns, version or LOKI_3_5)
