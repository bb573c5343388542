"""Executors lead to a shell that runs the probe for real; what goes wrong on the way is one line with a remedy."""

import json
import os
import shutil
import tracemalloc
from collections.abc import Iterator
from dataclasses import fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from obs_check.boundary.block_page import BLOCKED
from obs_check.client.executors.coder import Coder
from obs_check.client.executors.command import CommandExecutor
from obs_check.client.executors.executor import Executor
from obs_check.client.executors.kubectl import Kubectl
from obs_check.client.executors.probe import Hold, Probed, hold_for, program, run_probe
from obs_check.client.executors.process import ProcessRun, read_output
from obs_check.client.executors.registry import EXECUTORS
from obs_check.config.executors import CoderConfig, ExecutorsConfig, KubectlConfig
from obs_check.config.section import Secret
from obs_check.errors import Unavailable
from obs_check.follow.run import plan_events
from tests.client.executors.programs import CODER, KUBECTL, install

RUN = "abc123"


class _Firewall(BaseHTTPRequestHandler):
    """Answers /ok, and everything else with the firewall's page."""

    def do_GET(self) -> None:
        status, body = (200, "ok") if self.path.startswith("/ok") else (403, f"\N{NO ENTRY SIGN} {BLOCKED}\n")
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *args: Any) -> None:
        """Nothing on standard error."""


@pytest.fixture(scope="module")
def firewall() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Firewall)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of what the stand-ins were asked; they are the only kubectl and coder on PATH."""
    install(tmp_path, kubectl=KUBECTL, coder=CODER)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("ASKED", str(tmp_path / "asked"))
    return tmp_path / "asked"


def env(**more: str) -> dict[str, str]:
    return {**os.environ, **more}


def sent(executor: Executor, firewall: str, client: Any = "any") -> Probed:
    events = plan_events(RUN, 2, 2, f"{firewall}/ok", f"{firewall}/denied")
    known = Probed()
    for now in run_probe(executor, program(RUN, events, client, Hold(0, "")), 60):
        known = now
    return known


def asked(there: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in there.read_text().splitlines()]


POD = KubectlConfig("prod", "coder", pod="dev-1", container="agent")
LABELS = KubectlConfig("prod", "coder", selector="app=workspace,owner=me & you")


@pytest.mark.parametrize("client", ["curl", "python", "both"])
def test_each_event_is_answered_by_the_page_not_by_a_code(client: str, firewall: str) -> None:
    if client != "python" and shutil.which("curl") is None:
        pytest.skip("there is no curl on PATH")
    known = sent(CommandExecutor("{cmd}"), firewall, client)
    verdicts = {n: answer.verdict for (n, _), (_, answer) in known.answers.items()}
    assert verdicts == {1: "allow", 2: "deny", 3: "allow", 4: "deny"}
    assert {who for _, who in known.answers} == ({"curl", "python"} if client == "both" else {client})
    assert all(at > 1_500_000_000 * 10**9 for at, _ in known.answers.values())
    assert known.ended


def test_kubectl_names_context_namespace_pod_and_container(firewall: str, there: Path) -> None:
    assert len(sent(Kubectl(POD, env(KUBECONFIG="/other")), firewall).answers) == 4
    (call,) = asked(there)
    wanted = ["--context", "prod", "-n", "coder", "exec", "-i", "dev-1", "-c", "agent", "--", "sh", "-s"]
    assert call["args"] == wanted


def test_a_pod_is_found_by_its_labels(firewall: str, there: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PODS", "dev-0! dev-1")
    assert len(sent(Kubectl(LABELS, env()), firewall).answers) == 4
    assert "app=workspace,owner=me & you" in asked(there)[0]["args"]


@pytest.mark.usefixtures("there")
def test_a_long_list_of_pods_is_read_to_its_end() -> None:
    """kubectl prints a list without line breaks where it is asked to, and a pod's annotations may be 256 KiB."""
    pods = env(PODS=" ".join([*(f"old-{n}!" for n in range(199)), "dev-1"]), NOTE="n" * 2000)
    assert list(Kubectl(LABELS, pods).run("echo there", 30)) == ["there"]


def test_coder_gets_its_own_deployment_and_a_token_in_no_argument(firewall: str, there: Path) -> None:
    shell = env(CODER_URL="https://other.example", CODER_SESSION_TOKEN="not-this")
    config = CoderConfig("https://coder.example", "dev", Secret("a token", lambda: "s3cret"))
    coder = Coder(config, shell)
    assert "https://other.example" in coder.ambient
    # What the login prints is left alone.
    assert len(sent(coder, firewall).answers) == 4
    (call,) = asked(there)
    assert (call["url"], call["token"]) == ("https://coder.example", "s3cret")
    assert "s3cret" not in " ".join(call["args"])


