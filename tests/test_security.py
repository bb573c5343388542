"""SECURITY.md says only what a test holds."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
LINES = [row.strip("| ").split(" | ") for row in PAGE.splitlines() if row.startswith("| ") and "---" not in row]
HELD = re.compile(r"`(?P<file>tests/[\w/]+\.py)::(?P<test>\w+)`")


def functions_of(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)}


def test_every_line_names_a_test_that_there_is() -> None:
    claims = [cells for cells in LINES if not cells[-1].startswith("held by")]
    assert len(claims) > 15
    for *_, held in claims:
        named = [*HELD.finditer(held)]
        assert named, f"no test holds: {held}"
        for match in named:
            assert match["test"] in functions_of(ROOT / match["file"]), match[0]
