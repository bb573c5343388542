"""`--via coder`: a shell of a workspace, by `coder ssh`."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from obs_check.client.executors.executor import ExecutorKind, Reach
from obs_check.client.executors.process import ProcessRun, Saying, run_process
from obs_check.config import Config
from obs_check.config.executors import CoderConfig
from obs_check.errors import NotAllowed, Unavailable, UsageError

SAYINGS = (
    Saying(
        r"(?:signed out|session has expired|not logged in|API key is invalid|status code 401)",
        NotAllowed,
        "the session has expired",
        "give a new token: executors.coder.token",
    ),
    Saying(
        r"(?:status code 403|(?m:^(?:error: )?Forbidden\b))",
        NotAllowed,
        "this user may not open the workspace",
        "ask its owner or an admin",
    ),
    Saying(
        r"(?:workspace must be (?:started|in start transition)|workspace \S+ is in failed state)",
        Unavailable,
        "the workspace is stopped",
        "start it: coder start WORKSPACE",
    ),
    Saying(
        r"(?:agents? (?:not )?found[^\n]*), available agents: \[([^\]\n]*)\]",
        UsageError,
        r"the workspace has these agents: \1",
        "write executors.coder.workspace as WORKSPACE.AGENT",
    ),
    Saying(
        r"(?:status code 404|Resource not found or you do not have access|workspace \S+ is (?:being )?deleted)",
        UsageError,
        "workspace not found",
        "write it as OWNER/NAME or NAME",
    ),
    Saying(r"(agent not found by name \S+|workspace \S+ has no agents)", UsageError, r"\1", "see coder show WORKSPACE"),
    Saying(
        r"wanted 1 args but got",
        UsageError,
        "this coder runs no command by `coder ssh`",
        "install a later one, of the deployment's version",
    ),
    Saying(r"SSH connection ended unexpectedly", Unavailable, "the connection broke", "run it again"),
    Saying(
        r"(?:connection refused|no such host|timeout|timed out|: EOF\b|connection reset|x509: "
        r"|agent .*(?:disconnected|lost))",
        Unavailable,
        "the deployment or the agent does not answer",
        "is the URL right, is the agent connected?",
    ),
)
"""Coder 2.2x and 2.3x: cli/ssh.go and cli/root.go. Later ones print an API's message without its status."""
AMBIENT = ("CODER_URL", "CODER_SESSION_TOKEN", "CODER_AGENT_URL", "CODER_CONFIG_DIR")
"""Of the shell that obs-check runs in: they may belong to another deployment."""


REACH = Reach(
    "tool calls only where the login shell is wrapped as they are: it has the agent's environment",
    "that `sh -c`, as the agent starts tool calls, finds the same wrapper",
    unwrapped="the login shell: wrap it too, or ask with --via chat for tool calls",
)


@dataclass(frozen=True, slots=True)
class Coder:
    """`config` names deployment, token and workspace; the shell's own CODER_URL and the like are not used."""

    config: CoderConfig
    env: Mapping[str, str]
    name: str = "coder"
    reach: Reach = REACH

    @property
    def place(self) -> str:
        """Deployment and workspace."""
        return f"{self.config.url}: {self.config.workspace}"

    @property
    def ambient(self) -> str:
        """The variable of the shell that names another deployment, in words; "" without one."""
        other = self.env.get("CODER_URL", "").rstrip("/")
        differs = other and other != self.config.url
        return f"CODER_URL of this shell is another deployment ({other}) and is not used" if differs else ""

    def run(self, program: str, limit_s: float) -> Iterator[str]:
        """See Executor.run."""
        env = {name: value for name, value in self.env.items() if name not in AMBIENT}
        env["CODER_URL"] = self.config.url
        if self.config.token is not None:
            # In the environment of the one process, and in no list of arguments, which everybody can read.
            env["CODER_SESSION_TOKEN"] = self.config.token.reveal()
        argv = ("coder", "ssh", "--disable-autostart", self.config.workspace, "--", "sh", "-s")
        return run_process(ProcessRun(argv, program, limit_s, self.place, SAYINGS, env))


def _open(config: Config, env: Mapping[str, str], say: Callable[[str], None]) -> Coder | None:
    if config.executors.coder is None:
        return None
    coder = Coder(config.executors.coder, env)
    if coder.ambient:
        say(coder.ambient)
    return coder


KIND = ExecutorKind("coder", REACH, _open)
