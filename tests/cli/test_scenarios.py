"""Whole commands on a running lab: exit codes, documents, kept files, outages, interruption, and no secret shown."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from obs_check.app.systems.shipping import open_shipping
from obs_check.cli.main import main
from obs_check.config import load_config
from obs_check.lab.parts import TOKEN_FILE
from obs_check.lab.stack import Lab
from tests.signals import hear_signals

PROGRAM = [sys.executable, "-m", "obs_check"]
GOLDEN = Path(__file__).parents[1] / "fixtures/cli/verify.txt"


class Ran(NamedTuple):
    """A command that ended; `out` and `err` are what it wrote to stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document on stdout."""
        value = json.loads(self.out)
        assert isinstance(value, dict)
        return value


Command = Callable[..., Ran]


@contextmanager
def settled(directory: Path) -> Iterator[Lab]:
    """A lab in which every panel reads what happens, once the lines of its start are in Loki: a run that begins
    earlier finds them sent in its own time and says so."""
    with Lab(directory) as lab:
        settle(lab)
        yield lab


def settle(lab: Lab) -> None:
    """Wait until the lines of the lab's start are in Loki."""
    shipping = open_shipping(load_config(lab.config_path, {}))
    assert shipping is not None
    deadline = time.monotonic() + 30
    while True:
        state = shipping.client.state().value
        written = [Path(file.path).read_bytes().count(b"\n") for file in state.files]
        if sum(written) == state.read_lines == state.sent_entries > 0:
            break
        assert time.monotonic() < deadline, state.to_json()
        time.sleep(0.05)
    shipping.client.close()


