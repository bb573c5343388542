"""The pictures of README.md show what is shown today; docs/draw_screens.py takes them."""

import json
import re
import runpy
from pathlib import Path

from tests.report.pages import negative

ROOT = Path(__file__).parent.parent.parent
AGAIN = "take them again: python docs/draw_screens.py"


def test_the_pictures_are_of_today() -> None:
    script = runpy.run_path(str(ROOT / "docs/draw_screens.py"))
    made = json.loads(script["MADE"].read_text("utf-8"))
    now = script["shown"](negative())
    assert (made["style"], made["headings"]) == (now["style"], now["headings"]), AGAIN
    # A word more on the screen makes no picture of it untrue; one that it has no more does.
    assert set(made["screen"]) <= set(now["screen"]), AGAIN
    assert len(made["screen"]) > 10


def test_the_pictures_are_small_ask_nobody_and_stand_in_the_readme() -> None:
    script = runpy.run_path(str(ROOT / "docs/draw_screens.py"))
    readme = (ROOT / "README.md").read_text("utf-8")
    for name in (*script["PICTURES"], script["TERMINAL"]):
        path = script["FOLDER"] / name
        assert path.stat().st_size < 150_000
        assert f"docs/screens/{name}" in readme
    drawing = (script["FOLDER"] / script["TERMINAL"]).read_text("utf-8")
    assert not re.search(r"url\(\s*['\"]?https?:|@import|<script|xlink:href", drawing)
