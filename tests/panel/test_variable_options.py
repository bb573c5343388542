"""Options of query variables: what is asked, and what is made of the answer."""

from typing import Any

import pytest

from obs_check.panel.elements import Dashboard, Variable
from obs_check.panel.variable_options import OptionsRequest, options_of, options_request
from obs_check.panel.variables import effective_variables

QUERY = (("query", '{a="b"}'),)
NAMES = "api/v1/label/__name__/values"
SPAN = (("start", "1000000000"), ("end", "2000000000"))
SECONDS = (("start", "1"), ("end", "2"))

REQUESTS: list[tuple[str, Any, OptionsRequest | None]] = [
    ("loki", "label_names()", OptionsRequest("labels", SPAN)),
    ("loki", "label_values(job)", OptionsRequest("label/job/values", SPAN)),
    ("loki", 'label_values({a="b, c"}, job)', OptionsRequest("label/job/values", (*SPAN, ("query", '{a="b, c"}')))),
    (
        "loki",
        {"type": 1, "label": "job", "stream": '{a="b"}'},
        OptionsRequest("label/job/values", SPAN + QUERY),
    ),
    ("loki", {"type": 0}, OptionsRequest("labels", SPAN)),
    ("prometheus", "label_values(up, job)", OptionsRequest("api/v1/label/job/values", (*SECONDS, ("match[]", "up")))),
    (
        "prometheus",
        {"query": "metrics(^go_)", "refId": "V"},
        OptionsRequest(NAMES, SECONDS, keep="^go_"),
    ),
    ("prometheus", "query_result(up)", None),
    ("sql", "SELECT name FROM t", OptionsRequest(sql="SELECT name FROM t")),
    ("tempo", "x", None),
]


@pytest.mark.parametrize(("kind", "query", "wanted"), REQUESTS)
def test_what_is_asked(kind: str, query: Any, wanted: OptionsRequest | None) -> None:
    assert options_request(kind, query, 1_000_000_000, 2_000_000_000) == wanted


LISTED: list[tuple[dict[str, Any], list[str], list[tuple[str, str]]]] = [
    ({}, ["b", "a", "b"], [("b", "b"), ("a", "a")]),
    ({"sort": 1}, ["b", "A", "a"], [("A", "A"), ("a", "a"), ("b", "b")]),
    ({"sort": "alphabeticalDesc"}, ["a", "b"], [("b", "b"), ("a", "a")]),
    ({"sort": 3}, ["n10", "n9"], [("n9", "n9"), ("n10", "n10")]),
    ({"sort": 5}, ["b", "A", "C"], [("A", "A"), ("b", "b"), ("C", "C")]),
    ({"sort": 7}, ["v10", "v9"], [("v9", "v9"), ("v10", "v10")]),
    ({"regex": "/^pod-(.*)$/"}, ["pod-a", "node"], [("a", "a")]),
    ({"regex": "/(?<text>\\w+):(?<value>\\d+)/"}, ["one:1"], [("one", "1")]),
    ({"regex": "a"}, ["ba", "c"], [("a", "a")]),
]


@pytest.mark.parametrize(("raw", "values", "wanted"), LISTED)
def test_what_is_listed(raw: dict[str, Any], values: list[str], wanted: list[tuple[str, str]]) -> None:
    assert options_of(Variable("v", "query", raw=raw), values, OptionsRequest()) == wanted


VALUES: list[tuple[dict[str, Any], list[str], dict[str, list[str]], tuple[str, ...], bool]] = [
    ({"current": "b"}, ["a", "b"], {}, ("b",), False),
    ({"current": "gone"}, ["a", "b"], {}, ("a",), True),
    ({"current": "gone", "include_all": True}, ["a", "b"], {}, ("a", "b"), True),
    ({"current": ["a", "gone"], "multi": True}, ["a", "b"], {}, ("a",), True),
    ({"current": "b"}, [], {}, ("",), True),
    ({"current": "b"}, ["a"], {"v": ["typed"]}, ("typed",), False),
]


@pytest.mark.parametrize(("stored", "options", "link", "wanted", "noted"), VALUES)
def test_the_value_at_load_is_checked_against_the_options_now(
    stored: dict[str, Any], options: list[str], link: dict[str, list[str]], wanted: tuple[str, ...], noted: bool
) -> None:
    dashboard = Dashboard("u", "t", (), (Variable("v", "query", **stored),), "d", "classic")
    found = effective_variables(dashboard, link, lambda _variable, _before: [(o, o) for o in options])["v"]
    assert found.values == wanted
    assert bool(found.note) == noted
