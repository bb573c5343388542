"""What lint says of single panels: those that look alike and are not."""

import json
from pathlib import Path
from typing import Any

import pytest

from obs_check.lint.colors import is_red
from obs_check.lint.run import lint
from obs_check.lint.sources import read_material
from tests.engine_settings import SETTINGS

LOKI, PROMETHEUS = {"type": "loki", "uid": "l"}, {"type": "prometheus", "uid": "p"}
SHIPPER = """clients: [{url: http://loki.example/loki/api/v1/push}]
scrape_configs: [{job_name: a, static_configs: [{labels: {job: a, __path__: /a}}]}]
"""


def panel(expr: str, datasource: object = None, kind: str = "timeseries", **more: Any) -> dict[str, Any]:
    """A panel; what begins with `target_` is its query's."""
    own = {name.removeprefix("target_"): value for name, value in more.items() if name.startswith("target_")}
    rest = {name: value for name, value in more.items() if not name.startswith("target_")}
    target = {"refId": "A", "expr": expr, **own}
    unit = {"defaults": {"unit": "none"}}
    return {"type": kind, "title": "t", "datasource": datasource, "targets": [target], "fieldConfig": unit, **rest}


def said(tmp_path: Path, *panels: dict[str, Any]) -> list[tuple[int, str, str, str]]:
    """The panel's number, the rule, the claim and the remedy of each finding."""
    numbered = [{"id": number, **one} for number, one in enumerate(panels, 1)]
    (tmp_path / "b.json").write_text(json.dumps({"title": "b", "schemaVersion": 39, "panels": numbered}))
    (tmp_path / "promtail.yaml").write_text(SHIPPER)
    files = [tmp_path / "b.json", tmp_path / "promtail.yaml"]
    found = lint(read_material(files, [], None, None, {}, SETTINGS)[0]).issues
    return [(one.spot.subject.panel or 0, one.rule, one.claim, one.remedy) for one in found]


NEITHER = '{job="zz"}'
COUNT = 'sum(rate({job="zz"}[5m]))'


@pytest.mark.parametrize(
    ("panels", "held"),
    [
        ([panel(NEITHER)], []),
        ([panel(NEITHER, LOKI)], [1]),
        ([panel(NEITHER, "Loki")], [1]),
        ([panel(NEITHER, "Prometheus")], []),
        ([panel(NEITHER, {"uid": "prometheus"})], []),
        ([panel(NEITHER, kind="logs")], [1]),
        ([panel(NEITHER, target_queryType="range")], [1]),
        ([panel(NEITHER, target_format="table", kind="table", target_instant=True)], []),
        ([panel(COUNT, target_format="time_series")], []),
        ([panel(COUNT, target_intervalFactor=2)], []),
        ([panel('{__name__=~"magik_.*"}')], []),
        ([panel('sum(rate({__name__=~"magik_.*"}[5m]))')], []),
        ([panel(NEITHER + ' |= "x"')], [1]),
        ([panel(COUNT)], [1]),
        ([panel(COUNT), panel('up{job="a"}')], []),
        ([panel(COUNT, "other"), panel('up{job="a"}')], [1]),
        ([panel(NEITHER), panel('{job="a"} |= "x"')], [1]),
        ([panel(NEITHER, {"uid": "x"}), panel('{job="a"}', {"uid": "x", "type": "loki"})], [1]),
    ],
)
def test_a_query_is_held_to_the_shipper_where_it_is_logql(
    tmp_path: Path, panels: list[dict[str, Any]], held: list[int]
) -> None:
    assert [number for number, rule, _, _ in said(tmp_path, *panels) if rule == "label-not-set"] == held


REDS = (
    "red", "semi-dark-red", "dark-red", "rgba(245, 54, 54, 0.9)", "rgb(245,54,54)", "#F2495C", "#d44a3a", "#C4162A",
    "#890f02", "#f00", "#F2495CFF", "hsl(355, 80%, 50%)", "crimson",
)  # fmt: skip
OTHERS = (
    "green", "orange", "rgba(237, 129, 40, 0.89)", "#FF9830", "#EF843C", "#73BF69", "#5794F2", "#B877D9", "#808080",
    "#8a7f7f", "#ccc", "text", "", None, "hsl(120, 80%, 50%)", "#zz0000",
)  # fmt: skip


def test_red_is_red_in_any_notation() -> None:
    assert [one for one in REDS if not is_red(one)] == []
    assert [one for one in OTHERS if is_red(one)] == []


def steps(color: str, then: str = "green", limit: int = 3, **more: Any) -> dict[str, Any]:
    two = [{"color": color, "value": None}, {"color": then, "value": limit}]
    return {"defaults": {"unit": "none", "thresholds": {"mode": "absolute", "steps": two}, **more}}


OLD: dict[str, Any] = {"kind": "singlestat", "format": "none", "thresholds": "1,2", "target_instant": True}
FALLBACK = "count(up) or vector(0)"


