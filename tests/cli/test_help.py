"""Every command: examples in its help and in the documentation that work, the same names for the same options, and a -v
that says more."""

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from obs_check.cli.main import cli, main
from obs_check.config import STATE_VARIABLE
from obs_check.lab.parts import TOKEN_FILE
from obs_check.lab.stack import Lab
from tests.test_docs_links import command_lines

ROOT = Path(__file__).parents[2]
_CONTINUED = re.compile(r" \\\n\s*")
SHARED = {"--config": "config_path", "--output": "format_", "--no-color": "no_color", "--verbose": "verbose"}
SHORT = {"-o": "--output", "-v": "--verbose"}
SENDING = ("demo", "diagnose", "verify", "watch", "inject", "trace", "confirm", "lab up", "lab loki", "lab reload")
"""Commands of which other tests are about whole runs: of their examples only the words are read."""
NOT_HERE = (
    "obs-check init --context staging --namespace monitoring",
    "obs-check init --context staging --yes --to staging.yaml",
)
"""They want a kubectl: tests/cli/test_init_cluster.py."""
ONLY_READ = {
    "bundle last --to run.zip --sign '~/.ssh/id_ed25519'": "somebody's key; tests/report/test_bundle.py makes one",
    "bundle verify run.zip --signers signers": "the same",
    "dashboard obs-check-watch --install": "it asks, and nobody is there; with --yes it is run",
    "query recent-denied --from 2026-11-24T00:00:00Z --to now-1h --grafana https://grafana.example --datasource loki": (
        "a window that depends on today"
    ),
    "query recent-denied -o jsonl --since 10m --follow": "it has no end",
    "shipper dry-run --shipper-config promtail.yaml --job pods --label app=coder --trace "
    "node/var/log/pods/coder_coder-0_0f3b1c52-6a6e-4f0f-9f60-2f7d2f6a9c44/coder/0.log": "a job of another cluster",
    "shipper status --shipper-url http://127.0.0.1:9080 --positions positions.yaml --log promtail.log --for 10": (
        "it looks for ten seconds"
    ),
}
"""Lines of the documentation that are not run, and why; tests/test_docs_links.py reads every line with click. Those of
SENDING and NOT_HERE are not run either, those of `query` on files by tests/test_docs.py."""


def _walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        below = command.get_command(context, name)
        assert below is not None
        yield from _walk(below, (*path, name))


COMMANDS = dict(_walk(cli))


def _examples(command: click.Command) -> list[str]:
    text = _CONTINUED.sub(" ", command.help or "")
    return [line.strip() for line in text.splitlines() if line.strip().startswith("obs-check ")]


@pytest.mark.parametrize("name", COMMANDS)
def test_it_has_an_example_of_itself(name: str) -> None:
    called = name.removesuffix(" make")
    assert [line for line in _examples(COMMANDS[name]) if line.startswith(f"obs-check {called}")]


@pytest.mark.parametrize("name", COMMANDS)
def test_shared_options_have_one_name_and_one_meaning(name: str) -> None:
    for option in (one for one in COMMANDS[name].params if isinstance(one, click.Option)):
        for spelt in option.opts:
            if spelt in SHARED:
                assert option.name == SHARED[spelt]
            if spelt in SHORT:
                assert SHORT[spelt] in option.opts
        assert option.name not in SHARED.values() or set(option.opts) & set(SHARED)
        assert option.help, option.name


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab"), ("panel-logfmt",)) as found:
        yield found


