"""What the engine is told in tests: a clock that stands still."""

from obs_check.logql.settings import LOKI_3_7, EngineSettings

SETTINGS = EngineSettings(lambda: 1_795_132_800_000_000_000)
NEWER = EngineSettings(SETTINGS.now_ns, LOKI_3_7)
