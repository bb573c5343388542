"""Files of boundary of which only those of its children are left."""

from dataclasses import replace
from pathlib import Path

import pytest

from obs_check.causes.file import empty_child_file_only
from obs_check.client.egress import EgressAnswer
from obs_check.client.files.local_files import LocalFiles
from obs_check.evidence.context import Named
from obs_check.follow.hop import HopSeen
from obs_check.follow.run import Run, Sent, plan_events
from obs_check.model.probe import Probe
from obs_check.model.window import Window
from tests.fakes import made_context

EVENTS = plan_events("abc123", 0, 2, "http://allowed.example/", "http://denied.invalid/")
RUN = Run("abc123", tuple(Sent(e, EgressAnswer(403, e.decision)) for e in EVENTS), Window(0, 1))
START = 'time=2026-11-25T01:48:57.1Z level=INFO msg="Executing target command" command=[agent]\n'
DENY = "time=2020-11-25T01:48:57.1Z level=WARN msg=DENY\n"
OWN, CHILD = "boundary-2026-11-25_01-48-56-100.log", "boundary-2026-11-25_01-48-57-101.log"
OLD = {"boundary-2020-11-25_01-48-57-7.log": DENY, "boundary-2020-11-25_01-48-57-8.log": "", "other.log": DENY}
IN_A_DIRECTORY = "log_dir: /tmp/boundary_logs\n"


class Deleted(LocalFiles):
    """Files of which some were deleted and are still open."""

    def __init__(self, names: list[str]) -> None:
        self.names = names

    def deleted_but_open(self, _glob: str, /) -> list[str]:
        return self.names


class Gone(LocalFiles):
    """Files of which one goes as soon as it was found."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def matching(self, _glob: str, /) -> list[Path]:
        return [self.path]


@pytest.mark.parametrize(
    ("config", "texts", "deleted", "named"),
    [
        (IN_A_DIRECTORY, {CHILD: ""}, [], True),
        (IN_A_DIRECTORY, {CHILD: START}, [], True),
        (IN_A_DIRECTORY, {**OLD, CHILD: ""}, [], True),
        (None, {**OLD, CHILD: ""}, [OWN], True),
        (IN_A_DIRECTORY, {OWN: "", CHILD: ""}, [], False),
        (IN_A_DIRECTORY, {CHILD: DENY}, [], False),
        (IN_A_DIRECTORY, OLD, [], False),
        (IN_A_DIRECTORY, {}, [], False),
        (f"{IN_A_DIRECTORY}log_level: error\n", {CHILD: ""}, [], False),
        ("log_level: warn\n", {CHILD: ""}, [], False),
        (None, {CHILD: ""}, [], False),
        (None, {CHILD: ""}, ["boundary-2020-11-25_01-48-57-9.log"], False),
    ],
    ids=[
        "at warn",
        "at info",
        "beside old files",
        "seen by its open file",
        "both are there",
        "boundary's own",
        "only old files",
        "no file",
        "nothing is written at error",
        "no log_dir",
        "no configuration",
        "an old one is open",
    ],
)
def test_only_the_child_of_the_last_start_is_left(
    config: str | None, texts: dict[str, str], deleted: list[str], named: bool, tmp_path: Path
) -> None:
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    path = tmp_path / "boundary.yaml"
    path.write_text(config or "")
    known = Named(boundary_config=path if config else None, boundary_glob=f"{tmp_path}/*.log")
    hop = HopSeen("A", "file", tuple(RUN.tags()), probes=[Probe("file", "", {}, 1)])
    files = Deleted([str(tmp_path / name) for name in deleted])
    found = empty_child_file_only.find(replace(made_context(known, (hop,)), run=RUN, files=files))
    assert (found is not None) is named
    if found is not None:
        assert f"{CHILD}, is that of a child process" in found.claim
        assert ("still open" in found.claim) is bool(deleted)


def test_a_file_that_is_gone_meanwhile_is_none(tmp_path: Path) -> None:
    path = tmp_path / "boundary.yaml"
    path.write_text(IN_A_DIRECTORY)
    known = Named(boundary_config=path, boundary_glob=f"{tmp_path}/*.log")
    hop = HopSeen("A", "file", tuple(RUN.tags()), probes=[Probe("file", "", {}, 1)])
    context = replace(made_context(known, (hop,)), run=RUN, files=Gone(tmp_path / CHILD))
    assert empty_child_file_only.find(context) is None