@pytest.mark.parametrize(
    ("shown", "speaks"),
    [
        (panel(FALLBACK, PROMETHEUS, "stat", target_instant=True, fieldConfig=steps("#F2495C")), False),
        (panel(FALLBACK, PROMETHEUS, "stat", target_instant=True, fieldConfig=steps("#FF9830")), True),
        (panel(FALLBACK, PROMETHEUS, colors=["#d44a3a", "green"], colorValue=True, **OLD), False),
        (panel(FALLBACK, PROMETHEUS, colors=["green", "#d44a3a"], colorValue=True, **OLD), True),
        (panel(FALLBACK, PROMETHEUS, colors=["#d44a3a", "green"], **OLD), True),
        (panel(FALLBACK, PROMETHEUS, "stat", target_instant=True, fieldConfig=steps("red", "red")), True),
        (panel(FALLBACK, PROMETHEUS, "stat", target_instant=True, fieldConfig=steps("green", "red", 0)), False),
        (panel("1 - (count(up) or vector(0))", PROMETHEUS, "gauge", fieldConfig=steps("green", "red", 1)), False),
        (panel("1 - (count(up) or vector(0))", PROMETHEUS, "gauge", fieldConfig=steps("green", "red", 2)), True),
        (panel("count(up)", PROMETHEUS, "stat", target_instant=True, fieldConfig=steps("red", noValue="0")), False),
        (panel("count(up)", PROMETHEUS, "stat", target_instant=True, fieldConfig=steps("green", noValue="0")), True),
        (
            panel(FALLBACK, PROMETHEUS, "stat", options={"colorMode": "none"}, fieldConfig=steps("red")),
            True,
        ),
    ],
)
def test_a_zero_in_red_is_seen(tmp_path: Path, shown: dict[str, Any], speaks: bool) -> None:
    assert ("masked-zero" in {rule for _, rule, _, _ in said(tmp_path, shown)}) is speaks


@pytest.mark.parametrize(("factor", "step"), [(5, "1m15s"), (10, "2m30s"), (20, "5m")])
def test_a_step_is_said_in_full(tmp_path: Path, factor: int, step: str) -> None:
    shown = panel("sum(rate(x[1m]))", PROMETHEUS, target_intervalFactor=factor, timeFrom="30m")
    assert [claim for _, _, claim, _ in said(tmp_path, shown)] == [
        f"[1m] is shorter than the step of {step}: what is between is not seen"
    ]


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, True),
        ({"interval": "$unknown"}, False),
        ({"target_interval": "[[unknown]]"}, False),
        ({"target_interval": "$__interval"}, True),
    ],
)
@pytest.mark.parametrize("datasource", [PROMETHEUS, LOKI])
def test_a_step_that_nobody_knows_proves_nothing(
    tmp_path: Path, datasource: dict[str, str], more: dict[str, Any], says: bool
) -> None:
    shown = panel('sum(count_over_time({job="a"}[10m]))', datasource, options={"legend": {"calcs": ["sum"]}}, **more)
    assert ("sum-of-range" in {rule for _, rule, _, _ in said(tmp_path, shown)}) is says


@pytest.mark.parametrize(("plugin", "refused"), [("loki", False), ("prometheus", True)])
def test_the_plugin_of_a_datasource_variable_decides(tmp_path: Path, plugin: str, refused: bool) -> None:
    variable = {"name": "DS", "type": "datasource", "query": plugin, "current": {"value": "l"}}
    shown = {"id": 1, **panel('{app="x"} |= "error"', {"type": "prometheus", "uid": "${DS}"}, "logs")}
    board = {"title": "b", "schemaVersion": 39, "panels": [shown], "templating": {"list": [variable]}}
    (tmp_path / "b.json").write_text(json.dumps(board))
    found = lint(read_material([tmp_path / "b.json"], [], None, None, {}, SETTINGS)[0]).issues
    assert ("query-syntax" in {issue.rule for issue in found}) is refused


NO_VALUE = {"id": "noValue", "value": "0"}
ZERO: dict[str, Any] = {"fieldConfig": {"defaults": {"unit": "none", "noValue": "0"}}}
ERRORS = 'rate({job="a"} |= "ERROR" [5m])'


def old_null(version: int) -> dict[str, Any]:
    mapping = {"id": 0, "op": "=", "text": "0", "type": 1, "value": "null"}
    shown = panel("sum(x)", PROMETHEUS, "gauge", fieldConfig={"defaults": {"unit": "none", "mappings": [mapping]}})
    return {"title": "b", "schemaVersion": version, "panels": [{"id": 1, **shown}]}


@pytest.mark.parametrize(("version", "says"), [(22, True), (29, True), (30, False), (38, False)])
def test_a_mapping_of_old_is_read_where_grafana_upgrades_it(tmp_path: Path, version: int, says: bool) -> None:
    (tmp_path / "b.json").write_text(json.dumps(old_null(version)))
    found = lint(read_material([tmp_path / "b.json"], [], None, None, {}, SETTINGS)[0]).issues
    assert ("masked-zero" in {issue.rule for issue in found}) is says


NULL = {
    "defaults": {
        "unit": "none",
        "mappings": [{"type": "special", "options": {"match": "null+nan", "result": {"text": "0"}}}],
    }
}


def in_words(value: str, text: str) -> dict[str, Any]:
    return {"defaults": {"unit": "none", "mappings": [{"type": "value", "options": {value: {"text": text}}}]}}


def in_range(low: int | None, high: int) -> dict[str, Any]:
    given = {"type": "range", "options": {"from": low, "to": high, "result": {"text": "Down"}}}
    return {"defaults": {"unit": "none", "mappings": [given]}}


def null_as(text: str, **more: Any) -> dict[str, Any]:
    given = {"type": "special", "options": {"match": "null", "result": {"text": text}}}
    return {"defaults": {"unit": "none", "mappings": [given], **more}}


ABSENT = "or (label_replace(vector(0), 'model', 'none', '', '') * on() group_left absent(sum by (model) (x)))"


