"""Takes the pictures of README.md: `python docs/draw_screens.py` runs the demonstration and writes docs/screens.

Two of the report, by Chromium (`chromium` has to be on PATH), and one of the terminal, by rich. `made.json` says what
they show: tests/report/test_screens.py says when the page or the screen shows something else since, so that they are to
be taken again.
"""

import io
import json
import re
import sys
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from rich.console import Console

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "screens"
MADE = FOLDER / "made.json"
PICTURES = {"report.png": ("", "light", 1200, 1420, 0.66), "report-phone.png": ("#pipeline", "dark", 390, 860, 1.0)}
"""File -> place in the page, colour scheme, width and height in px, and how much smaller the picture is."""
TERMINAL = "terminal.svg"
_COLUMNS = 110
_WORD = re.compile(r"[a-z]{3,}", re.IGNORECASE)


def shown(document: dict[str, Any]) -> dict[str, Any]:
    """What the pictures show of any document: the style and the headings of the page, and the screen's own words: those
    of its source that are printed and that the document does not have."""
    from obs_check.report.html.page import to_html

    page = to_html(document)
    style = page.partition("<style>")[2].partition("</style>")[0]
    data = {word.lower() for word in _WORD.findall(json.dumps(document))}
    own = "".join((ROOT / "obs_check/report" / name).read_text("utf-8") for name in ("screen.py", "console.py"))
    said = {word.lower() for word in _WORD.findall(_printed(document))}
    said &= {word.lower() for word in _WORD.findall(own)}
    return {
        "style": sha256(style.encode()).hexdigest(),
        "headings": re.findall(r"<h2[^>]*>([^<]+)</h2>", page),
        "screen": sorted(said - data),
    }


def _printed(document: dict[str, Any]) -> str:
    """The screen as plain text."""
    from obs_check.report.screen import print_document

    printed = io.StringIO()
    print_document(document, printed, color=False, diffs="none")
    return printed.getvalue()


def terminal(document: dict[str, Any]) -> str:
    """The screen of a run that is not as it should be, as SVG."""
    from obs_check.report import screen

    sink = io.StringIO()
    console = Console(record=True, width=_COLUMNS, file=sink, highlight=False, emoji=False, force_terminal=True)
    made = screen.make_console
    screen.make_console = lambda *_: console  # the very screen, recorded
    try:
        screen.print_document(document, sink, color=True, diffs="none")
    finally:
        screen.make_console = made
    found = console.export_svg(title="obs-check verify", unique_id="obs-check")
    # Its letters are those of the reader: the page of a README asks nobody for a font.
    return re.sub(r"@font-face \{.*?\}\s*", "", found, flags=re.DOTALL)


def demonstrated() -> dict[str, Any]:
    """The document of `obs-check demo`, before and after its fixes."""
    from obs_check.app.demo import Demo, run_demo
    from obs_check.lab.faults.registry import DEFAULT_FAULTS
    from obs_check.lab.stack import Lab

    with tempfile.TemporaryDirectory(prefix="obs-check-") as folder:
        story = Demo()
        run_demo(story, Lab(Path(folder) / "lab", fault_ids=DEFAULT_FAULTS), lambda _: None, lambda _: None)
        text = json.dumps(story.to_json(), default=str).replace(str(Path(folder) / "lab"), "/srv/obs-check")
    return dict(json.loads(text))


def main() -> None:
    """Write the pictures."""
    sys.path[:0] = [str(ROOT)]
    from obs_check.report.html.page import to_html
    from tests.report.chromium import browser
    from tests.report.pages import negative as fixture

    story = demonstrated()
    negative = {key: value for key, value in story.items() if key not in ("after", "comparison", "hop_comparison")}
    negative |= {"command": "verify", "verdict": "fail", "changes": []}
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "report.html"
        place.write_text(to_html(negative), "utf-8")
        with browser(Path(folder) / "profile") as chromium:
            for name, (anchor, scheme, width, height, scale) in PICTURES.items():
                page = chromium.page()
                page.open(f"{place.as_uri()}{anchor}", width, scheme, height=height)
                (FOLDER / name).write_bytes(page.screenshot(scale))
                page.close()
    (FOLDER / TERMINAL).write_text(terminal(negative), "utf-8")
    MADE.write_text(json.dumps(shown(fixture()), indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
