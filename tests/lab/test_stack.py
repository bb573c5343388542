"""The lab as a whole: the order of its parts, and where it may stand."""

import ast
import inspect
import textwrap
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from obs_check.client.egress import send
from obs_check.errors import InputError
from obs_check.follow.run import plan_events
from obs_check.lab.faults.registry import FAULTS
from obs_check.lab.native.parts import NATIVE
from obs_check.lab.parts import PARTS, Start
from obs_check.lab.prometheus import LabPrometheus
from obs_check.lab.settings import healthy, write
from obs_check.lab.stack import Lab
from tests.full_disk import room

NAMES = [part.name for part in PARTS]


STARTS = [(part.name, part.needs, part.start) for part in PARTS]
NATIVES = [(part.name, part.needs, one.start) for one in NATIVE.values() for part in PARTS if part.name == one.part]


@pytest.mark.parametrize(("name", "needs", "start"), [*STARTS, *NATIVES], ids=[*NAMES, *NATIVE])
def test_a_part_starts_behind_all_that_it_needs_and_reads(name: str, needs: tuple[str, ...], start: Start) -> None:
    assert NAMES.count(name) == 1
    assert set(needs) <= set(NAMES[: NAMES.index(name)])
    assert _read(start) & set(NAMES) <= {*needs, name}


def _read(start: Callable[..., object]) -> set[str]:
    """The attributes of the stack that a start reads, those of the helper functions that it hands the stack to too."""
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(start))).body
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and _is_stack(node.value)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and any(map(_is_stack, node.args)):
            found |= _read(start.__globals__[node.func.id])
    return found


def _is_stack(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "stack"


def test_what_can_be_absent_is_a_part() -> None:
    for fault in FAULTS:
        settings = healthy(Path("lab"))
        fault.change(settings)
        assert settings.absent <= set(NAMES)


@pytest.mark.slow
def test_a_lab_stands_in_a_folder_with_a_long_path(tmp_path: Path) -> None:
    directory = tmp_path / ("long-" * 20) / ("path-" * 20)
    with Lab(directory) as lab:
        (event,) = plan_events("abc123", 1, 0, "http://allowed.example/ok", "")
        assert send(event, lab.proxy_url, None).verdict == "allow"
    text = "".join(log.read_text() for log in (directory / "boundary_logs").iterdir())
    assert event.tag in text
    # boundary v0.9.0 says at its start when the agent has no socket for it.
    assert "log proxy socket" not in text


def test_a_start_that_is_interrupted_leaves_no_thread_that_keeps_the_process(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before, scrape_once = set(threading.enumerate()), LabPrometheus.scrape_once

    def interrupted(prometheus: LabPrometheus) -> None:
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        scrape_once(prometheus)

    monkeypatch.setattr(LabPrometheus, "scrape_once", interrupted)
    with pytest.raises(KeyboardInterrupt), Lab(tmp_path):
        pytest.fail("it started")
    assert [thread.name for thread in threading.enumerate() if not thread.daemon and thread not in before] == []


def test_a_full_disk_leaves_no_half_file(tmp_path: Path) -> None:
    with room(0), pytest.raises(InputError, match=r"boundary\.yaml: File too large"):
        write(healthy(tmp_path), tmp_path, "http://loki.example")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    write(healthy(tmp_path), tmp_path, "http://loki.example")
    assert (tmp_path / "boundary.yaml").read_text("utf-8")