@pytest.mark.parametrize(
    ("expr", "more", "words"),
    [
        (f"sum by (model) (x) {ABSENT}", {}, ["answers 0 where"]),
        ("sum by (model) (x) or (vector(0) and on() absent(x))", {}, ["answers 0 where"]),
        ("sum by (model) (x) or vector(0)", {}, ["answers 0 where"]),
        ("increase(x[10m]) > 0 or on() vector(0)", {}, ["answers 0 where"]),
        ("count(x > 5) or vector(0)", {}, ["with the same labels: `or 0 * count(METRIC)`"]),
        ("absent(x)", {}, []),
        ("sum(absent_over_time(x[5m])) > 0 or absent(y)", {}, []),
        ("1 - absent(x)", {}, []),
        ("1 - (absent(x) or vector(0))", {}, []),
        ("1 - (sum(x) or vector(1))", {}, []),
        ("1 * (sum(x) or vector(0))", {}, ["answers 0 where"]),
        ("sum(x) or absent(x)", {}, []),
        ("sum(x) or absent(x) * 100", {}, []),
        ("sum(x) or absent(x) * 0", {}, ["answers 0 where"]),
        ("sum(x)", {"kind": "state-timeline", **ZERO}, []),
        ("sum(x)", {"fieldConfig": {"defaults": {**in_words("0", "No data")["defaults"], "noValue": "0"}}}, []),
        ("sum by (a) (x) or vector(0)", {"kind": "state-timeline"}, []),
        ("sum by (a) (x) or vector(0)", {"transformations": [{"id": "merge", "options": {}}]}, []),
        ("100 * (1 - (sum(x) or vector(0)))", {}, ["answers 100 where"]),
        ("sum(x) or vector(0)", ZERO, ["answers 0 where"]),
        ("sum(x)", {"kind": "stat", "fieldConfig": NULL}, ["a value mapping"]),
        ("sum(x)", {"kind": "stat", "fieldConfig": in_words("null", "0")}, []),
        ("sum(x)", {"kind": "stat", "fieldConfig": {"defaults": {**NULL["defaults"], "noValue": "0"}}}, ["mapping"]),
        ("sum(x)", {"kind": "stat", "fieldConfig": null_as("N/A", noValue="0")}, []),
        ("sum(x)", {"kind": "timeseries", "fieldConfig": null_as("N/A", noValue="0")}, ["noValue"]),
        ("sum(x) or vector(0)", {"kind": "text"}, []),
        ("", {"kind": "stat", **ZERO}, []),
        ("sum(x) or vector(0)", {"kind": "stat", "options": {"textMode": "name"}}, []),
        ("sum(x) or vector(0)", {"kind": "singlestat", "valueMaps": [{"value": "0", "text": "Down"}]}, []),
        ("sum(x) or vector(0)", {"kind": "singlestat", "valueMaps": [{"value": "1", "text": "Up"}]}, ["answers 0"]),
        ("sum(x)", {"kind": "singlestat", "valueMaps": [{"value": "null", "text": "0"}]}, ["mapping"]),
        (
            "sum(x) or vector(0)",
            {"kind": "singlestat", "mappingType": 2, "rangeMaps": [{"from": "0", "to": "0", "text": "Down"}]},
            [],
        ),
        ("sum(x)", {"kind": "timeseries", "fieldConfig": NULL}, []),
        ("sum(x)", {"kind": "table", "target_instant": True, "fieldConfig": NULL}, []),
        ("sum(x)", ZERO, ["noValue"]),
        ("sum(x)", {"kind": "table", "target_instant": True, **ZERO}, []),
        ("-absent(x) or sum(x)", {}, []),
        ("sum(x) or vector(0)", {"fieldConfig": in_words("0", "All dead")}, []),
        ("sum(x) or vector(0)", {"fieldConfig": in_words("0", "0 of 3")}, ["answers 0 where"]),
        ("sum(x) or vector(0)", {"fieldConfig": in_words("1", "All dead")}, ["answers 0 where"]),
        ("sum(x) or vector(0)", {"fieldConfig": in_range(0, 0)}, []),
        ("sum(x) or vector(0)", {"fieldConfig": in_range(None, 2)}, []),
        ("sum(x) or vector(0)", {"fieldConfig": in_range(1, 2)}, ["answers 0 where"]),
        ('absent(up{job="a"}) or vector(0)', {}, []),
        ("sum(x)", {"fieldConfig": {"defaults": {"unit": "none"}, "overrides": [{"properties": [NO_VALUE]}]}}, []),
    ],
)
def test_a_zero_is_said_as_it_is(tmp_path: Path, expr: str, more: dict[str, Any], words: list[str]) -> None:
    found = [f"{one[2]} {one[3]}" for one in said(tmp_path, panel(expr, PROMETHEUS, **more)) if one[1] == "masked-zero"]
    assert len(found) == len(words)
    assert all(word in told for word, told in zip(words, found, strict=True))


@pytest.mark.parametrize(
    ("expr", "values", "rules"),
    [
        ('sum($m{job="a"})', ["a_total", "b_total"], []),
        ('sum($m{job="a"}', ["a_total", "b_total"], ["query-syntax"]),
        ('sum($m{job="a"})', ["a total"], ["query-syntax"]),
    ],
)
def test_one_of_the_saved_names_of_a_metric_is_left(
    tmp_path: Path, expr: str, values: list[str], rules: list[str]
) -> None:
    current = {"text": values, "value": values}
    one = {"name": "m", "type": "query", "query": "metrics(x)", "multi": True, "refresh": 1, "current": current}
    shown = {**panel(expr, PROMETHEUS), "id": 1}
    board = {"title": "b", "schemaVersion": 39, "panels": [shown], "templating": {"list": [one]}}
    (tmp_path / "b.json").write_text(json.dumps(board))
    found = lint(read_material([tmp_path / "b.json"], [], None, None, {}, SETTINGS)[0]).issues
    assert [issue.rule for issue in found] == rules


