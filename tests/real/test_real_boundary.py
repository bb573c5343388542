"""The same requests to a real boundary and the lab's: what they are answered, and what both write into their files."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import yaml

from obs_check.causes.egress import allow_denied
from obs_check.client.egress import send
from obs_check.errors import Unavailable
from obs_check.lab.audit import SocketAuditor
from obs_check.lab.egress import Invocation, LabEgress
from obs_check.lab.origin import Origin
from obs_check.lab.tls.certificate import CA
from obs_check.model.event import Event
from tests.causes.test_firewall import ALL_DENIED, OTHERS, SHAPES, context, edit_of
from tests.real.boundary_process import RealBoundary, files
from tests.real.process import free_ports

pytestmark = [
    pytest.mark.real,
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("boundary") is None, reason="boundary is not on PATH: put a v0.9.0 there"),
]
RULES = [
    "method=GET domain=127.0.0.1 path=/ok/*",
    "method=POST domain=127.0.0.1 path=/post",
    "domain=localhost",
    "domain=allowed.example",
]
DENIED = "http://denied.invalid"


@dataclass(frozen=True)
class Side:
    """One boundary after the requests: what each was answered, and its files."""

    answers: list[tuple[str, object]]
    files: list[list[str]]


def plain_requests(origin: int, closed: int) -> list[tuple[str, str]]:
    own = f"http://127.0.0.1:{origin}"
    return [
        ("GET", f"{own}/ok/a?obs=k3f9-1-allow"),
        ("GET", f"{own}/ok"),
        ("POST", f"{own}/ok/x"),
        ("POST", f"{own}/post"),
        ("GET", f"http://localhost:{origin}/any/thing?x=1&y=a%20b"),
        ("GET", f"{own}/ok/Upper%C3%A9?q=é"),
        ("GET", f"{DENIED}/x?obs=k3f9-2-deny&y=1"),
        ("GET", DENIED),
        ("GET", f"{DENIED}:8443/quo%22te"),
        ("HEAD", f"{DENIED}/x"),
        ("GET", f"http://127.0.0.1:{closed}/ok/dead"),
    ]


def ask(proxy: str, ca: Path, origin: int, closed: int) -> list[tuple[str, object]]:
    """Every request once, each on a connection of its own."""
    found: list[tuple[str, object]] = []
    for method, url in plain_requests(origin, closed):
        answer = send(Event("k3f9", 1, "allow", method, url, ""), proxy, None)
        found.append((f"{method} {url}", (answer.verdict, answer.status)))
    tunnels: list[tuple[str, Path | bool]] = [("denied.invalid", ca), ("denied.invalid", True), ("127.0.0.1", ca)]
    for host, trusted in tunnels:
        with requests.Session() as client:
            client.trust_env = False
            proxies = {"https": proxy}
            try:
                answered = client.get(
                    f"https://{host}/x", proxies=proxies, timeout=10, verify=str(trusted) if trusted is ca else True
                )
                found.append((host, answered.status_code))
            except requests.exceptions.SSLError as error:
                found.append((host, "certificate verify failed" in str(error)))
    return found


def wait_for_handshakes(logs: Path) -> None:
    """Wait for the lines about the two broken ones: a client is told before it is logged."""
    deadline = time.monotonic() + 30
    while str(files(logs)).count("TLS handshake failed") < 2 and time.monotonic() < deadline:
        time.sleep(0.05)


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Side, Side]]:
    directory = tmp_path_factory.mktemp("boundary")
    closed = free_ports(1)[0]
    with Origin() as origin:
        real = RealBoundary(directory / "real", RULES)
        try:
            real.__enter__()
        except Unavailable as error:
            pytest.skip(f"boundary's landjail does not run here: {error}")
        try:
            theirs = ask(real.url, real.ca, origin.port, closed)
            wait_for_handshakes(real.logs)
        finally:
            real.__exit__(None, None, None)
        logs = directory / "lab"
        config = directory / "lab.yaml"
        config.write_text(yaml.safe_dump({"allowlist": RULES, "log_level": "info", "log_dir": str(logs)}))
        audit = SocketAuditor(directory / "real/audit.sock")
        with LabEgress(config, audit, Invocation(port=int(real.url.rsplit(":", 1)[1]))) as lab:
            ours = ask(lab.url, CA, origin.port, closed)
            wait_for_handshakes(logs)
    yield Side(theirs, files(real.logs)), Side(ours, files(logs))


def test_the_answers_are_alike(sides: tuple[Side, Side]) -> None:
    real, lab = sides
    assert lab.answers == real.answers
    verdicts = [answer[0] for _, answer in real.answers if isinstance(answer, tuple)]
    # The answer to HEAD has no page to be known by.
    assert set(verdicts) == {"allow", "deny", "no_answer", "blocked_elsewhere"}
    assert real.answers[-3:] == [("denied.invalid", 403), ("denied.invalid", True), ("127.0.0.1", False)]


def test_the_lines_are_alike(sides: tuple[Side, Side]) -> None:
    real, lab = sides
    # The lab's CA is there already.
    assert lab.files[0] == [line for line in real.files[0] if "Generating new CA certificate" not in line]
    decisions = [line for line in real.files[0] if "msg=ALLOW" in line or "msg=DENY" in line]
    assert len(decisions) == 12


def test_both_files_of_an_invocation_are_there(sides: tuple[Side, Side]) -> None:
    for side in sides:
        ((line,),) = side.files[1:]
        assert line.startswith('level=INFO msg="Executing target command" command=')


RECORDED: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "fixtures/boundary/config-v0.9.0.json").read_text()
)
ASK = """
import sys, urllib.request
for url in sys.argv[1:]:
    try:
        urllib.request.urlopen(url, timeout=10)
    except OSError as error:
        if getattr(error, "code", None) != 403:
            print(url)