@pytest.fixture(scope="module")
def healthy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with settled(tmp_path_factory.mktemp("healthy")) as lab:
        yield lab


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A lab whose panels parse JSON lines with logfmt."""
    with Lab(tmp_path_factory.mktemp("broken"), ("panel-logfmt",)) as lab:
        yield lab


@pytest.fixture
def command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, request: pytest.FixtureRequest
) -> Command:
    """Runs a command in an empty folder; whatever it does, it shows no token and no traceback."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    name = "broken" if "broken" in request.fixturenames else "healthy"
    lab: Lab = request.getfixturevalue(name)
    token = (lab.directory / TOKEN_FILE).read_text()

    def run(*args: object) -> Ran:
        code = main([str(arg) for arg in args])
        shown = capsys.readouterr()
        assert token not in shown.out + shown.err
        assert all(token.encode() not in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
        assert "Traceback" not in shown.out + shown.err
        return Ran(code, shown.out, shown.err)

    return run


def changed(lab: Lab, name: str, pattern: str, replacement: str) -> Path:
    """A configuration beside the lab's with one thing changed."""
    text, count = re.subn(pattern, replacement, lab.config_path.read_text(), flags=re.M)
    assert count == 1
    path = lab.directory / name
    path.write_text(text)
    return path


def closed_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.slow
def test_verify_on_a_healthy_lab(command: Command, tmp_path: Path) -> None:
    # Of its own: the panels show the runs of other tests too.
    with settled(tmp_path / "lab") as lab:
        ran = command("verify", "-v", "--config", lab.config_path, "--save", "verify.json")
    assert ran.code == 0, ran.out + ran.err
    assert normalised(ran.out) == GOLDEN.read_text("utf-8")
    document = json.loads(Path("verify.json").read_text())
    assert list(document)[:4] == ["schema", "command", "verdict", "run"]
    assert (document["schema"], document["command"], document["verdict"]) == ("obs-check/1", "verify", "ok")
    assert document["run"] in ran.err
    assert document["findings"] == []
    assert len(document["events"]) == 20
    assert {panel["verdict"] for panel in document["panels"]} == {"ok"}
    assert {hop["verdict"] for hop in document["hops"]} == {"ok"}


def normalised(text: str) -> str:
    """Output with run ids, latencies and what depends on the clock replaced, and the columns' widths taken out."""
    text = re.sub(r"run [a-z0-9]{6}:", "run <id>:", text)
    text = re.sub(r"\b\d+(\.\d+)? (ms|s|us)(?= *│)", "<latency>", text)
    text = re.sub(r"in \d+ points?", "in <n> points", text)
    text = re.sub(r"(Batches forwarded +│ metrics +│) [\d.]+ ", r"\1 <n> ", text)
    # The first run of a lab also sees the lines that boundary writes when it starts.
    text = re.sub(r"(Boundary log files +│ A +│) \d+ lines", r"\1 <n> lines", text)
    text = re.sub(r"[━╇]+", "---", text)
    lines = (re.sub(r" {2,}", " ", line).rstrip() for line in text.splitlines())
    return "\n".join(lines) + "\n"


@pytest.mark.slow
def test_inject_keeps_a_run_that_trace_follows(healthy: Lab, command: Command, tmp_path: Path) -> None:
    injected = command("inject", "--config", healthy.config_path, "--allow", "5", "--deny", "5")
    assert injected.code == 0
    (kept,) = tmp_path.glob("run-*.json")
    assert f"obs-check trace {kept.name}" in injected.err
    assert injected.out.count("-allow  allow  200") == 5
    assert injected.out.count("-deny  deny  403") == 5
    traced = command("trace", kept.name, "--config", healthy.config_path, "-o", "json")
    assert traced.code == 0, traced.err
    assert traced.document["run"] == kept.stem.removeprefix("run-")
    assert [(h["path"], h["hop"], h["verdict"]) for h in traced.document["hops"]] == [
        *(("A", hop, "ok") for hop in ("egress", "file", "shipper", "loki")),
        *(("B", hop, "ok") for hop in ("egress", "coderd", "shipper", "loki")),
    ]


@pytest.mark.slow
def test_a_broken_panel_is_diagnosed_confirmed_and_exported(broken: Lab, command: Command, tmp_path: Path) -> None:
    verified = command("verify", "--config", broken.config_path, "--save", "verify.json")
    assert verified.code == 1
    assert "pipeline.wrong-parser" in verified.out
    assert json.loads(Path("verify.json").read_text())["verdict"] == "fail"

    diagnosed = command("diagnose", "--config", broken.config_path, "--save", "before.json", "-o", "json")
    assert diagnosed.code == 1
    assert {finding["cause"] for finding in diagnosed.document["findings"]} == {"pipeline.wrong-parser"}
    assert diagnosed.document["unexplained"] == []
    assert json.loads(Path("before.json").read_text()) == diagnosed.document

    exported = command("export", "verify.json", "--to", "evidence")
    assert exported.code == 0
    written = [Path(line) for line in exported.out.split()]
    assert {path.suffix for path in written} >= {".csv", ".json", ".md", ".html"}
    assert all((tmp_path / path).stat().st_size for path in written)

    suggested = command("diagnose", "--config", broken.config_path, "--inject", "--suggest", "-o", "json")
    meant = {row["id"]: row["meaning"] for row in suggested.document["control"]}
    assert [row for row in suggested.document["control"] if row["id"] < 8 and row["meaning"] != "broken_zero"] == []
    assert set(meant) >= set(range(1, 8))
    assert (meant[8], meant[9], meant[11]) == ("live", "live", "quiet")
    rows = suggested.document["suggested"]
    assert {row["id"] for row in rows} == {1, 2, 3, 4, 5, 6, 7}
    assert {row["reads"] for row in rows} == {"No data"}
    assert {row["verdict"] for row in rows} == {"ok"}

    told = command(
        *("diagnose", "--config", broken.config_path, "-o", "github", "--junit", "run.xml", "--fail-on", "never"),
        *("--summary", "run.md"),
    )
    assert told.code in (0, 3)
    assert "::error title=pipeline.wrong-parser::" in told.out
    assert 'name="diagnose panels"' in Path("run.xml").read_text()
    assert "pipeline.wrong-parser" in Path("run.md").read_text()
    unasked = command("diagnose", "--config", broken.config_path, "--apply")
    assert (unasked.code, unasked.out) == (2, "")
    assert "nobody can be asked here" in unasked.err
    fixed = command("diagnose", "--config", broken.config_path, "--inject", "--apply", "--yes", "--patch", "all.patch")
    assert "\nchanged: dashboard agent-firewall saved as version 2" in fixed.out
    assert "will change dashboard agent-firewall: 7 queries" in fixed.err
    assert fixed.out.splitlines()[-1] == f"next: obs-check confirm last --config {broken.config_path}"
    assert Path("all.patch").read_text().startswith("# dashboard:agent-firewall is saved in Grafana by --apply")
    assert "all.patch changes no file" in fixed.err
    followed = command("trace", "last", "--config", broken.config_path, "-o", "json")
    assert f"kept as run {followed.document['run']}" in fixed.err
    exported = command("export", "last", "--to", "all", "--decisions", "--config", broken.config_path)
    assert exported.code == 0, exported.err
    assert f"obs={followed.document['run']}-1-allow" in Path("all/decisions.csv").read_text()
    assert "`top_domains.csv`" in Path("all/README.md").read_text()
    confirmed = command("confirm", "verify.json", "--config", broken.config_path)
    assert confirmed.code == 0, confirmed.out
    assert re.search(r"^ *1 fixed +Requests by decision: .* -> Allowed 10, Denied 10$", confirmed.out, re.M)
    assert "still broken" not in confirmed.out


@pytest.mark.parametrize("args", [["verify"], ["diagnose"], ["verify", "-o", "json"], ["diagnose", "-o", "json"]])
def test_grafana_does_not_answer(args: list[str], healthy: Lab, command: Command, tmp_path: Path) -> None:
    config = changed(healthy, "down.yaml", r"(?<=grafana:\n  url: ).*", f"http://127.0.0.1:{closed_port()}")
    ran = command(*args, "--config", config, "--save", "kept.json")
    assert ran.code == 3
    first, hint = ran.err.splitlines()
    assert re.fullmatch(r"obs-check: error: grafana: http://127\S+ does not answer: Connection refused", first)
    assert hint.startswith("hint: is it up")
    kept = json.loads((tmp_path / "kept.json").read_text())
    assert (kept["verdict"], kept["findings"], kept["panels"], len(kept["outages"])) == ("unknown", [], [], 1)
    if "json" in args:
        assert ran.document == kept
    else:
        assert ran.out == ""


@pytest.mark.parametrize("args", [["verify"], ["inject"]])
def test_the_proxy_does_not_answer(args: list[str], healthy: Lab, command: Command) -> None:
    config = changed(healthy, "no-proxy.yaml", r"(?<=  proxy: ).*", f"http://127.0.0.1:{closed_port()}")
    ran = command(*args, "--config", config)
    assert (ran.code, ran.out) == (3, "")
    sending, error = ran.err.splitlines()[:2]
    assert re.fullmatch(r"run [a-z0-9]{6}: sending 20 events", sending)
    assert re.search(r"boundary's proxy: http://127\S+ does not answer: Connection refused", error)


def test_a_run_that_cannot_be_kept(healthy: Lab, command: Command) -> None:
    ran = command("inject", "--config", healthy.config_path, "--save", "none/run.json")
    assert (ran.code, ran.out) == (2, "")
    assert "none/run.json: No such file or directory" in ran.err


def test_loki_does_not_answer(healthy: Lab, command: Command) -> None:
    config = changed(healthy, "no-loki.yaml", r"datasource: loki$", f"url: http://127.0.0.1:{closed_port()}")
    ran = command("query", '{job="boundary"}', "--config", config)
    assert ran.code == 3
    assert ran.out == ""
    assert "loki: http://127.0.0.1" in ran.err.splitlines()[0]


@pytest.mark.parametrize("args", [["verify"], ["diagnose"], ["diagnose", "-o", "json"]])
def test_wrong_token(args: list[str], healthy: Lab, command: Command) -> None:
    (healthy.directory / "wrong.token").write_text("glsa_wrong_and_secret\n")
    config = changed(healthy, "wrong.yaml", r"file: .*token$", "file: wrong.token")
    ran = command(*args, "--config", config)
    assert ran.code == 4
    assert "answered 401" in ran.err.splitlines()[0]
    assert "check the token" in ran.err
    assert "glsa_wrong_and_secret" not in ran.out + ran.err
    if "json" in args:
        assert (ran.document["verdict"], ran.document["findings"]) == ("unknown", [])


def test_no_token_file(healthy: Lab, command: Command) -> None:
    config = changed(healthy, "none.yaml", r"file: .*token$", "file: none.token")
    ran = command("verify", "--config", config)
    assert ran.code == 2
    assert "none.token: the secret cannot be read: No such file" in ran.err


@pytest.mark.parametrize(("kind", "uid"), [("loki", "nosuch"), ("weird-datasource", "w")])
def test_an_unknown_datasource_is_named(kind: str, uid: str, healthy: Lab, command: Command, tmp_path: Path) -> None:
    target = {"refId": "A", "expr": '{a="b"}'}
    panel = {"id": 1, "type": "stat", "title": "p", "datasource": {"type": kind, "uid": uid}, "targets": [target]}
    (tmp_path / "d.json").write_text(json.dumps({"uid": "d", "title": "d", "panels": [panel]}))
    ran = command("diagnose", "--config", healthy.config_path, "--dashboard", "d.json")
    assert ran.code == 1
    shown = " ".join(ran.out.split())
    known = {"nosuch": "proved", "w": "observed"}
    assert f"panel.datasource-missing error, {known[uid]} datasource '{uid}' was not found; " in shown
    named = {"nosuch": "the nearest is 'loki' (loki)", "w": "there are: loki, postgres, prometheus"}
    assert named[uid] in shown
    assert "explains panel 1; " in shown


def test_a_query_that_grafana_cannot_read_leaves_its_panel_unknown(healthy: Lab, command: Command) -> None:
    def panel(number: int, **more: str) -> dict[str, Any]:
        source = {"type": "loki", "uid": "loki"}
        target = {"refId": "A", "expr": "vector(2)", "datasource": source, **more}
        return {"id": number, "type": "stat", "title": f"p{number}", "datasource": source, "targets": [target]}

    panels = [panel(1, step="often"), panel(2), panel(3, direction="up")]
    Path("d.json").write_text(json.dumps({"uid": "d", "title": "d", "panels": panels}))
    args = ("diagnose", "--config", healthy.config_path, "--dashboard", "d.json")
    ran = command(*args, "-o", "json")
    assert ran.code == 3, ran.out + ran.err
    rows = [(row["id"], row["verdict"], row["reads"], row["cause"]) for row in ran.document["panels"]]
    assert rows == [(1, "unknown", "No data", ""), (2, "ok", "2", ""), (3, "unknown", "No data", "")]
    assert [row["state"] for row in ran.document["panels"] if row["id"] != 2] == ["error", "error"]
    assert (ran.document["findings"], ran.document["unexplained"]) == ([], [])
    assert "3 panels read, 0 not as they should, 2 unknown" in ran.err
    shown = " ".join(command(*args).out.split())
    assert "note on panels 1, 3: grafana: http://127" in shown
    assert "answered 500: An error occurred within the plugin (look at the log of grafana)" in shown


def test_a_panel_that_is_not_there_is_named_with_those_that_are(healthy: Lab, command: Command) -> None:
    ran = command("diagnose", "--config", healthy.config_path, "--panel", "99")
    assert (ran.code, ran.out) == (2, "")
    assert "no panel 99" in ran.err
    assert "panels: 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12" in ran.err


NO_PANELS: list[tuple[dict[str, Any], str]] = [
    ({}, "holds no panels to compare with"),
    ({"panels": []}, "holds no panels to compare with"),
    ({"panels": [{"id": 1}]}, "of another shape"),
    ({"panels": [3], "events": []}, "of another shape"),
]


@pytest.mark.parametrize(("kept", "words"), NO_PANELS)
def test_what_has_no_panels_is_not_confirmed(kept: dict[str, Any], words: str, healthy: Lab, command: Command) -> None:
    log = healthy.directory / "boundary_logs"
    before = {path: path.stat().st_size for path in log.iterdir()}
    head = {"schema": "obs-check/1", "command": "verify", "verdict": "ok", "events": []}
    Path("kept.json").write_text(json.dumps({**head, **kept}))
    ran = command("confirm", "kept.json", "--config", healthy.config_path)
    assert (ran.code, ran.out) == (2, "")
    assert f"kept.json: {words}" in ran.err
    assert {path: path.stat().st_size for path in log.iterdir()} == before


def text_until(stream: Any, wanted: str, seconds: float) -> str:
    """The whole lines of a pipe, up to one that holds a text or further; fails when it has not come in time."""
    deadline, text = time.monotonic() + seconds, b""
    while (left := deadline - time.monotonic()) > 0:
        if select.select([stream], [], [], left)[0]:
            chunk = os.read(stream.fileno(), 65536)
            if not chunk:
                break
            text += chunk
            whole = text[: text.rfind(b"\n") + 1].decode()
            if wanted in whole:
                return whole
    raise AssertionError(f"no {wanted!r} in {seconds} s: {text.decode()}")


def line_of(stream: Any, wanted: str, seconds: float) -> str:
    """The first line of a pipe that holds a text; fails when it has not come in time."""
    return next(line for line in text_until(stream, wanted, seconds).split("\n") if wanted in line)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "code", "word"), [(signal.SIGINT, 130, "interrupted"), (signal.SIGTERM, 143, "terminated")]
)
def test_interrupted_while_it_follows(number: int, code: int, word: str, healthy: Lab, tmp_path: Path) -> None:
    config = changed(healthy, "elsewhere.yaml", r"logs: boundary_logs/\*\.log", "logs: nowhere/*.log")
    kept, pipe = tmp_path / "kept.json", subprocess.PIPE
    args = ["verify", "--config", str(config), "--timeout", "60", "--save", str(kept)]
    with subprocess.Popen([*PROGRAM, *args], stdout=pipe, stderr=pipe, preexec_fn=hear_signals) as process:
        try:
            line_of(process.stderr, "path B loki: 20 of 20", 60)
            process.send_signal(number)
            out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == code, err
    assert err.decode().splitlines()[-1] == f"obs-check: error: {word}"
    assert "Hops" in out.decode()
    document = json.loads(kept.read_text())
    assert (document["verdict"], document["ended"]) == ("unknown", word)
    hops = {(hop["path"], hop["hop"]): hop["verdict"] for hop in document["hops"]}
    assert (hops["A", "file"], hops["A", "shipper"], hops["B", "loki"]) == ("unknown", "unknown", "ok")
    assert document["findings"] == []
    assert len(document["events"]) == 20


