"""The wheel alone, in another folder, does what the checkout does."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the built package and nothing else; what it depends on comes from this environment."""
    place = tmp_path_factory.mktemp("installed")
    source = place / "source"
    # A copy, because a build leaves folders behind.
    for name in ("obs_check", "dashboards", "queries", "docs"):
        shutil.copytree(ROOT / name, source / name, symlinks=True)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", place, source], check=True)
    (wheel,) = place.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--no-index", "--target", place / "site", wheel], check=True)
    return place / "site"


def run(site: Path, folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    command = [sys.executable, "-m", "obs_check", *args]
    return subprocess.run(command, cwd=folder, env=env, text=True, capture_output=True, timeout=120)


COMMANDS = {
    "explain a cause": (["explain", "pipeline.wrong-parser"], "# pipeline.wrong-parser"),
    "explain a rule": (["explain", "masked-zero"], "# masked-zero"),
    "a named query": (["query", "file-decisions", "--file", "boundary.log", "--label", "job=boundary"], "ALLOW"),
    "lint": (["lint", "dashboards"], "0 errors"),
    "test": (["test", "dashboards/agent-firewall.test.yaml"], "0 failed"),
    "demo": (["demo", "--fault", "none", "--keep", "evidence"], "evidence:"),
}
LINE = 'time=2026-11-24T00:00:00.603Z level=INFO msg=ALLOW method=GET url=http://a.example/ host=a.example rule="a"\n'


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_works_from_the_wheel(name: str, installed: Path, tmp_path: Path) -> None:
    args, wanted = COMMANDS[name]
    (tmp_path / "boundary.log").write_text(LINE)
    shutil.copytree(installed / "obs_check/data/dashboards", tmp_path / "dashboards")
    done = run(installed, tmp_path, *args)
    assert done.returncode == 0, done.stderr
    assert wanted in done.stdout + done.stderr


def test_the_wheel_has_the_files_of_the_checkout(installed: Path) -> None:
    for here, there in (("dashboards", "dashboards"), ("queries", "queries"), ("docs/causes", "docs/causes")):
        files = {path.name: path.read_bytes() for path in (ROOT / here).iterdir() if path.is_file()}
        packed = installed / "obs_check/data" / there
        assert {path.name: path.read_bytes() for path in packed.iterdir()} == files