WHOLE = "topk(10, sum by (l) (increase(x_total[$__range])))"
TOTAL = {"options": {"legend": {"calcs": ["sum"]}}}


@pytest.mark.parametrize(
    ("expr", "more", "rules"),
    [
        (WHOLE, {}, ["range-needs-instant"]),
        (WHOLE, TOTAL, ["sum-of-range"]),
        (WHOLE, {"target_instant": True, "target_format": "table", **TOTAL}, []),
        ("sum by (l) (increase(x_total[$__rate_interval]))", {}, []),
    ],
)
def test_a_bar_chart_of_the_whole_range_wants_one_step(
    tmp_path: Path, expr: str, more: dict[str, Any], rules: list[str]
) -> None:
    found = said(tmp_path, panel(expr, PROMETHEUS, "barchart", **more))
    assert [rule for _, rule, _, _ in found] == rules


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, True),
        ({"textMode": "name"}, False),
        ({"textMode": "value_and_name"}, True),
        ({"reduceOptions": {"fields": "/^version$/", "values": True}}, False),
        ({"reduceOptions": {"fields": "/^Value$/"}}, True),
        ({"reduceOptions": {"fields": ""}}, True),
    ],
)
def test_names_have_no_unit(tmp_path: Path, options: dict[str, Any], says: bool) -> None:
    found = said(tmp_path, panel("x_bytes", PROMETHEUS, "stat", options=options, fieldConfig={}, target_instant=True))
    assert ("missing-unit" in {rule for _, rule, _, _ in found}) is says


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, True),
        ({"target_range": True}, False),
        ({"transformations": [{"id": "configFromData", "options": {}}]}, False),
        ({"transformations": [{"id": "configFromData", "options": {}, "disabled": True}]}, True),
    ],
)
def test_a_single_point_is_drawn_as_it_is(tmp_path: Path, more: dict[str, Any], says: bool) -> None:
    found = said(tmp_path, panel("up", PROMETHEUS, target_instant=True, **more))
    assert ("instant-needs-range" in {rule for _, rule, _, _ in found}) is says
    assert said(tmp_path, panel("x[1h]", PROMETHEUS, target_instant=True, **more)) == []


COUNTED = 'count_over_time({job="a"} | json [5m])'


@pytest.mark.parametrize(
    ("expr", "says"),
    [
        (COUNTED, True),
        ('quantile_over_time(0.9, {job="a"} | json | unwrap x [5m])', True),
        ('sum(rate({job="a"}[5m])) / avg_over_time({job="a"} | logfmt | unwrap x [5m])', True),
        ('quantile_over_time(0.9, {job="a"} | json | unwrap x [5m]) by (job)', False),
    ],
)
def test_what_is_counted_by_every_field_is_put_together(tmp_path: Path, expr: str, says: bool) -> None:
    assert ("series-per-line" in {one[1] for one in said(tmp_path, panel(expr, LOKI))}) is says


@pytest.mark.parametrize(("current", "speaks"), [({}, False), ({"value": "1s"}, True)])
def test_auto_is_the_first_of_intervals(tmp_path: Path, current: dict[str, str], speaks: bool) -> None:
    one = {"name": "i", "type": "interval", "query": "1s,5m", "auto": True, "auto_min": "15s", "current": current}
    shown = {**panel("rate(x[$i])", PROMETHEUS), "id": 1}
    board = {"title": "b", "schemaVersion": 39, "panels": [shown], "templating": {"list": [one]}}
    (tmp_path / "b.json").write_text(json.dumps(board))
    found = lint(read_material([tmp_path / "b.json"], [], None, None, {}, SETTINGS)[0]).issues
    assert ("range-shorter-than-step" in {issue.rule for issue in found}) is speaks


@pytest.mark.parametrize(
    ("expr", "says"),
    [
        ("irate(x[1m])", True),
        ("irate(x[$w])", False),
        ("irate(x[[[w]]])", False),
        ("irate(x{a='$w'}[1m])", True),
        ("rate(x[1m]) or irate(x[2m])", True),
        ("last_over_time(x[1m])", False),
        ("rate(x[1m]) - deriv(y[1m])", True),
        ("rate(x[1m]) or irate(x[1h])", False),
        ("rate(x[1h]) + rate(x[1m])", True),
        ("rate(x[1m] @ end())", False),
        ("rate(x[1m] @ 1700000000) + rate(x[1m])", True),
        ("max_over_time(x[1m:1s] @ start())", False),
    ],
)
def test_the_longer_range_beside_or_counts(tmp_path: Path, expr: str, says: bool) -> None:
    found = said(tmp_path, panel(expr, PROMETHEUS, interval="5m"))
    assert ("range-shorter-than-step" in {rule for _, rule, _, _ in found}) is says


