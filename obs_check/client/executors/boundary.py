"""`--via boundary`: a boundary of its own around the probe."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from obs_check.client.executors.executor import ExecutorKind, Reach
from obs_check.client.executors.process import ProcessRun, Saying, run_process
from obs_check.config import Config
from obs_check.config.executors import BoundaryRun
from obs_check.errors import Unavailable, UsageError

SAYINGS = (
    Saying(r"(unknown option \S+)", UsageError, r"boundary does not start: \1", "this version does not know the key"),
    Saying(r"(?:[Ff]ailed to parse allow rules?:? ?)(.*)", UsageError, r"boundary does not start: \1", "mend the rule"),
    Saying(
        r"address already in use",
        Unavailable,
        "another process has boundary's port, so the command never ran",
        "give proxy_port another number, or end the other boundary",
    ),
    Saying(
        r"(?:operation not permitted|sudo|setpriv|iptables|NET_ADMIN)",
        Unavailable,
        "this machine does not let boundary make its jail",
        "nsjail needs sudo and NET_ADMIN; try executors.boundary.jail_type: landjail",
    ),
    Saying(r"[Ll]andlock", Unavailable, "the kernel has no Landlock for the network (6.7 and later)", "try nsjail"),
)


REACH = Reach(
    "the policy of this configuration, and both paths of the records of a boundary like this one",
    "that tool calls are wrapped, or by a boundary with this configuration",
    own_boundary=True,
)


@dataclass(frozen=True, slots=True)
class BoundaryExecutor:
    """`config` names the program, its configuration and the type of the jail."""

    config: BoundaryRun
    name: str = "boundary"
    reach: Reach = REACH

    @property
    def place(self) -> str:
        """Program and configuration."""
        return f"{self.config.program} --config {self.config.config or '(its default)'}"

    def run(self, program: str, limit_s: float) -> Iterator[str]:
        """See Executor.run."""
        config = ("--config", str(self.config.config)) if self.config.config else ()
        jail = ("--jail-type", self.config.jail_type) if self.config.jail_type else ()
        argv = (self.config.program, *config, *jail, "--", "sh", "-s")
        return run_process(ProcessRun(argv, program, limit_s, self.place, SAYINGS))


def _open(config: Config, _env: Mapping[str, str], _say: Callable[[str], None]) -> BoundaryExecutor:
    return BoundaryExecutor(config.executors.boundary or BoundaryRun(config=config.boundary.config))


KIND = ExecutorKind("boundary", REACH, _open)
