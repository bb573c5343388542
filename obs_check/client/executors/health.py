"""Commands that say whether a workspace works, run where the tool calls run, by one program of POSIX sh."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from obs_check.client.executors.executor import Executor
from obs_check.config.checks import HealthCheck
from obs_check.errors import Unavailable, UsageError
from obs_check.model.secret import shorten

MARK = "obs-check-health"
_TIMED_OUT = 124
"""What timeout(1) ends with."""
_HEAD = """\
limited() { if command -v timeout >/dev/null 2>&1; then timeout "$@"; else shift; "$@"; fi; }
one() { # number, seconds, command: its last 4000 bytes, each line with the mark, and how it ended
  { code=$( { { limited "$2" sh -c "$3" </dev/null 2>&1 3>&- 4>&-; echo $? >&3; echo; } |
      tail -c 4000 | tr -d '\\000' | sed "s/^/@MARK@ $1 | /" >&4; } 3>&1 ); } 4>&1
  printf '%s %s exit %s\\n' '@MARK@' "$1" "$code"
}
"""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What a check came to: `ok`, in words why not, and the end of what it printed."""

    name: str
    ok: bool
    says: str
    output: str = ""

    def to_json(self) -> dict[str, Any]:
        """{"name", "ok", "says", "output"}."""
        return {"name": self.name, "ok": self.ok, "says": self.says, "output": self.output}


def health_program(checks: Sequence[HealthCheck]) -> str:
    """The program that runs them one after the other; their standard input is empty, they share nothing."""
    calls = [f"one {n} {check.timeout_s:g} {shlex.quote(check.run)}" for n, check in enumerate(checks)]
    return _HEAD.replace("@MARK@", MARK) + "\n".join(calls) + "\n"


def run_checks(executor: Executor, checks: Sequence[HealthCheck], start_s: float) -> list[CheckResult]:
    """Run the checks there, where a shell may take `start_s` seconds to be there. Raises what the executor raises;
    UsageError where the output is not the program's, Unavailable where it ended in the middle."""
    printed: dict[int, list[str]] = {}
    ended: dict[int, int] = {}
    strange = ""
    limit_s = start_s + sum(check.timeout_s for check in checks)
    for line in executor.run(health_program(checks), limit_s):
        mark, _, rest = line.partition(" ")
        number, _, said = rest.partition(" ")
        if mark != MARK or not number.isdecimal():
            strange = strange or line
        elif said.startswith("|"):
            printed.setdefault(int(number), []).append(said[2:])
        elif said.startswith("exit "):
            code = said.removeprefix("exit ")
            ended[int(number)] = int(code) if code.isdecimal() else -1
    if not ended and not printed:
        told = f"it printed {shorten(strange, 80)!r}" if strange else "it printed nothing"
        raise UsageError(f"{executor.place}: the output is not that of the checks: {told}", "is it a POSIX sh?")
    if len(ended) < len(checks):
        raise Unavailable(f"{executor.place}: the connection broke while the checks ran", "run it again")
    return [_checked(check, ended[n], "\n".join(printed.get(n, ())).strip()) for n, check in enumerate(checks)]


def _checked(check: HealthCheck, code: int, output: str) -> CheckResult:
    if code == _TIMED_OUT and check.exit != code:
        return CheckResult(check.name, False, f"it did not end within {check.timeout_s:g} s (timeout_s)", output)
    if code != check.exit:
        return CheckResult(check.name, False, f"it ended with {code}, not with {check.exit}", output)
    if check.expect not in output:
        return CheckResult(check.name, False, f"it did not print {check.expect!r}", output)
    return CheckResult(check.name, True, "as it has to be", output)
