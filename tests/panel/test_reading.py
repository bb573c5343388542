"""What a panel shows and which state that is: the reduce table of Grafana 13.0.1 and every state."""

import math
from typing import Any

import pytest

from obs_check.panel.datasource import Datasource
from obs_check.panel.elements import Panel, Target, Transformation
from obs_check.panel.format import format_value
from obs_check.panel.frames import Field, Frame, RefResult
from obs_check.panel.interval import Interval
from obs_check.panel.masking import is_constant, shows_zero_for_nothing
from obs_check.panel.reading import Reading, read_panel
from obs_check.panel.reduce import reduce_field
from obs_check.panel.request import PanelRequest, Query
from obs_check.panel.timerange import TimeRange

LOKI = {"type": "loki", "uid": "loki"}
PROMETHEUS = {"type": "prometheus", "uid": "prometheus"}


def panel(kind: str = "stat", expr: str = 'sum(count_over_time({a="b"}[5m]))', **more: Any) -> Panel:
    source = more.pop("datasource", LOKI)
    query = {"expr": expr, "queryType": more.pop("query_type", "range")}
    return Panel(1, "p", kind, source, (Target("A", source, False, query),), **more)


def stat(calc: str | None = "lastNotNull", config: dict[str, Any] | None = None, **more: Any) -> Panel:
    options = {"reduceOptions": {} if calc is None else {"calcs": [calc] if calc else []}}
    return panel(options=options, field_config={"defaults": config or {}}, **more)


def answer(*values: Any, labels: dict[str, str] | None = None, error: str = "") -> dict[str, RefResult]:
    frame = Frame(
        [Field("Time", "time", list(range(len(values)))), Field("Value", "number", list(values), labels or {})], "A"
    )
    return {"A": RefResult("A", [frame], error)}


SQL = {"type": "grafana-postgresql-datasource", "uid": "p"}
NOTHING = {"A": RefResult("A", [])}
NULL_IS_ZERO = {"mappings": [{"type": "special", "options": {"match": "null+nan", "result": {"text": "0"}}}]}
ZERO_IS_NONE = {"mappings": [{"type": "value", "options": {"0": {"text": "none"}}}]}


@pytest.mark.parametrize(
    ("shown", "results", "text", "state"),
    [
        (stat(), NOTHING, "No data", "no_series"),
        (stat(config={"noValue": "quiet"}), NOTHING, "quiet", "no_series"),
        (stat(config={"noValue": "0"}), NOTHING, "0", "zero_masked"),
        (stat(), answer(), "", "no_series"),
        (stat("sum"), answer(), "0", "zero_masked"),
        (stat("count"), answer(), "0", "zero_masked"),
        (stat("mean"), answer(), "", "no_series"),
        (stat("max"), answer(None, None), "", "no_series"),
        (stat("sum"), answer(None), "0", "zero_masked"),
        (stat(config={"noValue": "0"}), answer(None), "0", "zero_masked"),
        (panel(options={"reduceOptions": {"values": True}}), answer(), "No data", "no_series"),
        (panel(options={"reduceOptions": {"fields": "/^other$/"}}), answer(5), "No data", "no_series"),
        (stat(expr="SELECT count(*) FROM t", datasource=SQL), answer(0), "0", "zero_masked"),
        (stat(expr="SELECT count(*) FROM t GROUP BY a", datasource=SQL), answer(0), "0", "zero_real"),
        (stat("last"), answer(5, None), "", "no_series"),
        (stat(""), answer(5, None), "", "no_series"),
        (stat(), answer(5, None), "5", "ok"),
        (stat(None), answer(5, None), "5", "ok"),
        (stat(), answer(math.nan), "", "no_series"),
        (stat(), answer(0), "0", "zero_real"),
        (stat(config=NULL_IS_ZERO), answer(None), "0", "zero_masked"),
        (stat(config=ZERO_IS_NONE), answer(0), "none", "zero_real"),
        (stat(config={"decimals": 0}), answer(0.4), "0", "zero_rounded"),
        (stat(config={"decimals": 0, "unit": "short"}), answer(0.49), "0", "zero_rounded"),
        (stat(expr="sum(x) or vector(0)", datasource=PROMETHEUS), answer(0), "0", "zero_masked"),
        (stat(expr="sum(x) or vector(0)", datasource=PROMETHEUS), answer(3), "3", "ok"),
        (stat(expr="vector(1)", datasource=PROMETHEUS), answer(1), "1", "false_green"),
        (stat(), answer(error="parse error"), "", "error"),
        (panel("timeseries"), NOTHING, "No data", "no_series"),
        (panel("logs"), NOTHING, "No data", "no_series"),
        (panel("table"), answer(), "No data", "no_series"),
        (panel("timeseries"), answer(0, 0), "Value 0 in 2 points", "zero_real"),
    ],
)
def test_reduce_table(shown: Panel, results: dict[str, RefResult], text: str, state: str) -> None:
    reading = read_panel(shown, results)
    assert (reading.text, reading.state) == (text, state)


