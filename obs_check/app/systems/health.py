"""The health of the workspace beside the firewall: the configured checks, and what Coder says of agent and apps."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from obs_check.app.systems.executors import LOCAL, open_executor
from obs_check.app.systems.injection import Sending
from obs_check.client.executors.command import CommandExecutor
from obs_check.client.executors.executor import Executor
from obs_check.client.executors.health import CheckResult, run_checks
from obs_check.client.workspace import workspace_health
from obs_check.config import Config
from obs_check.errors import NotAllowed, ObsCheckError
from obs_check.model.verdict import Verdict


@dataclass(slots=True)
class Health:
    """What was asked of the workspace before and after a run; `unknown` says what could not be asked."""

    before: list[CheckResult] = field(default_factory=list)
    after: list[CheckResult] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    denied: bool = False

    @property
    def asked(self) -> bool:
        """Whether anything was to be asked."""
        return bool(self.before or self.after or self.unknown)

    @property
    def verdict(self) -> Verdict:
        """fail where a check is not as it has to be, before or after; unknown where one could not be asked."""
        if any(not one.ok for one in (*self.before, *self.after)):
            return Verdict.FAIL
        return Verdict.UNKNOWN if self.unknown or not self.after else Verdict.OK

    def to_json(self) -> list[dict[str, Any]]:
        """A row a check: {"name", "verdict", "before", "after"}; a side is None where it was not asked."""
        before, after = ({one.name: one for one in side} for side in (self.before, self.after))
        rows = []
        for name in dict.fromkeys((*before, *after)):
            sides = (before.get(name), after.get(name))
            failed = any(one is not None and not one.ok for one in sides)
            unknown = Verdict.UNKNOWN if None in sides else Verdict.OK
            was, became = (one.to_json() if one else None for one in sides)
            verdict = str(Verdict.FAIL if failed else unknown)
            rows.append({"name": name, "verdict": verdict, "before": was, "after": became})
        return rows


def ask_health(config: Config, sending: Sending, say: Callable[[str], None], health: Health) -> list[CheckResult]:
    """The checks as they come out now, through the executor that sends, and what Coder says; empty where none is
    configured. What cannot be asked is noted in `health`."""
    rows: list[CheckResult] = []
    try:
        if config.checks:
            rows += run_checks(_executor(config, sending, say), config.checks, config.timeouts.start_s)
        if config.executors.coder is not None and config.executors.coder.token is not None:
            rows += workspace_health(config.executors.coder)
    except ObsCheckError as error:
        health.unknown.append(error.message)
        health.denied = health.denied or isinstance(error, NotAllowed)
    for one in rows:
        if not one.ok:
            say(f"check {one.name}: {one.says}")
    return rows


def _executor(config: Config, sending: Sending, say: Callable[[str], None]) -> Executor:
    via = sending.name(config)
    return CommandExecutor("{cmd}", LOCAL) if via == LOCAL else open_executor(config, via, sending.env or {}, say)
