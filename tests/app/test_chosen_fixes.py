"""Only safe fixes are applied unasked, and a patch holds them all."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from obs_check.app.systems.chosen_fixes import chosen_fixes, patch_of
from obs_check.errors import UsageError
from obs_check.model.finding import FileEdit, Finding, Fix, Observation, Safety, Subject, TargetEdit
from obs_check.model.probe import Probe

BEFORE = "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\n"


def finding(cause: str, safety: Safety, *edits: FileEdit | TargetEdit, path: str = "") -> Finding:
    fix = Fix(f"mend {cause}", "", safety, path, edits)
    return Finding(cause, "error", "file", Subject(), "c", Observation((Probe("file", "q", 1, 1),)), fix)


FIRST = finding("safe.query", "safe", TargetEdit(1, "A", "x", "y"), path="dashboard:d")
SECOND = finding("review.file", "review", FileEdit("/etc/p.yaml", BEFORE, BEFORE.replace("a: 1", "a: 9")))
THIRD = finding("review.other", "review", FileEdit("/etc/p.yaml", BEFORE, BEFORE.replace("f: 6\n", "f: 7\ng: 8\n")))
FOURTH = finding("manual.thing", "manual")
TRUE_ZERO = replace(finding("truth.nothing", "manual"), severity="info")
EVERY = (FIRST, SECOND, THIRD, FOURTH, TRUE_ZERO)


@pytest.mark.parametrize(
    ("only", "also_review", "taken", "left_out"),
    [
        ((), False, ["safe.query"], ["review.file", "review.other", "manual.thing"]),
        ((), True, ["safe.query", "review.file", "review.other"], ["manual.thing"]),
        (("review.other",), True, ["review.other"], []),
        (("review.other",), False, [], ["review.other"]),
        (("manual.thing",), True, [], ["manual.thing"]),
    ],
)
def test_what_is_taken(only: tuple[str, ...], also_review: bool, taken: list[str], left_out: list[str]) -> None:
    chosen = chosen_fixes(EVERY, only, also_review)
    assert [one.cause for one in chosen.taken] == taken
    assert [sentence.split(" ")[0] for sentence in chosen.left_out] == left_out


def test_what_would_change_is_listed() -> None:
    assert chosen_fixes(EVERY, (), True).changes("d") == [
        "/etc/p.yaml: 3 lines added, 2 taken away",
        "dashboard d: 1 query",
    ]


def test_a_cause_that_was_not_found_is_named() -> None:
    with pytest.raises(UsageError, match=r"--only review\.fil: .*did you mean review\.file"):
        chosen_fixes(EVERY, ("review.fil",))


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not on PATH")
def test_patch_takes_the_patch(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_text(BEFORE)
    patch = patch_of(EVERY)
    text = patch.text
    assert text.count("--- a/p.yaml") == 1
    assert (patch.folder, patch.files) == (Path("/etc"), 1)
    assert patch.left_out == ("dashboard:d is saved in Grafana by --apply, and no file to patch",)
    subprocess.run(["patch", "-p1", "-s"], input=text, text=True, cwd=tmp_path, check=True, timeout=30)
    assert (tmp_path / "p.yaml").read_text() == "a: 9\nb: 2\nc: 3\nd: 4\ne: 5\nf: 7\ng: 8\n"


def test_a_patch_of_several_folders_is_for_the_one_that_holds_them() -> None:
    other = finding("review.third", "review", FileEdit("/etc/b/q.yaml", BEFORE, BEFORE.replace("a: 1", "a: 9")))
    patch = patch_of((SECOND, other))
    assert (patch.folder, patch.files) == (Path("/etc"), 2)
    assert [row for row in patch.text.split("\n") if row.startswith("--- ")] == ["--- a/p.yaml", "--- a/b/q.yaml"]


def test_what_holds_a_secret_is_for_apply_alone() -> None:
    held = FileEdit("/etc/p.yaml", "password: hunter2\n", "password: hunter2  # x\n")
    patch = patch_of((finding("review.file", "review", held),))
    assert (patch.files, patch.text.count("\n"), "hunter2" in patch.text) == (0, 1, False)
    assert patch.text.startswith("# not applicable as text: use --apply")
