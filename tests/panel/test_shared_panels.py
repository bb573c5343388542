"""Panels that get what they show from elsewhere: another panel, a library, a variable that repeats them."""

from typing import Any

import pytest

from obs_check.panel.borrowed import with_borrowed_queries
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.library import as_references, is_library_panel, with_library_panels
from obs_check.panel.repeat import MOST_COPIES, copies
from obs_check.panel.variables import effective_variables

LOKI = {"type": "loki", "uid": "loki"}
SHARED = {"type": "datasource", "uid": "-- Dashboard --"}


def panel(number: int, **more: Any) -> dict[str, Any]:
    target = {"refId": "A", "expr": f'{{n="{number}"}}'}
    return {"id": number, "type": "stat", "title": "t", "datasource": LOKI, "targets": [target], **more}


def dashboard(*panels: dict[str, Any], variables: list[dict[str, Any]] | None = None) -> Any:
    document = {"uid": "d", "title": "d", "panels": list(panels), "templating": {"list": variables or []}}
    return load_dashboard(document, "d.json")


def borrowing(number: int, of: Any, **more: Any) -> dict[str, Any]:
    return panel(number, datasource=SHARED, targets=[{"refId": "A", "panelId": of, **more}])


@pytest.mark.parametrize(("with_transforms", "wanted"), [(True, ["reduce", "sortBy"]), (False, ["sortBy"])])
def test_a_panel_shows_the_frames_of_another(with_transforms: bool, wanted: list[str]) -> None:
    source = panel(1, transformations=[{"id": "reduce", "options": {}}], interval="5m", timeFrom="2h")
    borrower = {**borrowing(2, 1, withTransforms=with_transforms), "transformations": [{"id": "sortBy", "options": {}}]}
    read = dashboard(source, borrower)
    found, why, _ = with_borrowed_queries(read, read.panels[1])
    assert why == ""
    assert (found.id, found.targets, found.datasource) == (2, read.panels[0].targets, LOKI)
    assert [t.id for t in found.transformations] == wanted
    assert (found.interval, found.time_from) == ("5m", "2h")


@pytest.mark.parametrize(
    ("of", "says", "shown"),
    [
        (None, "does not say of which", True),
        (9, "panel 9, which is not there", True),
        (3, "has none of its own", False),
    ],
)
def test_a_panel_that_cannot_borrow_says_why(of: Any, says: str, shown: bool) -> None:
    read = dashboard(panel(1), borrowing(2, of), borrowing(3, 1))
    found, why, fails = with_borrowed_queries(read, read.panels[1])
    assert found is read.panels[1]
    assert says in why
    # Grafana 9.4: "Unknown Panel: 9" and "Missing panel reference ID".
    assert fails == shown


def test_a_panel_with_queries_borrows_nothing() -> None:
    read = dashboard(panel(1))
    assert with_borrowed_queries(read, read.panels[0]) == (read.panels[0], "", False)


def repeated(values: list[str], **more: Any) -> list[tuple[str, str, bool]]:
    variable = {"name": "v", "type": "custom", "multi": True, "query": ",".join(values), "current": {"value": values}}
    read = dashboard(panel(1, repeat="v", **more), variables=[variable])
    found = copies(read.panels[0], effective_variables(read))
    return [(p.title, inside["v"].value, inside["v"].is_list) for p, inside in found]


def test_a_panel_is_repeated_for_each_value() -> None:
    assert repeated(["a", "b"], title="of $v") == [("of a", "a", False), ("of b", "b", False)]
    assert repeated(["a", "b"], title="plain") == [("plain (a)", "a", False), ("plain (b)", "b", False)]


def test_many_copies_are_cut_and_that_is_said() -> None:
    found = repeated([f"v{n}" for n in range(MOST_COPIES + 5)])
    assert len(found) == MOST_COPIES
    assert "and 5 more copies" in found[-1][0]


def test_a_variable_without_values_leaves_one_panel() -> None:
    read = dashboard(panel(1, repeat="nobody"))
    assert [p for p, _ in copies(read.panels[0], {})] == [read.panels[0]]


def test_the_panels_of_a_repeated_row_are_repeated() -> None:
    row = {"type": "row", "id": 9, "repeat": "v", "collapsed": True, "panels": [panel(2)]}
    read = dashboard(
        panel(1), row, {"type": "row", "id": 10, "repeat": "w"}, panel(3), {"type": "row", "id": 11}, panel(4)
    )
    assert [(p.id, p.repeat) for p in read.panels] == [(1, ""), (2, "v"), (3, "w"), (4, "")]


def test_a_library_panel_is_filled_in_at_its_place() -> None:
    reference = {"id": 5, "gridPos": {"w": 24}, "libraryPanel": {"uid": "lib", "name": "L"}}
    document = {"uid": "d", "panels": [{"type": "row", "panels": [reference]}, panel(1)]}
    kept = {"id": 77, "type": "table", "title": "Shared", "gridPos": {"w": 3}, "targets": [{"refId": "A", "expr": "x"}]}
    filled = with_library_panels(document, {"lib": kept}.__getitem__)
    (found, _) = load_dashboard(filled, "d").panels
    assert (found.id, found.width, found.type, found.library) == (5, 24, "table", "lib")
    assert found.targets[0].text == "x"
    assert is_library_panel(filled, 5)
    assert not is_library_panel(filled, 1)
    assert "targets" not in reference
    assert as_references(filled) == document
