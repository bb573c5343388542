"""A change as a patch holds no secret, and `patch -p1` makes the change of it."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from obs_check.documents.patch import NOT_AS_TEXT, patch_fits, patch_text
from obs_check.evidence.dashboard_edit import dashboard_fix, file_fix
from obs_check.model.finding import PanelEdit
from obs_check.model.secret import without_secrets

S = "hunter2"
NO_END = "\\ No newline at end of file"
HELD = f"password: {S}\n"


def shown(text: str) -> str:
    return text.replace(S, "(hidden)")


def diff(before: str, after: str) -> str:
    return patch_text("p.yaml", before, after, shown(before), shown(after))


@pytest.mark.parametrize(
    ("before", "change", "hunks"),
    [
        ("a\nb\nc\nd\ne\nf\ng\nh\n", "e", ["@@ -2,7 +2,7 @@", " b", " c", " d", "-e", "+x", " f", " g", " h"]),
        (f"a\n{HELD}c\nd\ne\nf\ng\nh\n", "d", ["@@ -3,3 +3,3 @@", " c", "-d", "+x", " e"]),
        (f"a\n{HELD}c\nd\ne\nf\n", "c", ["@@ -3 +3 @@", "-c", "+x"]),
        (f"a\nb\nc\n{HELD}d\ne\n", "b", ["@@ -1,3 +1,3 @@", " a", "-b", "+x", " c"]),
        (f"a\n{HELD}b\nc\nd\n", "c", ["@@ -3,3 +3,3 @@", " b", "-c", "+x", " d"]),
        (
            "a\nb",
            "b",
            ["@@ -1,2 +1,2 @@", " a", "-b", "\\ No newline at end of file", "+x", "\\ No newline at end of file"],
        ),
    ],
)
def test_rows_with_a_secret_are_left_out_around_a_change(before: str, change: str, hunks: list[str]) -> None:
    text = diff(before, before.replace(f"\n{change}", "\nx", 1))
    assert text.splitlines()[2:] == hunks
    assert patch_fits(text, shown(before))
    assert patch_fits(text, shown(before).replace("\n", "\r\n"))
    assert not patch_fits(text, f"a\n{before}")
    assert not patch_fits(text, before.replace(f"\n{change}", "\nx", 1))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"a\n{HELD}", f"a\nb: 1, {HELD}"),
        (f"a\n{HELD}b\n", "a\nb\n"),
        ("a\nb\n", f"a\n{HELD}b\n"),
    ],
)
def test_a_change_that_holds_a_secret_says_that_it_is_none_for_patch(before: str, after: str) -> None:
    text = diff(before, after)
    assert text.startswith(f"{NOT_AS_TEXT} (the change of line 2 of p.yaml holds a secret)\n--- a/p.yaml\n")
    assert S not in text
    assert "(hidden)" in text


def test_nothing_changed_is_no_patch() -> None:
    assert diff(HELD, HELD) == ""


@pytest.mark.parametrize(
    ("patch", "fits"),
    [
        ("--- a/p\n+++ b/p\n@@ -0,0 +1 @@\n+x", True),
        ("@@ -1 +0,0 @@\n-- a", True),
        ("@@ -1 +1 @@\n-- a\n+b\n@@ -2 +2 @@\n-c\n+d", True),
        ("@@ -1 +1 @@\n-- b\n+b", False),
        ("@@ -1,2 +1 @@\n-- a\n+b", False),
        ("@@ -1 +1 @@\n-- a\n c\n+b", False),
        ("@@ -1,2 +1 @@\n-- a\n@@ -2 +2 @@\n-c", False),
        ("@@ -9 +9 @@\n-x", False),
        ("-- a", False),
        ("no patch", False),
        ("", False),
    ],
)
def test_a_patch_fits_the_lines_that_it_takes_away(patch: str, fits: bool) -> None:
    assert patch_fits(patch, "- a\nc\n") is fits


@pytest.mark.skipif(shutil.which("patch") is None, reason="patch is not on PATH")
def test_patch_makes_the_change_of_it(tmp_path: Path) -> None:
    """Rows are few kinds, so that a hunk with too little around it would fit elsewhere too."""
    chance = random.Random(7)
    file = tmp_path / "p.yaml"
    for _ in range(60):
        rows = [chance.choice(["a: 1\n", "b: 2\n", HELD]) for _ in range(chance.randrange(1, 30))]
        changed = list(rows)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(changed) + 1)
            if chance.random() < 0.5:
                changed.insert(at, "new: 1\n")
            elif at < len(changed) and changed[at] != HELD:
                changed[at] = "other: 1\n"
        before, after = "".join(rows), "".join(changed)
        text = diff(before, after)
        assert S not in text
        if not text or text.startswith(NOT_AS_TEXT):  # difflib took a row with a secret for changed
            continue
        assert patch_fits(text, shown(before))
        file.write_text(before)
        ran = subprocess.run(["patch", "-p1"], input=text, text=True, cwd=tmp_path, capture_output=True, timeout=30)
        assert (ran.returncode, ran.stdout) == (0, "patching file p.yaml\n"), text
        assert file.read_text() == after


def test_a_secret_of_many_rows_is_left_out() -> None:
    before = "password: |\n" + "".join(f"  {S} {n}\n" for n in range(9)) + "tenant_id: a\nx: 1\n"
    fix = file_fix("no tenant", Path("promtail.yaml"), before, before.replace("tenant_id: a\n", ""))
    assert fix.diff.split("\n")[2:] == ["@@ -11 +10,0 @@", "-tenant_id: a"]
    (edit,) = fix.edits
    assert S in edit.after


def test_the_patch_of_a_dashboard_holds_no_secret() -> None:
    board = {"links": [{"url": f"http://u:{S}@w.example/"}], "title": "d", "token": S, "refresh": "1m", "tags": []}
    fix = dashboard_fix("s", "d", board, [PanelEdit(None, ("refresh",), "1m", "5m")])
    assert S not in fix.diff
    assert not fix.diff.startswith(NOT_AS_TEXT)
    assert patch_fits(fix.diff, json.dumps(without_secrets(board), indent=2) + "\n")
    assert '+  "refresh": "5m",' in fix.diff.split("\n")
