"""Checks of the workspace: what each came to, run for real by a shell."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from obs_check.client.executors.command import CommandExecutor
from obs_check.client.executors.health import CheckResult, run_checks
from obs_check.client.workspace import workspace_health
from obs_check.config.checks import HealthCheck
from obs_check.config.executors import CoderConfig
from obs_check.config.section import Secret
from obs_check.errors import NotAllowed, ObsCheckError, Unavailable, UsageError

CHECKS = [
    (HealthCheck("prints", "printf 'one\\n\"two\" %s' $((1+1))", '"two" 2'), (True, "as it has to be", 'one\n"two" 2')),
    (HealthCheck("fails", "echo no >&2; exit 3"), (False, "it ended with 3, not with 0", "no")),
    (HealthCheck("is to fail", "exit 3", exit=3), (True, "as it has to be", "")),
    (HealthCheck("other", "echo it\\'s \N{SNOWMAN}", "sun"), (False, "it did not print 'sun'", "it's \N{SNOWMAN}")),
    (HealthCheck("not there", "no-such-program"), (False, "it ended with 127, not with 0", None)),
    (HealthCheck("reads", "cat; echo done", "done"), (True, "as it has to be", "done")),
    (HealthCheck("hangs", "sleep 60", timeout_s=0.2), (False, "it did not end within 0.2 s (timeout_s)", "")),
    (HealthCheck("endless", "yes x | head -c 100000; echo end", "end"), (True, "as it has to be", None)),
    (HealthCheck("looks like ours", "echo obs-check-health 0 exit 9"), (True, "as it has to be", None)),
]


def test_each_check_is_told_by_what_it_printed_and_how_it_ended() -> None:
    found = run_checks(CommandExecutor("{cmd}"), [check for check, _ in CHECKS], 30)
    for (check, (ok, says, output)), one in zip(CHECKS, found, strict=True):
        assert (one.name, one.ok, one.says) == (check.name, ok, says)
        assert output is None or one.output == output
        assert len(one.output) < 10_000


BROKEN: list[tuple[str, type[ObsCheckError], str]] = [
    ("echo hello; cat >/dev/null #{cmd}", UsageError, "the output is not that of the checks: it printed 'hello'"),
    ("sed 1d >/dev/null; echo 'obs-check-health 0 | x' #{cmd}", Unavailable, "the connection broke"),
    ("exit 7 #{cmd}", Unavailable, "ended with 7"),
]


@pytest.mark.parametrize(("template", "kind", "words"), BROKEN)
def test_what_is_not_there_is_no_failed_check(template: str, kind: type[ObsCheckError], words: str) -> None:
    with pytest.raises(kind, match=words):
        run_checks(CommandExecutor(template), [HealthCheck("one", "true")], 30)


class _Coder(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        server: Any = self.server
        server.asked.append((self.path, self.headers.get("Coder-Session-Token")))
        body = json.dumps(server.answer).encode()
        self.send_response(server.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture
def coder() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Coder)
    server.asked, server.status = [], 200
    Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def workspace(status: str, *apps: tuple[str, str], **agent: Any) -> dict[str, Any]:
    rows = [{"slug": slug, "health": health, "display_name": slug} for slug, health in apps]
    agents = [{"name": "main", "status": status, "lifecycle_state": "ready", "apps": rows, **agent}]
    return {"id": "1", "latest_build": {"status": "running", "resources": [{"agents": None}, {"agents": agents}]}}


def asked(server: Any, name: str = "me/dev") -> list[CheckResult]:
    url = f"http://127.0.0.1:{server.server_port}"
    return workspace_health(CoderConfig(url, name, Secret("a token", lambda: "s3cret")))


def test_coder_tells_of_agent_and_apps(coder: Any) -> None:
    coder.answer = workspace("connected", ("code", "healthy"), ("web", "unhealthy"), ("docs", "disabled"))
    assert {one.name: one.ok for one in asked(coder)} == {
        "workspace me/dev": True,
        "agent main": True,
        "app code": True,
        "app web": False,
    }
    coder.answer = workspace("disconnected", health={"healthy": False, "reason": "agent has lost connection"})
    assert [one.says for one in asked(coder, "dev") if not one.ok] == [
        "Coder reports the state disconnected",
        "agent has lost connection",
    ]
    assert coder.asked == [
        ("/api/v2/users/me/workspace/dev", "s3cret"),
        ("/api/v2/users/me/workspace/dev", "s3cret"),
    ]


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [(401, {}, NotAllowed), (404, {}, Unavailable), (200, {"id": "1"}, Unavailable), (200, [], Unavailable)],
)
def test_what_coder_does_not_tell_is_unknown(status: int, answer: Any, kind: type[ObsCheckError], coder: Any) -> None:
    coder.status, coder.answer = status, answer
    with pytest.raises(kind):
        asked(coder)