@pytest.mark.parametrize(
    ("kind", "more", "says"),
    [
        ("timeseries", {}, True),
        ("gauge", {}, False),
        ("a-diagram-panel", {}, False),
        ("stat", {}, True),
        ("stat", {"options": {"graphMode": "none"}}, False),
        ("stat", {"options": {"graphMode": "none", "reduceOptions": {"calcs": ["mean"]}}}, True),
        ("gauge", {"options": {"reduceOptions": {"values": True}}}, True),
        ("gauge", {"transformations": [{"id": "reduce", "options": {"reducers": ["lastNotNull"]}}]}, False),
        ("table", {"transformations": [{"id": "reduce", "options": {"reducers": ["lastNotNull"]}}]}, False),
        ("singlestat", {"valueName": "current"}, False),
        ("singlestat", {"valueName": "current", "sparkline": {"show": True}}, True),
        ("singlestat", {"valueName": "avg"}, True),
        ("singlestat", {}, True),
    ],
)
def test_the_range_of_a_last_value_alone_is_meant(tmp_path: Path, kind: str, more: dict[str, Any], says: bool) -> None:
    found = said(tmp_path, panel("sum(rate(x[1m]))", PROMETHEUS, kind, interval="5m", **more))
    assert ("range-shorter-than-step" in {rule for _, rule, _, _ in found}) is says


@pytest.mark.parametrize(
    ("more", "says"),
    [({}, True), ({"interval": "1d"}, False), ({"target_interval": "1d"}, False)],
)
def test_a_table_may_have_a_row_for_each_day(tmp_path: Path, more: dict[str, Any], says: bool) -> None:
    found = said(tmp_path, panel("sum by (a) (increase(x_total[1d]))", PROMETHEUS, "table", timeFrom="30d", **more))
    assert ("range-needs-instant" in {rule for _, rule, _, _ in found}) is says


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        ([{"expr": "x"}, {"expr": "y"}], True),
        ([{"expr": "x"}, {"expr": "y", "hide": True}], False),
        ([{"expr": "x"}, {"expr": ""}], False),
    ],
)
def test_queries_that_are_asked_have_a_name_each(tmp_path: Path, targets: list[dict[str, Any]], says: bool) -> None:
    named = [{"refId": "A", **one} for one in targets]
    found = said(tmp_path, {**panel("x", PROMETHEUS), "targets": named})
    assert ("duplicate-ref-id" in {rule for _, rule, _, _ in found}) is says
    assert said(tmp_path, {**panel("x", PROMETHEUS, "text"), "targets": named}) == []


@pytest.mark.parametrize(
    ("expr", "says"),
    [
        ("sum(x)", False),
        ("sum(x) / count(y) * 100", False),
        ("round(sum(rate(x[5m])))", False),
        ("sum by (a) (x)", True),
        ("topk(3, x)", True),
        ("x / sum(x)", True),
    ],
)
def test_a_table_of_one_series_has_a_row_for_each_time(tmp_path: Path, expr: str, says: bool) -> None:
    found = said(tmp_path, panel(expr, PROMETHEUS, "table"))
    assert ("range-needs-instant" in {rule for _, rule, _, _ in found}) is says


def test_mixed_datasources_have_names_of_their_own(tmp_path: Path) -> None:
    targets = [{"refId": "A", "expr": "x", "datasource": PROMETHEUS}, {"refId": "A", "expr": "{}", "datasource": LOKI}]
    mixed = {**panel("x", {"uid": "-- Mixed --", "type": "datasource"}), "targets": targets}
    assert "duplicate-ref-id" not in {rule for _, rule, _, _ in said(tmp_path, mixed)}
    alike = {**mixed, "targets": [{**one, "datasource": LOKI} for one in targets]}
    assert "duplicate-ref-id" in {rule for _, rule, _, _ in said(tmp_path, alike)}


@pytest.mark.parametrize(("kind", "held"), [("query", False), ("custom", True), ("textbox", True)])
@pytest.mark.parametrize("expr", ['{job="$j"}', '{job=~"(${j:pipe}|b.c)"}'])
def test_a_saved_value_is_held_where_grafana_keeps_it(tmp_path: Path, kind: str, held: bool, expr: str) -> None:
    variable = {"name": "j", "type": kind, "query": "zz,yy", "current": {"value": "zz"}, "refresh": 1}
    shown = [{"id": 1, **panel(expr.replace("|b.c", ""), LOKI)}]
    board = {"title": "b", "schemaVersion": 39, "panels": shown, "templating": {"list": [variable]}}
    (tmp_path / "b.json").write_text(json.dumps(board))
    (tmp_path / "promtail.yaml").write_text(SHIPPER)
    files = [tmp_path / "b.json", tmp_path / "promtail.yaml"]
    found = lint(read_material(files, [], None, None, {}, SETTINGS)[0]).issues
    assert ("label-not-set" in {issue.rule for issue in found}) is held


@pytest.mark.parametrize(
    ("options", "severity"),
    [
        ({}, "warning"),
        ({"displayLabels": ["name", "percent"], "legend": {"values": ["percent"]}}, "warning"),
        ({"displayLabels": ["value"]}, "error"),
        ({"legend": {"values": ["value"]}}, "error"),
        ({"legend": {"values": ["value"], "showLegend": False}}, "warning"),
    ],
)
def test_shares_that_are_weighed_wrongly_are_a_warning(tmp_path: Path, options: dict[str, Any], severity: str) -> None:
    adds = {"reduceOptions": {"calcs": ["sum"]}, **options}
    said(tmp_path, panel("sum by (l) (increase(x_total[1h]))", PROMETHEUS, "piechart", options=adds))
    (issue,) = lint(read_material([tmp_path / "b.json"], [], None, None, {}, SETTINGS)[0]).issues
    assert (issue.rule, issue.severity) == ("sum-of-range", severity)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({}, True),
        ({"title": "Requests/s"}, False),
        ({"title": "Latency (ms)"}, False),
        ({"title": "CPU %"}, False),
        ({"title": "Current QPS"}, False),
        ({"title": "Maps"}, True),
        ({"title": "Requests / sec"}, False),
        ({"title": "Cost USD"}, False),
        ({"title": "Apdex score"}, False),
        ({"target_legendFormat": "{{a}} req/s"}, False),
        ({"target_legendFormat": "{{a}}/{{b}}"}, True),
        ({"kind": "stat", "options": {"reduceOptions": {"calcs": ["count"]}}}, False),
        ({"fieldConfig": {"defaults": {"custom": {"axisLabel": "per second"}}}}, False),
        ({"kind": "piechart"}, False),
        ({"kind": "piechart", "options": {"displayLabels": ["value"]}}, True),
    ],
)
def test_a_unit_that_is_told_is_not_missed(tmp_path: Path, more: dict[str, Any], says: bool) -> None:
    found = said(tmp_path, panel("sum(rate(x_total[5m]))", PROMETHEUS, **{"fieldConfig": {}, **more}))
    assert ("missing-unit" in {rule for _, rule, _, _ in found}) is says


