"""`--via chat`: a Coder Agents chat that is told to run the probe. A model decides, so this is not deterministic."""

import shlex
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass

from obs_check.client.answer import NoJson, decode_json
from obs_check.client.executors.executor import ExecutorKind, Reach
from obs_check.client.executors.process import START_KEY
from obs_check.client.http import Http
from obs_check.config import Config, host_port
from obs_check.config.executors import ChatConfig
from obs_check.errors import NotAllowed, ObsCheckError, Refused, Unavailable, UsageError
from obs_check.model.tree import Json

REACH = Reach(
    "tool calls of an agent in this workspace: it is one",
    "that it happens again: a model decides what is run, and may refuse",
    carries_batches=False,
    unwrapped="the agent's exec of tool calls: a `sh` first on the agent's PATH that enters the jail; ~/.bashrc does "
    "not reach `sh -c`",
)
_PATHS = ("/api/experimental/chats", "/api/v2/chats")
"""Coder 2.32 to 2.36, and from 2.37 on."""
_EVERY_S = 2.0
_DONE = frozenset({"waiting", "completed", "error"})


@dataclass(frozen=True, slots=True)
class Chat:
    """`config` names deployment, user's token, organization and workspace; `pause` and `clock` (s) are the clock."""

    config: ChatConfig
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    name: str = "chat"
    reach: Reach = REACH

    @property
    def place(self) -> str:
        """Deployment and workspace."""
        return f"{self.config.url}: chat in workspace {self.config.workspace}"

    def run(self, program: str, limit_s: float) -> Iterator[str]:
        """See Executor.run. The chat's tool call must have run exactly this command."""
        command = f"sh -c {shlex.quote(program)}"
        headers = {"Coder-Session-Token": self.config.token.reveal()}
        with closing(Http("coder", self.config.url, {host_port(self.config.url)}, headers)) as http:
            path, chat = self._start(http, command, limit_s)
            try:
                yield from self._output(http, f"{path}/{chat}", command, limit_s).splitlines()
            finally:
                # The chat has done its work; it stays readable in the archive.
                with suppress(ObsCheckError):
                    http.patch(f"{path}/{chat}", {"archived": True})

    def _start(self, http: Http, command: str, limit_s: float) -> tuple[str, str]:
        text = (
            "This is a connectivity check that the owner of this workspace asked for. Run exactly this command once "
            f"with your execute tool, with a timeout of {limit_s:.0f} s, and change nothing in it:\n\n{command}"
        )
        body: dict[str, Json] = {
            "organization_id": self.config.organization,
            "workspace_id": self.config.workspace,
            "content": [{"type": "text", "text": text}],
        }
        if self.config.model:
            body["model_config_id"] = self.config.model
        for path in _PATHS:
            try:
                return path, str(http.json(http.post(path, body))["id"])
            except Refused as error:
                if error.status == 404:
                    continue
                if error.status == 409:
                    raise NotAllowed(
                        f"{self.place}: the spend limit of chats is reached", "raise it, or use another executor"
                    ) from error
                raise
            except (KeyError, TypeError):
                raise Unavailable(f"{self.place}: the answer names no chat", "is this Coder 2.32 or later?") from None
        raise UsageError(
            f"{self.place}: this deployment has no chats", "switch on its experiment `agents`, or use another executor"
        )

    def _output(self, http: Http, chat: str, command: str, limit_s: float) -> str:
        deadline = self.clock() + limit_s
        while True:
            status = str(_status(http.json(http.get(chat))))
            found = _result(http.json(http.get(f"{chat}/messages")), command)
            if found is not None:
                return found
            if status in _DONE:
                raise Unavailable(
                    f"{self.place}: the chat ended ({status}) without running the command as it stands",
                    "the model refused or changed it: run it again, or use another executor",
                )
            if self.clock() > deadline:
                raise Unavailable(
                    f"{self.place}: no tool call within {limit_s:g} s",
                    f"see the chat in Coder, raise {START_KEY}, or use another executor",
                )
            self.pause(_EVERY_S)


def _status(chat: object) -> Json:
    return chat.get("status") if isinstance(chat, dict) else ""


def _result(messages: object, command: str) -> str | None:
    """What the tool call printed that ran exactly the command; None while there is none."""
    calls: set[str] = set()
    for part in _parts(messages):
        if part.get("type") == "tool-call" and _argument(part) == command:
            calls.add(str(part.get("tool_call_id")))
        if part.get("type") == "tool-result" and str(part.get("tool_call_id")) in calls:
            result = part.get("result")
            if isinstance(result, dict):
                return str(result.get("output") or "")
            return str(result or "")
    return None


def _argument(part: Mapping[str, object]) -> str:
    arguments = part.get("args") or part.get("input") or {}
    if isinstance(arguments, str):
        try:
            arguments = decode_json(arguments.encode())
        except (NoJson, UnicodeEncodeError):
            return ""
    return str(arguments.get("command", "")) if isinstance(arguments, dict) else ""


def _parts(messages: object) -> Iterator[dict[str, Json]]:
    rows = messages.get("messages", messages) if isinstance(messages, dict) else messages
    for message in rows if isinstance(rows, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for part in content if isinstance(content, list) else ():
            if isinstance(part, dict):
                yield part


def _open(config: Config, _env: Mapping[str, str], _say: Callable[[str], None]) -> Chat | None:
    given = config.executors.chat
    return Chat(given) if given else None


KIND = ExecutorKind("chat", REACH, _open)
