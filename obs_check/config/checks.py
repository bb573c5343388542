"""`checks:` of obs-check.yaml: what has to work in the workspace beside the firewall, before and after a run.

checks:
- {run: "git ls-remote https://git.example/team/app HEAD", expect: HEAD}
- {name: app, run: "curl -sS http://127.0.0.1:8080/healthz", expect: ok, exit: 0, timeout_s: 5}
"""

from dataclasses import dataclass

from obs_check.config.section import Section
from obs_check.errors import ConfigError
from obs_check.model.secret import hide_in_command


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A command that has to work where tool calls run."""

    name: str
    """What it is called in a report, once a file; without it the command itself."""
    run: str
    """The command, for a POSIX shell."""
    expect: str = ""
    """A text that it has to print."""
    exit: int = 0
    """The exit code that it has to end with."""
    timeout_s: float = 30.0
    """How long it may take."""


def read_checks(root: Section) -> tuple[HealthCheck, ...]:
    """The checks in their order; ConfigError with file and line for a wrong one, or two of one name."""
    found: dict[str, HealthCheck] = {}
    for section in root.items("checks", "name", "run", "expect", "exit", "timeout_s"):
        run = section.needed("run")
        hide_in_command(run)
        name = section.text("name") or run
        if name in found:
            raise ConfigError(f"{section.place()}: two checks are called {name}", "give one of them another name")
        code = section.text("exit") or "0"
        if not code.isdecimal() or int(code) > 255:
            raise ConfigError(f"{section.place()}: exit is not an exit code", "write a number from 0 to 255")
        found[name] = HealthCheck(
            name, run, section.text("expect") or "", int(code), section.seconds("timeout_s", 30.0) or 30.0
        )
    return tuple(found.values())