@pytest.mark.parametrize("name", SENDING)
def test_an_example_of_a_run_is_read(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lab").mkdir()
    for example in _examples(COMMANDS[name]):
        words = shlex.split(example)[1 + len(name.split()) :]
        assert COMMANDS[name].make_context(name, words).params


@pytest.mark.slow
def test_every_other_example_is_understood(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each is run in a folder with the lab's obs-check.yaml; example hosts stand for the lab's own. 2 (wrong usage), 4
    and 70 (an error of our own) are wrong, whatever the lab is found to be."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(os.environ, STATE_VARIABLE, str(tmp_path / "state"))
    monkeypatch.setenv("GRAFANA_TOKEN", (lab.directory / TOKEN_FILE).read_text("utf-8").strip())
    own = yaml.safe_load(lab.config_path.read_text("utf-8"))
    monkeypatch.setenv("OBS_CHECK_CONFIG", str(lab.config_path))
    _files(tmp_path, lab)
    stands_for = {
        "https://grafana.example": own["grafana"]["url"],
        "http://loki.example:3100": str(lab.addresses["loki"]),
        "http://127.0.0.1:3100": str(lab.addresses["loki"]),
        "http://127.0.0.1:3101": own["shipper"]["url"],
        "/tmp/boundary_logs": str(tmp_path / "logs"),
    }
    wrong: list[str] = []

    def called(example: str, *more: str) -> tuple[int, int, str]:
        if example.startswith("obs-check init"):
            for written in ("obs-check.yaml", "staging.yaml"):
                Path(written).unlink(missing_ok=True)
            # It writes the file that the others read.
            monkeypatch.delenv("OBS_CHECK_CONFIG", raising=False)
        else:
            monkeypatch.setenv("OBS_CHECK_CONFIG", str(lab.config_path))
        for stands, real in stands_for.items():
            example = example.replace(stands, real)
        return main([*shlex.split(example)[1:], *more]), *_lines(capsys)

    assert main(["inject", "--allow", "1", "--deny", "1", "--save", "run.json"]) == 0
    for name, command in COMMANDS.items():
        louder = any("--verbose" in option.opts for option in command.params)
        for example in _examples(command) if name not in SENDING else ():
            if example in NOT_HERE:
                continue
            code, quiet, said = called(example)
            if code not in (0, 1, 3):
                wrong.append(f"{example}: {code} {said}")
            if louder and "-o json" not in example:
                _, loud, said = called(example, "-v")
                if loud <= quiet:
                    wrong.append(f"{name} -v says no more: {said}")
                louder = False
    for line in _run_lines():
        code, _, said = called(f"obs-check {line}")
        if code not in (0, 1, 3):
            wrong.append(f"{line}: {code} {said}")
    assert not wrong, "\n".join(wrong)


def _run_lines() -> list[str]:
    """The lines of the documentation that no help shows and that are run."""
    shown = {shlex.join(shlex.split(example)[1:]) for command in COMMANDS.values() for example in _examples(command)}
    left = [line for line in command_lines() if line not in shown | set(ONLY_READ)]
    left = [line for line in left if not line.startswith(tuple(f"{name} " for name in SENDING)) and line not in SENDING]
    return [line for line in left if not (line.startswith("query ") and " --file " in line)]


def test_lines_of_the_documentation_are_run_or_named() -> None:
    assert set(ONLY_READ) <= set(command_lines())
    assert {line.split()[0] for line in _run_lines()} == {"bundle", "init", "lint", "query", "shipper"}


def _lines(capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    shown = capsys.readouterr()
    return len((shown.out + shown.err).splitlines()), shown.err[-300:]


def _files(folder: Path, lab: Lab) -> None:
    for name in ("dashboards", "queries"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "promtail.yaml").write_text((lab.directory / "promtail.yaml").read_text("utf-8"), "utf-8")
    (folder / "datasources.yaml").write_text("datasources: [{name: Loki, uid: loki, type: loki}]\n")
    (folder / "rendered.yaml").symlink_to("promtail.yaml")
    (folder / "pods.json").write_text('{"items": []}')
    (folder / "positions.yaml").write_text("positions: {}\n")
    line = "time=2026-11-24T00:00:00.603Z level=INFO msg=ALLOW method=GET host=a.example\n"
    (folder / "logs").mkdir()
    for name in ("boundary.log", "logs/boundary-1.log"):
        (folder / name).write_text(line * 3)
    (folder / "node").mkdir()


@pytest.mark.parametrize(
    ("shell", "begins"),
    [("bash", "_obs_check_completion()"), ("zsh", "#compdef obs-check"), ("fish", "function _obs_check")],
)
def test_completion_of_a_shell(
    shell: str, begins: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert f"_OBS_CHECK_COMPLETE={shell}_source obs-check" in (ROOT / "docs/setup.md").read_text("utf-8")
    monkeypatch.setenv("_OBS_CHECK_COMPLETE", f"{shell}_source")
    assert main([]) == 0
    assert capsys.readouterr().out.lstrip().startswith(begins)


def test_an_older_python_is_told_in_one_line(tmp_path: Path) -> None:
    import subprocess

    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\n# What `sys.exit(sys.version_info < (3, 11))` ends with there.\nexit 1\n")
    old.chmod(0o755)
    make = ["make", "-C", str(ROOT), f"PYTHON={old}", f"VENV={tmp_path}/venv", "demo"]
    done = subprocess.run(make, capture_output=True, text=True, timeout=60)
    told = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert (done.returncode, told) == (
        2,
        [f"obs-check needs Python 3.11 or later, and '{old}' is not one: make demo PYTHON=python3.11"],
    )
    assert not (tmp_path / "venv").exists()
