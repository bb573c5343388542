"""The values variables have when a dashboard is opened."""

from typing import Any

import pytest

from obs_check.errors import InputError
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.interpolate import interpolate
from obs_check.panel.variables import EffectiveVariable, effective_variables


def value(stored: dict[str, Any], *override: str) -> EffectiveVariable:
    doc = {"panels": [{"id": 1, "type": "text"}], "templating": {"list": [{"name": "v", **stored}]}}
    return effective_variables(load_dashboard(doc, "f"), {"v": list(override)} if override else {})["v"]


CUSTOM = {"type": "custom", "query": r"a, Label : b, c\,d", "current": {"value": "a"}}


@pytest.mark.parametrize(
    ("stored", "override", "want"),
    [
        ({"type": "textbox", "query": "stored", "current": {"value": ""}}, (), ("stored",)),
        ({"type": "textbox", "query": "stored", "current": {"value": "typed"}}, (), ("typed",)),
        ({"type": "textbox", "query": "", "current": {}}, ("x.y",), ("x.y",)),
        ({"type": "constant", "query": "q", "current": {"value": "c"}}, ("url",), ("q",)),
        (CUSTOM, (), ("a",)),
        (CUSTOM, ("b",), ("b",)),
        (CUSTOM, ("Label",), ("b",)),
        (CUSTOM, ("c,d",), ("c,d",)),
        (CUSTOM, ("gone",), ("a",)),
        ({**CUSTOM, "includeAll": True, "current": {"value": "gone"}}, (), ("a", "b", "c,d")),
        ({**CUSTOM, "multi": True, "current": {"value": ["b", "gone"]}}, (), ("b",)),
        ({"type": "custom", "query": "", "current": {"value": "x"}}, (), ("",)),
        ({"type": "custom", "query": "", "multi": True, "current": {"value": ["x"]}}, (), ()),
        ({"type": "custom", "valuesFormat": "json", "query": '["a", {"text": "B", "value": "b"}]'}, ("b",), ("b",)),
        ({"type": "interval", "query": "1m,10m", "current": {"value": "5m"}}, (), ("1m",)),
        ({"type": "query", "current": {"value": ["a", "b"]}, "multi": True}, (), ("a", "b")),
        ({"type": "datasource", "query": "loki", "current": {"value": "loki"}}, (), ("loki",)),
    ],
)
def test_values(stored: dict[str, Any], override: tuple[str, ...], want: tuple[str, ...]) -> None:
    assert value(stored, *override).values == want


def test_all_with_an_all_value_is_inserted_as_it_is() -> None:
    everything = value({**CUSTOM, "includeAll": True, "allValue": ".+", "current": {"value": "$__all"}})
    assert interpolate("$v", {"v": everything}, "loki") == ".+"
    listed = value({**CUSTOM, "includeAll": True, "current": {"value": "$__all"}})
    assert interpolate("$v", {"v": listed}, "loki") == "a|b|c,d"


def test_a_query_variable_says_that_its_value_is_the_saved_one() -> None:
    found = value({"type": "query", "query": "label_values(x)", "current": {"value": "a"}})
    assert (found.values, "saved" in found.note) == (("a",), True)


def test_only_complete_ad_hoc_filters_count() -> None:
    filters = [{"key": "a", "operator": "=", "value": "b"}, {"key": "c", "operator": "=", "value": ""}]
    assert [f.key for f in value({"type": "adhoc", "filters": filters}).filters] == ["a"]


def test_an_override_of_no_variable_is_refused() -> None:
    dashboard = load_dashboard({"panels": [{"id": 1}], "templating": {"list": [{"name": "owner"}]}}, "f")
    with pytest.raises(InputError, match="unknown variable: 'ower'"):
        effective_variables(dashboard, {"ower": ["x"]})