def test_values_names_and_total() -> None:
    frames = [answer(n, labels={"decision": d})["A"].frames[0] for d, n in (("allow", 7), ("deny", 5))]
    overrides = [
        {"matcher": {"id": "byName", "options": "allow"}, "properties": [{"id": "displayName", "value": "Allowed"}]}
    ]
    reading = read_panel(panel(field_config={"overrides": overrides}), {"A": RefResult("A", frames)})
    assert [(v.name, v.number, v.text) for v in reading.values] == [("Allowed", 7, "7"), ("deny", 5, "5")]
    assert (reading.number, reading.text) == (12, "Allowed 7, deny 5")


def test_an_instant_table_and_what_organize_makes_of_it() -> None:
    organize = Transformation("organize", {"excludeByName": {"Time": True}, "renameByName": {"Value #A": "Requests"}})
    shown = panel("table", query_type="instant", transformations=(organize,))
    reading = read_panel(shown, answer(3, labels={"domain": "a.invalid"}))
    assert [(v.name, v.number, v.text) for v in reading.values] == [("a.invalid", 3, "a.invalid | 3")]
    steps = [("query", 1, 2, 1), ("datasource", 1, 3, 1), ("organize", 1, 2, 1)]
    assert [s[:4] for s in reading.trail] == steps
    assert [s.columns for s in reading.trail[1:]] == [("Time", "domain", "Value #A"), ("domain", "Requests")]


def test_lost_in_a_transformation_names_it() -> None:
    lost = Transformation("organize", {"includeByName": {"Domain": True}})
    reading = read_panel(panel("table", transformations=(Transformation("limit", {"limitField": 5}), lost)), answer(3))
    assert (reading.state, reading.text) == ("lost_in_transform", "No data")
    assert "organize" in reading.error


def test_an_unknown_transformation_is_said() -> None:
    reading = read_panel(panel(transformations=(Transformation("histogram", {}),)), answer(3))
    assert (reading.state, "histogram" in reading.error) == ("not_evaluated", True)


def test_a_saved_click_on_a_legend_hides_the_series() -> None:
    override = {
        "matcher": {"id": "byNames", "options": {"mode": "exclude", "names": ["other"]}},
        "properties": [{"id": "custom.hideFrom", "value": {"viz": True}}],
    }
    reading = read_panel(panel("timeseries", field_config={"overrides": [override]}), answer(3))
    assert reading.state == "hidden_by_override"


def test_a_log_panel_has_one_value_a_line() -> None:
    fields = [
        Field("labels", "other", [{}]),
        Field("Time", "time", [1]),
        Field("Line", "string", ["hello"]),
        Field("id", "string", ["x"]),
    ]
    reading = read_panel(panel("logs"), {"A": RefResult("A", [Frame(fields, "A")])})
    assert [(v.name, v.number) for v in reading.values] == [("hello", None)]
    assert (reading.state, reading.rows, reading.text) == ("ok", 1, "1 line")