CONTAINERS: list[tuple[dict[str, str], str | None]] = [
    ({}, "agent"),
    ({"CONTAINERS": "main"}, "main"),
    ({"CONTAINERS": "main proxy", "MARKED": "proxy"}, "proxy"),
    ({"CONTAINERS": ""}, None),
]


@pytest.mark.parametrize(("pod", "container"), CONTAINERS)
def test_a_container_that_is_not_named_is_the_only_one(pod: dict[str, str], container: str | None, there: Path) -> None:
    one = KubectlConfig("prod", "coder", pod="dev-1")
    assert list(Kubectl(one, env(**pod)).run("echo there", 30)) == ["there"]
    wanted = ["-c", container] if container else []
    assert asked(there)[-1]["args"] == [
        *["--context", "prod", "-n", "coder", "exec", "-i", "dev-1"],
        *wanted,
        "--",
        "sh",
        "-s",
    ]


NAMES = ("it's", 'a "quoted" name', "$HOME `id` ;", "\N{SNOWMAN} \N{LATIN SMALL LETTER U WITH DIAERESIS}", "a\\b")


@pytest.mark.parametrize("name", NAMES)
def test_names_arrive_as_they_are(name: str, there: Path) -> None:
    """In the arguments of kubectl and coder no shell reads them."""
    pod = KubectlConfig("prod", name, selector=f"owner={name}", container=name)
    assert list(Kubectl(pod, env()).run("echo from there", 30)) == ["from there"]
    first, second = (call["args"] for call in asked(there))
    assert (first[3], first[first.index("-l") + 1]) == (name, f"owner={name}")
    assert (second[3], second[second.index("-c") + 1]) == (name, name)
    there.unlink()
    assert list(Coder(CoderConfig("https://coder.example", name), env()).run("echo there", 30))[1:] == ["there"]
    assert asked(there)[0]["args"] == ["ssh", "--disable-autostart", name, "--", "sh", "-s"]


PROGRAM = """printf '%s\\n' "it's" 'a "b" $HOME `id`' '\N{SNOWMAN}'; exit 7"""


@pytest.mark.usefixtures("there")
@pytest.mark.parametrize("via", ["kubectl", "coder", "command"])
def test_a_program_arrives_as_it_is_and_its_exit_code_is_told(via: str) -> None:
    executors: dict[str, Executor] = {
        "kubectl": Kubectl(POD, env()),
        "coder": Coder(CoderConfig("https://coder.example", "dev"), env()),
        "command": CommandExecutor("{cmd}"),
    }
    lines = []
    with pytest.raises(Unavailable, match=r"ended with 7"):
        for line in executors[via].run(PROGRAM, 30):
            lines.append(line)
    assert lines[-3:] == ["it's", 'a "b" $HOME `id`', "\N{SNOWMAN}"]


def test_a_program_without_an_end_costs_the_limit_and_no_more() -> None:
    with pytest.raises(Unavailable, match=r"sh did not end within 0.2 s") as late:
        list(CommandExecutor("while :; do :; done #{cmd}").run("", 0.2))
    assert "timeouts.start_s" in late.value.hint


@pytest.mark.parametrize("endless", ["yes", "cat /dev/zero"])
def test_output_without_an_end_costs_what_is_taken_and_no_more(endless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obs_check.client.executors.process.OUTPUT_BYTES", 1 << 20)
    lines = CommandExecutor(f"{endless} #{{cmd}}").run("", 60)
    with pytest.raises(Unavailable, match=r"more than 1 MiB of output"):
        assert sum(len(line) for line in lines) <= 1 << 20


def test_a_whole_output_of_short_lines_costs_little_more_than_it_is_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("obs_check.client.executors.process.OUTPUT_BYTES", 1 << 20)
    tracemalloc.start()
    with pytest.raises(Unavailable, match=r"more than 1 MiB of output"):
        read_output(ProcessRun(("yes",), "", 60, "here"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 << 20
    assert read_output(ProcessRun(("printf", "a\r\n\nb\n"), "", 60, "here")) == "a\n\nb"


def test_whole_batches_need_no_wait() -> None:
    assert hold_for(20, own_boundary=True).seconds == 1
    assert hold_for(20, own_boundary=False).seconds == hold_for(7, own_boundary=True).seconds == 6


def test_what_is_configured_of_executors_is_what_is_registered() -> None:
    assert {field.name for field in fields(ExecutorsConfig)} == set(EXECUTORS)
    assert all(kind.name == name for name, kind in EXECUTORS.items())