@pytest.mark.parametrize(("name", "says"), [("x_seconds", True), ("host_count_ratio", False), ("x_ratio_total", False)])
def test_a_name_that_counts_has_no_unit(tmp_path: Path, name: str, says: bool) -> None:
    """OpenTelemetry's exporter for Prometheus writes `_ratio` behind a gauge whose unit is 1, so behind counts too."""
    found = said(tmp_path, panel(f"sum({name})", PROMETHEUS, fieldConfig={}))
    assert ("missing-unit" in {rule for _, rule, _, _ in found}) is says


TOP = "topk(1, sum by (l) (rate(x[5m])))"


@pytest.mark.parametrize(
    ("kind", "expr", "more", "says"),
    [
        ("stat", TOP, {}, True),
        ("bargauge", f"sort_desc({TOP})", {}, True),
        ("stat", TOP, {"target_instant": True}, False),
        ("stat", f"sum({TOP})", {}, False),
        ("stat", f"{TOP} - {TOP}", {}, True),
        ("stat", TOP, {"target_instant": True, "target_range": True}, True),
        ("stat", TOP, {"transformations": [{"id": "reduce", "options": {}}]}, False),
        ("timeseries", TOP, {}, False),
        ("stat", "topk(1, x @ end())", {}, False),
        ("bargauge", "topk by (l) (10, sum by (l) (rate(x[5m])))", {}, False),
        ("stat", "topk(10, sum(x))", {}, False),
        ("stat", f"x unless {TOP}", {}, False),
    ],
)
def test_topk_chooses_at_each_step(tmp_path: Path, kind: str, expr: str, more: dict[str, Any], says: bool) -> None:
    found = said(tmp_path, panel(expr, PROMETHEUS, kind, **more))
    assert ["topk chooses anew" in claim for _, rule, claim, _ in found if rule == "range-needs-instant"] == [
        True
    ] * says


def test_a_label_that_all_queries_ask_for_may_be_of_another_program(tmp_path: Path) -> None:
    asked = panel('{host="x"} |= "a"', LOKI), panel('{host="x"} |= "b"', LOKI), panel('{host="x"}', LOKI, "logs")
    found = [remedy for _, rule, _, remedy in said(tmp_path, *asked) if rule == "label-not-set"]
    assert len(found) == 3
    assert all("another program" in remedy for remedy in found)
    whole = read_material([tmp_path / "b.json", tmp_path / "promtail.yaml"], [], None, None, {}, SETTINGS)[0]
    assert {one.severity for one in lint(whole).issues if one.rule == "label-not-set"} == {"warning"}
    found = [remedy for _, rule, _, remedy in said(tmp_path, *asked, panel("{}", LOKI)) if rule == "label-not-set"]
    assert all("another program" in remedy for remedy in found)
    found = [
        remedy for _, rule, _, remedy in said(tmp_path, *asked, panel('{job="a"}', LOKI)) if rule == "label-not-set"
    ]
    assert not any("another program" in remedy for remedy in found)
    found = [remedy for _, rule, _, remedy in said(tmp_path, asked[0]) if rule == "label-not-set"]
    assert all("another program" in remedy for remedy in found)


def test_detected_level_stands_behind_the_selector(tmp_path: Path) -> None:
    asked = panel('{job="a", detected_level="error"}', LOKI), panel('{job="a"} | detected_level="error"', LOKI)
    ((number, rule, claim, remedy),) = said(tmp_path, *asked)
    assert (number, rule) == (1, "label-not-set")
    assert "structured metadata" in claim
    assert '`{...} | detected_level="error"`' in remedy


def test_a_panel_whose_id_comes_twice_has_its_own_line(tmp_path: Path) -> None:
    one = panel("count(up) or vector(0)", PROMETHEUS)
    row = {"id": 51, "type": "row", "title": "r", "panels": []}
    panels = [{**row, "panels": [{"id": 51, **one}]}, {"id": 51, **one}, row]
    rows = ",\n".join(map(json.dumps, panels))
    (tmp_path / "b.json").write_text(f'{{"title": "b", "schemaVersion": 39, "panels": [\n{rows}]}}')
    found = lint(read_material([tmp_path / "b.json"], [], None, None, {}, SETTINGS)[0]).issues
    assert [issue.spot.line for issue in found] == [2, 3]


