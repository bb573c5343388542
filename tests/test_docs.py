"""What the pages show is so: what `obs-check query` prints on files, and what is written from types and readers."""

import copy
import gzip
import hashlib
import io
import json
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest
import yaml

from obs_check.cli.main import cli, main
from obs_check.config import parse_config
from obs_check.data import SCHEMAS
from obs_check.errors import ConfigError

ROOT = Path(__file__).parent.parent
_BLOCK = re.compile(r"^```\n(\$ .*?)^```$", re.DOTALL | re.MULTILINE)
_CASE = re.compile(r"^\$ (.*?[^\\])\n(.*?)(?=^\$ |\Z)", re.DOTALL | re.MULTILINE)


def _cases() -> list[tuple[str, str]]:
    """Commands with what they print on both streams together; a command is continued behind a backslash."""
    return [
        (command.replace("\\\n", " "), printed.rstrip("\n"))
        for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
        for block in _BLOCK.findall(page.read_text("utf-8"))
        for command, printed in _CASE.findall(block)
        if "obs-check query" in command
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 minutes of boundary, every third request denied."""
    path = tmp_path_factory.mktemp("docs")
    lines = [
        f"time=2026-11-24T00:{n // 60:02d}:{n % 60:02d}.{0 if n else 603:03d}Z level={'INFO' if n % 3 else 'WARN'} "
        f"msg={'ALLOW' if n % 3 else 'DENY'} method=GET host=h{n % 7}.example\n"
        for n in range(1200)
    ]
    lines.insert(1, "Error: listen tcp 127.0.0.1:8087: bind: address already in use\n")
    (path / "boundary-1.log").write_text("".join(lines))
    (path / "boundary-1.log.gz").write_bytes(gzip.compress("".join(lines).encode()))
    (path / "twice.log").write_text("time=2026-11-24T00:00:00Z msg=ALLOW msg=DENY\n")
    return path


@pytest.mark.parametrize(("command", "printed"), _cases())
def test_an_example(command: str, printed: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    piped, _, words = command.rpartition(" | obs-check ")
    if piped:
        content = Path(piped.removeprefix("cat ")).read_bytes()
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        words = f"obs-check {words}"
    shown = io.StringIO()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", shown)
    main(shlex.split(words)[1:])
    assert [line.rstrip() for line in shown.getvalue().splitlines()] == printed.splitlines()


def test_there_are_examples() -> None:
    assert len(_cases()) > 8


def test_the_files_of_the_walks_are_there() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    for name in re.findall(r"`([a-z0-9_]+(?:/[a-z0-9_]+)+\.py)`", text):
        assert (ROOT / "obs_check" / name).is_file() or (ROOT / name).is_file(), name


def test_the_page_of_the_document_is_that_of_its_types() -> None:
    script = runpy.run_path(str(ROOT / "docs/write_document.py"))
    again = "write it again: python docs/write_document.py"
    assert script["TARGET"].read_text("utf-8") == script["written"](), again
    assert {path.name: path.read_text("utf-8") for path in SCHEMAS.iterdir()} == script["written_schemas"](), again
    assert script["BUNDLE"].read_text("utf-8") == script["written_bundle"](), again
    assert script["TABLES_TARGET"].read_text("utf-8") == script["written_tables"](), again


def test_the_page_of_a_command_is_that_of_its_help() -> None:
    script = runpy.run_path(str(ROOT / "docs/write_commands.py"))
    there = {path.name: path.read_text("utf-8") for path in script["FOLDER"].iterdir()}
    assert there == script["pages"](), "write them again: python docs/write_commands.py"
    assert set(script["ENDS"]) == {name for name, _ in script["leaves"](cli)}


def test_the_example_of_that_page_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = '{"results": {}}'
    exchange = {"sha256": hashlib.sha256(answer.encode()).hexdigest(), "body": {"queries": [{"refId": "A"}]}}
    reading = {"of": "range", "probes": [{"exchange": exchange}, {}]}
    document = {"panels": [{"id": 7, "proof": {"readings": [reading]}}], "answers": {exchange["sha256"]: answer}}
    (tmp_path / "run.json").write_text(json.dumps(document))
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "docs/document.md").read_text("utf-8"), re.S | re.M)
    exec(compile(code, "docs/document.md", "exec"), {})
    assert capsys.readouterr().out == "7 range A 15\n"


def test_a_recording_has_what_a_terminal_shows() -> None:
    recorded = runpy.run_path(str(ROOT / "docs/record_demo.py"))["recorded"]
    program = "import sys; print('wide \u250f', sys.stdout.isatty(), flush=True); sys.exit(3)"
    head, events, code = recorded([sys.executable, "-c", program], "a test")
    assert (head["version"], head["title"], code) == (2, "a test", 3)
    assert {kind for _, kind, _ in events} == {"o"}
    assert "".join(text for *_, text in events) == "wide \u250f True\r\n"
    assert [at for at, *_ in events] == sorted(at for at, *_ in events)


CONFIGURATION = runpy.run_path(str(ROOT / "docs/write_configuration.py"))
EXAMPLES = ROOT / "docs/examples"


def keys_of(page: str) -> list[tuple[str, str, str]]:
    """Section, key and default of every row."""
    found, section = [], ""
    for heading, key, default in re.findall(r"^## (.+)$|^\| `(\w+)` \| [^|]* \| ([^|]*) \|", page, re.M):
        section = ("" if heading == "The file" else heading) or (section if key else "")
        found += [(section, key, default)] if key else []
    return found


@pytest.mark.parametrize("name", CONFIGURATION["pages"]())
def test_the_page_of_a_file_is_that_of_its_reader(name: str) -> None:
    page = (ROOT / "docs" / name).read_text("utf-8")
    assert page == CONFIGURATION["pages"]()[name], "write it again: python docs/write_configuration.py"
    example = yaml.safe_load((EXAMPLES / name.replace("-yaml.md", ".yaml")).read_text("utf-8"))
    there = {(section, str(key)) for section, one in CONFIGURATION["occurrences"](example) for key in one}
    # One of each pair can be there: pod and selector, pods and context.
    wanted = {(section, key) for section, key, _ in keys_of(page)}
    assert wanted - there <= {("executors.kubectl", "pod"), ("kubernetes", "pods")}


def test_a_key_is_needed_or_has_the_default_that_its_page_says() -> None:
    """Without a key the example is refused where the page says that it is needed, else read as with the default."""
    root = yaml.safe_load((EXAMPLES / "obs-check.yaml").read_text("utf-8"))
    refused, needed, said = set(), set(), 0
    for section, key, default in keys_of((ROOT / "docs/obs-check-yaml.md").read_text("utf-8")):
        less = copy.deepcopy(root)
        for name, there in CONFIGURATION["occurrences"](less):
            if name == section:
                there.pop(key, None)
        needed |= {f"{section}.{key}"} if default == "needed" else set()
        try:
            without = repr(parse_config(json.dumps(less), EXAMPLES / "obs-check.yaml", {}))
        except ConfigError:
            refused.add(f"{section}.{key}")
            continue
        if default:
            for name, there in CONFIGURATION["occurrences"](less):
                if name == section:
                    there[key] = yaml.safe_load(default.strip("`"))
            assert repr(parse_config(json.dumps(less), EXAMPLES / "obs-check.yaml", {})) == without, key
            said += 1
    # Of pod and selector one has to be there, and a kubeconfig needs its context.
    assert refused - {"executors.kubectl.selector", "kubernetes.context"} == needed
    assert len(needed) > 10
    assert said > 7


def test_the_example_of_tests_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", str(EXAMPLES / "test.yaml")]) == 0, capsys.readouterr().out
