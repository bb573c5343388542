"""What the engine is told in tests: a clock that stands still."""

from obs_check.logql.settings import EngineSettings

SETTINGS = EngineSettings(lambda: 1_795_132_800_000_000_000)