@pytest.mark.parametrize(("original", "numbers"), [(1, [1]), (9, [1, 2]), (None, [1, 2])])
def test_grafana_makes_the_copies_of_a_repeated_panel_anew(
    original: int | None, numbers: list[int], tmp_path: Path
) -> None:
    shown = panel("count(up) or vector(0)", PROMETHEUS)
    found = said(tmp_path, {**shown, "repeat": "v"}, {**shown, "repeatPanelId": original})
    assert [one[0] for one in found] == numbers


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("$__range_s", "write [${__range_s}s] or [$__range]"),
        ("${__interval_ms}", "write [${__interval_ms}ms] or [$__interval]"),
        ("300", "a duration has a unit: [300s] or [300m]"),
    ],
)
def test_a_range_that_is_a_bare_number_wants_a_unit(written: str, remedy: str, tmp_path: Path) -> None:
    (found,) = said(tmp_path, panel(f'sum(count_over_time({{job="a"}}[{written}]))', LOKI))
    assert (found[1], found[3]) == ("query-syntax", remedy)


@pytest.mark.parametrize(
    ("begins", "ends", "own", "says"),
    [
        ("now-24h", "now", "", True),
        ("now/w", "now", "", False),
        ("now/w", "now", "24h", True),
        ("now-1d/d", "now-1d/d", "", True),
        ("now-24h", "now", "now/d", False),
    ],
)
def test_a_range_of_no_one_length_has_no_one_step(begins: str, ends: str, own: str, says: bool, tmp_path: Path) -> None:
    shown = {**panel("rate(x[30s])", PROMETHEUS, timeFrom=own), "id": 1}
    board = {"title": "b", "schemaVersion": 39, "panels": [shown], "time": {"from": begins, "to": ends}}
    (tmp_path / "b.json").write_text(json.dumps(board))
    found = lint(read_material([tmp_path / "b.json"], [], None, None, {}, SETTINGS)[0]).issues
    assert ("range-shorter-than-step" in {issue.rule for issue in found}) is says


@pytest.mark.parametrize(
    ("front", "says"),
    [
        ([], True),
        ([{"id": "extractFields", "options": {"source": "labels"}}], False),
        ([{"id": "partitionByValues", "options": {"fields": ["level"]}}], False),
        ([{"id": "organize", "options": {}, "disabled": True}], True),
    ],
)
def test_labels_may_be_made_in_front(front: list[dict[str, Any]], says: bool, tmp_path: Path) -> None:
    steps = [*front, {"id": "labelsToFields", "options": {}}]
    found = said(tmp_path, panel('{job="a"}', LOKI, "table", transformations=steps))
    assert ("labels-not-fields" in {rule for _, rule, _, _ in found}) is says


@pytest.mark.parametrize(("text", "named"), [("0", True), ("NO METRICS", False), (None, False)])
def test_a_zero_that_stands_behind_a_zero_goes_too(text: str | None, named: bool, tmp_path: Path) -> None:
    defaults = {"unit": "none"} if text is None else {"unit": "none", "noValue": text}
    (found,) = said(tmp_path, panel("sum(x) or vector(0)", PROMETHEUS, "stat", fieldConfig={"defaults": defaults}))
    assert ("No data (without `noValue`)" in found[3]) is named


def test_what_a_loki_is_configured_for_is_no_slip(tmp_path: Path) -> None:
    asked = 'variants(count_over_time({job="a"}[1m])) of ({job="a"}[1m])'
    assert not said(tmp_path, panel(asked, LOKI), panel(asked, LOKI, "stat"))


@pytest.mark.parametrize(
    ("expr", "problem"),
    [
        ("x > 1_000_000", ""),
        ("x_1_0 > .123_456 + 1.000_1 * 0x_53_AB", ""),
        ("x{a=~`1_0\\.`, b='1_0'} > 1_0", ""),
        ("x > 1_0)", "not PromQL"),
    ],
)
def test_numbers_may_have_underscores(expr: str, problem: str, tmp_path: Path) -> None:
    found = [claim for _, rule, claim, _ in said(tmp_path, panel(expr, PROMETHEUS)) if rule == "query-syntax"]
    assert [problem in claim for claim in found] == [True] * bool(problem)


URLS = {
    "http://loki.example/p": False, "HTTPS://loki.example/p": False, "${LOKI}/p": False, "__LOKI_URL__/p": True,
    "{{ loki_url }}/p": True, "loki:3100/p": True, "loki.example/p": True,
}  # fmt: skip


@pytest.mark.parametrize("url", URLS)
def test_a_url_that_is_filled_in_later_is_noted(tmp_path: Path, url: str) -> None:
    (tmp_path / "p.yaml").write_text(SHIPPER.replace("http://loki.example/loki/api/v1/push", f"'{url}'"))
    (shipper,) = read_material([tmp_path / "p.yaml"], [], None, None, {}, SETTINGS)[0].shippers
    assert any("pushes cannot leave" in note for note in shipper.config.notes) is URLS[url]


BEHIND = """loki.source.file "a" {
  targets = [{__path__ = "/a", job = "a"}]
  forward_to = [loki.process.a.receiver]
}
loki.process "a" {
  stage.labels { values = { threat = "", code = "" } }
  stage.match {
    selector = `{job="a"}`
    stage.static_labels { values = { threat = "probe" } }
  }
  forward_to = []
}
"""


def test_a_label_that_a_stage_behind_sets_is_set(tmp_path: Path) -> None:
    (tmp_path / "a.alloy").write_text(BEHIND)
    found = lint(read_material([tmp_path / "a.alloy"], [], None, None, {}, SETTINGS)[0]).issues
    (claim,) = [issue.claim for issue in found if issue.rule == "value-not-extracted"]
    assert "that entry does nothing, a stage behind sets the label threat" in claim
    assert "the label threat is not set" not in claim
    assert "the label code is not set" in claim


