"""`--via command`: any way to a shell that can be written as a command line."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from obs_check.client.executors.executor import ExecutorKind, Reach
from obs_check.client.executors.process import ProcessRun, run_process
from obs_check.config import Config

PLACE = "{cmd}"


REACH = Reach(
    "the firewall around what the command line starts",
    "anything about tool calls, unless it starts them as the agent does",
)


@dataclass(frozen=True, slots=True)
class CommandExecutor:
    """`template` is run by this machine's sh with `{cmd}` filled in: `ssh dev {cmd}`, `docker exec -i agent {cmd}`. The
    program comes on standard input, so the template has to pass that on."""

    template: str
    name: str = "command"
    reach: Reach = REACH

    @property
    def place(self) -> str:
        """The template."""
        return self.template

    def run(self, program: str, limit_s: float) -> Iterator[str]:
        """See Executor.run."""
        return run_process(
            ProcessRun(("sh", "-c", self.template.replace(PLACE, "sh -s")), program, limit_s, self.place, ())
        )


def _open(config: Config, _env: Mapping[str, str], _say: Callable[[str], None]) -> CommandExecutor | None:
    given = config.executors.command
    return CommandExecutor(given) if given else None


KIND = ExecutorKind("command", REACH, _open)