"""
"""Prints the URLs that boundary lets through: nobody answers for them."""


def started(text: str, directory: Path, urls: list[str]) -> subprocess.CompletedProcess[str]:
    """A boundary with this configuration around requests for these URLs; its output is those that it lets through."""
    config = directory / "config.yaml"
    config.write_bytes(text.encode())
    flags = ["--jail-type=landjail", f"--proxy-port={free_ports(1)[0]}", "--disable-audit-logs"]
    ended = subprocess.run(
        ["boundary", f"--config={config}", *flags, "--", sys.executable, "-c", ASK, *urls],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=directory,
        env={**os.environ, "XDG_CONFIG_HOME": str(directory)},
    )
    if "landlock" in ended.stderr.lower():
        pytest.skip(f"boundary's landjail does not run here: {ended.stderr[:200]}")
    return ended


@pytest.mark.parametrize("row", RECORDED, ids=lambda row: str(row["name"]))
def test_what_was_recorded_of_its_configuration_is_so(row: dict[str, Any], tmp_path: Path) -> None:
    ended = started(row["text"], tmp_path, ["http://127.0.0.2:9/", "http://127.0.0.3:9/"])
    assert (ended.returncode == 0) == row.get("starts", True), ended.stderr
    assert ended.stdout.split() == [f"http://{host}:9/" for host in row.get("allowed", [])]
    if "logs_denials" in row:
        assert ("msg=DENY" in ended.stderr) == row["logs_denials"]


@pytest.mark.parametrize("text", [text for text in SHAPES if "session" not in text])
def test_it_allows_what_a_fix_adds_and_decides_all_else_as_before(text: str, tmp_path: Path) -> None:
    edit = edit_of(allow_denied.find(context(text, ALL_DENIED, tmp_path)))
    urls = [*OTHERS, "http://denied.invalid/exfil", "http://allowed.example/other", "http://allowed.example/ok"]
    names = {urlsplit(url).hostname or "" for url in urls}
    # Loopback addresses in place of the names, which boundary would look up.
    hosts = {name: f"127.0.0.{number}" for number, name in enumerate(sorted(names, key=len, reverse=True), start=2)}

    def here(one: str, port: str = "") -> str:
        return re.sub("|".join(map(re.escape, hosts)), lambda found: f"{hosts[found[0]]}{port}", one)

    urls = [here(url, ":9") for url in urls]
    before, after = (started(here(one), tmp_path, urls) for one in (edit.before, edit.after))
    assert after.returncode == 0, after.stderr
    assert after.stdout.split() == [*before.stdout.split(), urls[-1]]