def test_bars_of_rows_are_named_by_their_text() -> None:
    options = {"reduceOptions": {"values": True}}
    shown = panel("bargauge", query_type="instant", options=options)
    reading = read_panel(shown, answer(3, labels={"owner": "joe"}))
    assert [(v.name, v.number) for v in reading.values] == [("joe", 3)]
    assert isinstance(reading, Reading)


def asked(shown: Panel, **more: Any) -> PanelRequest:
    body = {"queries": [{"refId": "A", "datasource": PROMETHEUS, "expr": "x"}]}
    query = Query(Datasource("prometheus", "P", "prometheus"), "/api/ds/query", body)
    fields: dict[str, Any] = {"state": "ready", "why": "", "queries": (query,), **more}
    return PanelRequest(
        shown, range=TimeRange(0, 3_600_000), interval=Interval(15_000, "15s"), max_data_points=100, **fields
    )


@pytest.mark.parametrize(("age_s", "state"), [(0, "ok"), (100, "ok"), (600, "stale")])
def test_samples_that_stopped_are_stale(age_s: int, state: str) -> None:
    shown = stat(datasource=PROMETHEUS, expr="x")
    frame = Frame([Field("Time", "time", [(3600 - age_s) * 1_000_000_000]), Field("x", "number", [3])], "A")
    assert read_panel(shown, {"A": RefResult("A", [frame])}, asked(shown)).state == state


@pytest.mark.parametrize(
    ("asked_state", "state"),
    [
        ("datasource_not_found", "error"),
        ("error", "error"),
        ("no_active_query", "no_series"),
        ("not_evaluated", "not_evaluated"),
    ],
)
def test_what_was_not_asked_says_why(asked_state: str, state: str) -> None:
    reading = read_panel(stat(), {}, asked(stat(), state=asked_state, why="because", queries=()))
    assert (reading.state, reading.error) == (state, "because")


@pytest.mark.parametrize(
    ("calc", "values", "want"),
    [
        ("sum", [1, None, 2], 3),
        ("count", [1, None], 1),
        ("mean", [], None),
        ("max", [None], None),
        ("delta", [1, 5, 2], 6),
        ("range", [1, 5], 4),
        ("diff", [5, 1], -4),
        ("allIsZero", [0, 0], True),
        ("sum", ["a"], 0),
        ("firstNotNull", [None, 4], 4),
        ("median", [3, 1, 2], 2),
        ("nonsense", [1], None),
    ],
)
def test_reducers(calc: str, values: list[Any], want: Any) -> None:
    assert reduce_field(Field("n", "number", values), calc) == want


def test_null_as_zero() -> None:
    assert reduce_field(Field("n", "number", [4, None]), "mean", null_as_zero=True) == 2


@pytest.mark.parametrize(
    ("value", "config", "text"),
    [
        (1234567, {"unit": "short"}, "1.23 Mil"),
        (1500, {"unit": "short"}, "1.50 K"),
        (2048, {"unit": "bytes"}, "2 KiB"),
        (0.25, {"unit": "percentunit"}, "25%"),
        (0.4, {}, "0.400"),
        (2.5, {"decimals": 0}, "3"),
        (math.inf, {}, "∞"),
        (-0.2, {"decimals": 0}, "0"),
        (7, {"mappings": [{"type": "range", "options": {"from": 5, "result": {"text": "many"}}}]}, "many"),
        (7, {"unit": "reqps"}, "7 req/s"),
        (None, {"noValue": "-"}, "-"),
        ("text", {"decimals": 1}, "text"),
    ],
)
def test_texts(value: Any, config: dict[str, Any], text: str) -> None:
    assert format_value(value, config) == text


@pytest.mark.parametrize(
    ("query", "zero", "constant"),
    [
        ("sum(x) or vector(0)", True, False),
        ("sum(x) or on() vector(0)", True, False),
        ("absent(x)", True, False),
        ('sum({a="or vector(0)"})', False, False),
        ("vector(1)", False, True),
        ("1 + 1", False, True),
        ('sum(count_over_time({a="b"}[5m]))', False, False),
    ],
)
def test_masks(query: str, zero: bool, constant: bool) -> None:
    assert (shows_zero_for_nothing(query), is_constant(query, "prometheus")) == (zero, constant)
