"""The chat executor against a stand-in of the chats API that runs the command of its tool call for real."""

import json
import subprocess
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from obs_check.client.executors.chat import Chat
from obs_check.config.executors import ChatConfig
from obs_check.config.section import Secret
from obs_check.errors import NotAllowed, ObsCheckError, Unavailable, UsageError

PROGRAM = """echo 'one $HOME "two"'; printf '%s\\n' '☃ it'"'"'s'"""


class _Coder(BaseHTTPRequestHandler):
    """`server.mode`: what the deployment or the model does; `server.asked`: every request."""

    def _answer(self, status: int, document: Any) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _handle(self) -> None:
        server: Any = self.server
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        server.asked.append((self.command, self.path, body, self.headers.get("Coder-Session-Token")))
        base = "/api/v2/chats" if server.mode == "newer" else "/api/experimental/chats"
        if server.mode == "forbidden":
            return self._answer(403, {"message": "Forbidden."})
        if server.mode == "expired":
            return self._answer(401, {"message": "Cookie or header has expired."})
        if server.mode == "no id" and self.command == "POST":
            return self._answer(201, {"status": "pending"})
        if not self.path.startswith(base):
            return self._answer(404, {"message": "Route not found."})
        if self.command == "POST":
            if server.mode == "spent":
                return self._answer(409, {"message": "Chat usage limit exceeded."})
            command = body["content"][0]["text"].partition("\n\n")[2]
            server.command = command if server.mode != "changed" else command.replace("one", "1")
            return self._answer(201, {"id": "c1", "status": "pending"})
        if self.path.endswith("/messages"):
            return self._answer(200, {"messages": self._messages(server)})
        return self._answer(200, {"id": "c1", "status": "running" if server.mode == "silent" else "waiting"})

    do_GET = do_POST = do_PATCH = _handle  # noqa: N815 (the names that the base class calls)

    def _messages(self, server: Any) -> list[dict[str, Any]]:
        if server.mode == "silent":
            return []
        if server.mode == "refused":
            return [{"role": "assistant", "content": [{"type": "text", "text": "I would rather not."}]}]
        ran = subprocess.run(["sh", "-c", server.command], capture_output=True, text=True, check=False)
        call = {"type": "tool-call", "tool_call_id": "t1", "tool_name": "execute", "args": {"command": server.command}}
        result = {"type": "tool-result", "tool_call_id": "t1", "result": {"output": ran.stdout, "exit_code": 0}}
        return [{"role": "assistant", "content": [call]}, {"role": "tool", "content": [result]}]

    def log_message(self, *args: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture
def coder() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Coder)
    server.mode, server.asked = "", []
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def chat(server: Any) -> Chat:
    url = f"http://127.0.0.1:{server.server_port}"
    config = ChatConfig(url, Secret("a token", lambda: "s3cret"), "org", "ws")
    clock = iter(range(0, 1000, 10))
    return Chat(config, pause=lambda _s: None, clock=lambda: next(clock))


@pytest.mark.parametrize("mode", ["", "newer"])
def test_the_tool_call_runs_exactly_the_command(mode: str, coder: Any) -> None:
    coder.mode = mode
    lines = list(chat(coder).run(PROGRAM, 30))
    assert lines == ['one $HOME "two"', "☃ it's"]
    assert {token for _, _, _, token in coder.asked} == {"s3cret"}
    method, path, body, _ = coder.asked[-1]
    assert (method, path.endswith("/c1"), body) == ("PATCH", True, {"archived": True})


WRONG: list[tuple[str, type[ObsCheckError], str]] = [
    ("spent", NotAllowed, "the spend limit of chats is reached"),
    ("forbidden", NotAllowed, "403"),
    ("expired", NotAllowed, "401"),
    ("no id", Unavailable, "the answer names no chat"),
    ("silent", Unavailable, "no tool call within 30 s"),
    ("refused", Unavailable, "without running the command as it stands"),
    ("changed", Unavailable, "without running the command as it stands"),
]


@pytest.mark.parametrize(("mode", "kind", "words"), WRONG)
def test_what_a_model_or_a_limit_does_is_named(mode: str, kind: type[ObsCheckError], words: str, coder: Any) -> None:
    coder.mode = mode
    with pytest.raises(kind) as raised:
        list(chat(coder).run(PROGRAM, 30))
    assert words in raised.value.message
    assert raised.value.hint


def test_a_deployment_without_chats(coder: Any) -> None:
    config = chat(coder).config
    other = ChatConfig(f"{config.url}/sub", config.token, "org", "ws")
    with pytest.raises(UsageError, match="this deployment has no chats"):
        list(Chat(other).run(PROGRAM, 30))
