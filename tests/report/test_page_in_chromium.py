"""The page in a real browser: nothing is asked, nothing is complained of, everything fits, tables sort and filter."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obs_check.report.html.page import to_html
from tests.report.chromium import PROGRAM, Browser, browser
from tests.report.pages import DOCUMENTS
from tests.report.reference import FOLDER, VERSION, VIEWS, different, picture

pytestmark = [pytest.mark.real, pytest.mark.skipif(PROGRAM is None, reason="needs Chromium on PATH")]
WIDTHS = (1400, 800, 390)
SCHEMES = ("light", "dark")
NARROWEST = """[...document.querySelectorAll("table")].flatMap(table => {
  const width = document.createElement("canvas").getContext("2d");
  return [...table.querySelectorAll("th, td")].filter(cell => cell.offsetParent !== null).map(cell => {
    const style = getComputedStyle(cell);
    width.font = style.font;
    const inner = cell.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return [inner / width.measureText("0").width, cell.textContent.trim().slice(0, 40)];
  });
}).sort((a, b) => a[0] - b[0])[0]"""
"""The narrowest cell that is seen, in characters, and what stands in it."""
OVERLAPS = """[...document.querySelectorAll("svg.pipeline")].filter(s => s.getClientRects().length).flatMap(svg => {
  const boxes = [...svg.querySelectorAll("text")].map(t => [t.getBoundingClientRect(), t.textContent]);
  return boxes.flatMap(([a, one], n) => boxes.slice(n + 1).filter(([b]) =>
    a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3
  ).map(([, other]) => [one, other]));
})"""
"""Words of a drawing that stand on top of each other."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, document in DOCUMENTS.items():
        path: Path = folder / f"{name}.html"
        path.write_text(to_html(document()), "utf-8")
        found[name] = path.as_uri()
    return found


@pytest.mark.parametrize("name", ["healthy", "negative", "unknown", "confirm"])
def test_it_fits_and_is_quiet_at_every_width(name: str, chromium: Browser, addresses: dict[str, str]) -> None:
    for width in WIDTHS:
        for scheme in SCHEMES:
            page = chromium.page()
            page.open(addresses[name], width, scheme)
            seen: dict[str, Any] = {
                "requests": page.requests,
                "complaints": page.complaints,
                "width": page.value("document.documentElement.scrollWidth"),
                "on top of each other": page.value(OVERLAPS),
            }
            assert seen == {"requests": [], "complaints": [], "width": width, "on top of each other": []}
            page.value("document.querySelectorAll('details').forEach(d => d.open = true)")
            assert page.value("document.documentElement.scrollWidth") == width
            characters, text = page.value(NARROWEST)
            assert characters >= 4, text
            assert (
                page.value("getComputedStyle(document.body).backgroundColor")
                == {
                    "light": "rgb(255, 255, 255)",
                    "dark": "rgb(16, 21, 28)",
                }[scheme]
            )
            page.close()


def test_it_reads_the_same_without_a_script(chromium: Browser, addresses: dict[str, str]) -> None:
    said = []
    for script in (True, False):
        page = chromium.page()
        page.open(addresses["negative"], 1400, "light", script=script)
        said.append(" ".join(page.text().replace("Show rows with", "").split()))
        page.close()
    with_script, without = said
    assert without == with_script
    assert "DOCUMENTED NEGATIVE" in without


def test_tables_sort_and_filter(chromium: Browser, addresses: dict[str, str]) -> None:
    page = chromium.page()
    page.open(addresses["negative"], 1400, "light")
    ids = "[...document.querySelectorAll('#run-table-panels tbody tr:not([hidden])')].map(r => r.cells[0].textContent)"
    click = "document.querySelector('#run-table-panels th button').click()"
    first = page.value(ids)
    assert sorted(first, key=int) == [str(n) for n in range(1, 13)] != first
    page.value(click)
    assert page.value(ids) == [str(n) for n in range(1, 13)]
    page.value(click)
    assert page.value(ids) == [str(n) for n in range(12, 0, -1)]
    page.value(
        "(i => { i.value = 'LOG FILES'; i.dispatchEvent(new Event('input')) })"
        "(document.querySelector('#panels .filter input'))"
    )
    assert page.value(ids) == ["9", "8"]
    assert page.complaints == []
    page.close()


def test_a_link_opens_what_it_leads_to(chromium: Browser, addresses: dict[str, str]) -> None:
    page = chromium.page()
    page.open(addresses["healthy"], 800, "light")
    shown = "document.getElementById('run-hop-A-loki').checkVisibility({contentVisibilityAuto: true})"
    assert page.value("document.getElementById('run-hop-A-loki').closest('details').open") is False
    page.value("location.hash = 'run-hop-A-loki'; dispatchEvent(new Event('hashchange'))")
    assert page.value("document.getElementById('run-hop-A-loki').closest('details').open") is True
    assert page.value(shown) is True
    page.close()


def test_it_can_be_printed(chromium: Browser, addresses: dict[str, str]) -> None:
    page = chromium.page()
    page.open(addresses["healthy"], 1400, "dark")
    page.call("Emulation.setEmulatedMedia", media="print", features=[])
    assert page.value("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.value("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert page.pdf().startswith(b"%PDF-")
    page.close()


@pytest.mark.parametrize("view", VIEWS)
def test_it_looks_as_it_did(view: str, chromium: Browser, tmp_path: Path) -> None:
    made_by = json.loads(VERSION.read_text("utf-8"))["version"]
    if made_by != chromium.version:
        pytest.skip(f"the reference is of {made_by}, this is {chromium.version}: letters may be drawn otherwise")
    page = chromium.page()
    page.open("about:blank", 400, "light")
    now, then = picture(chromium, tmp_path, view), (FOLDER / f"{view}.png").read_bytes()
    assert len(then) < 150_000
    assert different(page, then, now) < 0.02, "look at it; then: python -m tests.report.reference"
    page.close()