@pytest.mark.parametrize(
    ("kind", "sql", "refused"),
    [
        ("", "SELECT $__fromTime AS time, count() FROM logs", False),
        ("", "SELECT $__timeInterval(t) AS time FROM logs", False),
        ("grafana-postgresql-datasource", "SELECT $__fromTime(a) AS time", True),
        ("grafana-postgresql-datasource", "SELECT '$__timezone' AS tz, '$__user.login', $__org FROM t", False),
        ("grafana-postgresql-datasource", "SELECT timestamp with time zone $__timeTo() FROM t", False),
        ("grafana-postgresql-datasource", "SELECT $__timeGroup(a, $x) FROM t", False),
        ("grafana-postgresql-datasource", "SELECT name FROM t WHERE a = $w AND name NOT ILIKE ALL ${v:raw}", False),
        ("grafana-postgresql-datasource", "SELECT ')' FROM t -- don't (", False),
        ("mysql", "select body from t where body match_any 'x'", False),
        ("mysql", "select (body from t", True),
        ("mssql", "select body) from t", True),
        ("grafana-postgresql-datasource", "select (body from t where $filter", False),
    ],
)
def test_sql_is_refused_where_no_database_of_the_plugin_reads_it(
    kind: str, sql: str, refused: bool, tmp_path: Path
) -> None:
    datasource = {"uid": "x1"} | ({"type": kind} if kind else {})
    asked = {**panel("", datasource, "table"), "targets": [{"refId": "A", "rawSql": sql, "format": "table"}]}
    assert ("query-syntax" in {one[1] for one in said(tmp_path, asked)}) is refused


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT count(*) FROM t WHERE a = 1", "count()"),
        ("SELECT count(*) FROM t", ""),
        ("SELECT count(*) FROM pg_stat_activity WHERE state = 'active'", ""),
        ("SELECT count(*) FROM information_schema.tables WHERE a = 1", ""),
        ("SELECT a, count(*) FROM t WHERE a = 1 GROUP BY a", ""),
        ("SELECT 1 - (SELECT count(*) FROM t WHERE a = 1)", ""),
        ("SELECT count(*) FROM t WHERE a = 1 HAVING count(*) > 0", ""),
        ("SELECT now() AS time, sum(a) FROM t UNION SELECT now(), coalesce(sum(a), 0) FROM t", ""),
        ("SELECT round(coalesce(sum(a), 0)) AS a FROM t", ""),
        ("SELECT coalesce(sum(a), 0) AS a FROM t", "coalesce"),
        ("SELECT 1.0 * count(a) / count(*) FROM t WHERE a = 1", ""),
        ("SELECT nullif(count(*), 0) FROM t WHERE a = 1", ""),
        ("SELECT count(*) OVER () FROM t WHERE a = 1", ""),
        ("SELECT coalesce(sum(a) OVER (), 0) FROM t", ""),
        ("SELECT a, (SELECT count(*) FROM u WHERE u.x = t.x) AS n FROM t", ""),
        ("SELECT ifnull(sum(a), 0) AS a FROM t", "coalesce"),
        ("SELECT coalesce(a, 0) FROM t", ""),
    ],
)
def test_rows_that_stand_for_nothing(sql: str, words: str, tmp_path: Path) -> None:
    asked = {**panel("", {"uid": "x", "type": "mysql"}, "stat"), "targets": [{"refId": "A", "rawSql": sql}]}
    if sql.startswith("SELECT count(*) FROM t"):
        asked["fieldConfig"] = {"defaults": {"unit": "none", "noValue": "0"}}
        words = words or ("noValue" if "GROUP" in sql or "HAVING" in sql else "")
    found = [one[2] for one in said(tmp_path, asked) if one[1] == "masked-zero"]
    assert [words in claim for claim in found] == [True] * bool(words)


SEVERAL = {"name": "a", "query": "x", "multi": True, "refresh": 1, "current": {"value": ["x.y", "z"]}}


@pytest.mark.parametrize(
    ("expr", "kind", "told"),
    [
        ('{job="a"} |= `$a`', "query", [("several-values", 'write `|~ "$a"`')]),
        ('{job="a"} |= "$a"', "query", [("several-values", 'write `|~ "$a"`')]),
        ('{job="a"} |~ `$a`', "query", [("escaped-variable", 'write it in double quotes, "$a", or as ${a:regex}')]),
        ('{job="a"} |~ "^$a$"', "query", [("several-values", 'write `|~ "^($a)$"`')]),
        ('{job=~"^$a$"}', "query", []),
        ('{job=~"(?i)^${a}"} | json | h!~"$a$"', "query", []),
        ('{job=~"^x$a$"}', "query", [("several-values", 'write `job=~"^x($a)$"`')]),
        ('{job="a"} |= "$a"', "textbox", []),
        ('{job="a"} |= "$a"', "interval", []),
    ],
)
def test_a_variable_of_several_values_has_one_remedy(
    expr: str, kind: str, told: list[tuple[str, str]], tmp_path: Path
) -> None:
    shown = [{"id": 1, **panel(expr, LOKI, "logs")}]
    board = {"title": "b", "schemaVersion": 39, "panels": shown, "templating": {"list": [{**SEVERAL, "type": kind}]}}
    (tmp_path / "b.json").write_text(json.dumps(board))
    found = lint(read_material([tmp_path / "b.json"], [], None, None, {}, SETTINGS)[0]).issues
    assert [(issue.rule, issue.remedy) for issue in found] == told