def lab_directories(folder: Path) -> set[Path]:
    """The temporary directories of labs."""
    return set(folder.glob("obs-check-lab-*"))


@pytest.mark.slow
def test_a_killed_lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it leaves is gone with the next one."""
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen([*PROGRAM, "lab", "up"], env=env, stdout=subprocess.PIPE) as process:
        try:
            line_of(process.stdout, "lab is up", 60)
        finally:
            process.kill()
    left = set(tmp_path.iterdir())
    assert left >= lab_directories(tmp_path) != set()
    (tmp_path / "obs-check-evidence-of-somebody").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with Lab() as one, Lab() as other:
        assert lab_directories(tmp_path) == {one.directory, other.directory}
        assert not left & set(tmp_path.iterdir())
    assert [path.name for path in tmp_path.iterdir()] == ["obs-check-evidence-of-somebody"]


def lab_reload(directory: Path) -> tuple[int, str]:
    """Exit code and stderr of `lab reload`."""
    done = subprocess.run([*PROGRAM, "lab", "reload", "--dir", directory], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.slow
def test_lab_up_and_down(tmp_path: Path) -> None:
    env = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*PROGRAM, "lab", "up"], env=env, stdout=pipe, stderr=pipe, start_new_session=True, preexec_fn=hear_signals
    ) as process:
        try:
            out = text_until(process.stdout, "stop it with Ctrl-C", 60)
            config = Path(out.splitlines()[0].split()[-1])
            assert config.is_file()
            assert {config.parent} == lab_directories(tmp_path)
            boundary = config.parent / "boundary.yaml"
            right = boundary.read_text()
            assert lab_reload(config.parent) == (0, "")
            boundary.write_text("allowlist: 5\n")
            code, said = lab_reload(config.parent)
            assert (code, "boundary.yaml" in said) == (2, True)
            boundary.write_text(right)
            assert lab_reload(config.parent) == (0, "")
            process.send_signal(signal.SIGINT)
            _, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 0, err
    assert err == b""
    assert re.findall(r"^  (\w+) +(?:http|/)", out, re.M) == [
        "grafana",
        "token",
        "loki",
        "prometheus",
        "shipper",
        "boundary",
    ]
    assert "no lab is up" in lab_reload(tmp_path)[1]
    assert lab_directories(tmp_path) == set()
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
