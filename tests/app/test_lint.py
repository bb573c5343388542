"""Every lint rule has a file, a section in docs/lint.md, and a pair of fixtures: one with the fault, one without."""

import contextlib
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from obs_check.errors import UsageError
from obs_check.lint.board import read_boards
from obs_check.lint.json_lines import json_lines
from obs_check.lint.material import Material
from obs_check.lint.metricsql import only_in_metricsql
from obs_check.lint.registry import IDS, RULES
from obs_check.lint.run import LintResult, lint
from obs_check.lint.sample import read_sample
from obs_check.lint.sources import read_datasources, read_material
from tests.engine_settings import SETTINGS

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "tests/fixtures/lint"
DOCS = (ROOT / "docs/lint.md").read_text("utf-8")


def linted(folder: Path, start: str) -> LintResult:
    """What lint finds in the files of a fixture whose names begin with `start`, with what lies beside them."""
    return lint(material(sorted(folder.glob(f"{start}*")), folder))


def material(paths: Sequence[Path], folder: Path) -> Material:
    sample, datasources, root = (folder / name for name in ("sample.log", "datasources.yaml", "root"))
    samples = [str(sample)] if sample.exists() else []
    found, skipped, broken = read_material(
        paths, samples, datasources if datasources.exists() else None, root if root.exists() else None, {}, SETTINGS
    )
    assert not skipped
    assert not broken
    return found


def told(result: LintResult, folder: Path) -> list[str]:
    """A line a finding, for comparing."""
    home = str(folder) + "/"
    return [
        f"{i.spot.path.removeprefix(home)}:{i.spot.line}: {i.severity} {i.rule}: {i.claim}; {i.remedy}".replace(
            home, ""
        )
        for i in result.issues
    ]


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_every_rule_is_complete(rule: Any) -> None:
    assert (ROOT / f"obs_check/lint/rules/{rule.id.replace('-', '_')}.py").is_file()
    folder = FIXTURES / rule.id
    bad = linted(folder, "bad")
    assert {issue.rule for issue in bad.issues} >= {rule.id}
    assert told(bad, folder) == (folder / "expected.txt").read_text("utf-8").splitlines()
    assert told(linted(folder, "good"), folder) == []
    section = re.search(rf"^## {rule.id}\n+(.+?)(?=^## |\Z)", DOCS, re.M | re.S)
    assert section, f"docs/lint.md has no section {rule.id}"
    assert f"{rule.severity.capitalize()}." in section[1]


def test_nothing_stands_beside_the_registry() -> None:
    files = {p.stem.replace("_", "-") for p in (ROOT / "obs_check/lint/rules").glob("[a-z]*.py")}
    assert files == set(IDS)
    assert {p.name for p in FIXTURES.iterdir() if p.is_dir()} == set(IDS)
    assert set(re.findall(r"^## ([a-z-]+)$", DOCS, re.M)) == set(IDS)


def test_lines_of_json() -> None:
    text = '{\n "a": [1,\n  {"b": "x,{\\"", "c": []}],\n "d": {}\n}\n'
    json.loads(text)
    assert json_lines(text, 10) == {
        (): 10,
        ("a",): 11,
        ("a", 0): 11,
        ("a", 1): 12,
        ("a", 1, "b"): 12,
        ("a", 1, "c"): 12,
        ("d",): 13,
    }


RATE = 'sum(rate({job="boundary"} | logfmt [$__interval]))'


def board(**panel: Any) -> dict[str, Any]:
    shown = {"id": 7, "type": "timeseries", "title": "t", "datasource": {"type": "loki", "uid": "loki"}, **panel}
    return {
        "uid": "b",
        "title": "b",
        "schemaVersion": 39,
        "panels": [{"targets": [{"refId": "A", "expr": RATE}], **shown}],
    }


def of_text(tmp_path: Path, name: str, text: str) -> LintResult:
    (tmp_path / name).write_text(text)
    return lint(material([tmp_path / name], tmp_path))


def test_a_panel_switches_a_rule_off_with_a_reason(tmp_path: Path) -> None:
    text = json.dumps(board(description="Requests.\n\nobs-check:disable missing-unit, masked-zero -- of its own\n"))
    result = of_text(tmp_path, "a.json", text)
    assert result.issues == []
    assert [(issue.rule, reason) for issue, reason in result.silent] == [("missing-unit", "of its own")]
    assert [(one.rule, one.spot.subject.panel) for one in result.unused] == [("masked-zero", 7)]


def test_a_dashboard_switches_a_rule_off_for_all_its_panels(tmp_path: Path) -> None:
    whole = {**board(), "description": "obs-check:disable missing-unit -- of their own"}
    assert [issue.rule for issue, _ in of_text(tmp_path, "a.json", json.dumps(whole)).silent] == ["missing-unit"]


def test_a_comment_holds_for_the_block_below_it(tmp_path: Path) -> None:
    job = (
        "  - job_name: {name}\n    static_configs: [{{labels: {{job: b, __path__: /{name}}}}}]\n"
        "    pipeline_stages:\n      - logfmt: {{mapping: {{url: ''}}}}\n      - labels:\n          url:\n"
    )
    jobs = [job.format(name="a"), job.format(name="b")]
    head = "clients: []\nscrape_configs:\n  # obs-check:disable high-cardinality-label -- few URLs\n"
    result = of_text(tmp_path, "p.yaml", head + "".join(jobs))
    assert [issue.spot.line for issue, _ in result.silent] == [9]
    assert [issue.spot.line for issue in result.issues] == [15]


def test_lines_in_config_maps_and_schema_v2(tmp_path: Path) -> None:
    query = {"kind": "DataQuery", "group": "loki", "spec": {"expr": "sum("}}
    element = {
        "kind": "Panel",
        "spec": {
            "id": 3,
            "title": "t",
            "data": {"spec": {"queries": [{"kind": "PanelQuery", "spec": {"refId": "A", "query": query}}]}},
            "vizConfig": {"group": "stat", "spec": {"fieldConfig": {"defaults": {"unit": "none"}}}},
        },
    }
    spec = {"title": "v2", "elements": {"panel-3": element}, "layout": {"kind": "GridLayout", "spec": {"items": []}}}
    text = json.dumps({"apiVersion": "dashboard.grafana.app/v2", "metadata": {"name": "v"}, "spec": spec}, indent=1)
    indented = "".join(f"    {row}\n" for row in text.split("\n"))
    config_map = f"kind: ConfigMap\nmetadata: {{name: x}}\ndata:\n  v2.json: |\n{indented}"
    for name, shift in (("v2.json", 0), ("map.yaml", 4)):
        [issue] = of_text(tmp_path, name, text if name == "v2.json" else config_map).issues
        assert (issue.rule, issue.spot.subject.panel, issue.spot.subject.target) == ("query-syntax", 3, "A")
        wanted = next(n for n, row in enumerate(text.split("\n"), 1) if '"PanelQuery"' in row) - 1
        assert issue.spot.line == wanted + shift


def test_a_sample_with_labels_leaves_other_queries_alone(tmp_path: Path) -> None:
    (tmp_path / "a.logql").write_text('{job="boundary"} | json\n')
    (tmp_path / "lines.log").write_text("level=INFO msg=ALLOW\n")

    def rules(labels: str) -> list[str]:
        read, *_ = read_material([tmp_path], [f"{labels}{tmp_path / 'lines.log'}"], None, None, {}, SETTINGS)
        return [issue.rule for issue in lint(read).issues]

    assert rules("") == rules('{job="boundary"}=') == ["parser-contradicts-lines"]
    assert rules('{job="coder"}=') == []


ALLOY = """\
loki.source.file "a" {
  targets    = [{"__path__" = "/tmp/a.log", job = "a"}]
  forward_to = [loki.process.a.receiver]
}

loki.process "a" {
  stage.logfmt { mapping = { url = "" } }
  // obs-check:disable high-cardinality-label -- few URLs
  stage.labels {
    values = { url = "" }
  }
  stage.match {
    selector = "{job=\\"b\\"}"
    action   = "drop"
  }
  forward_to = [loki.relabel.team.receiver]
}

loki.relabel "team" {
  rule {
    target_label = "team"
    replacement  = "x"
  }
  forward_to = [loki.write.one.receiver]
}

loki.write "one" {
  endpoint { url = "http://one.example/loki/api/v1/push" }
  external_labels = { where = "here" }
}
"""


def test_alloy_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "q.logql").write_text('{job="a", team="x", where="here"} | logfmt\n')
    (tmp_path / "config.alloy").write_text(ALLOY)
    result = lint(material([tmp_path], tmp_path))
    assert [(issue.rule, issue.spot.line) for issue in result.issues] == [("match-never", 13)]
    assert [(issue.rule, issue.spot.line) for issue, _ in result.silent] == [("high-cardinality-label", 10)]
    (tmp_path / "q.logql").write_text('{job="a", team="y"}\n')
    assert "label-not-set" in {issue.rule for issue in lint(material([tmp_path], tmp_path)).issues}


def test_a_sample_with_labels_leaves_other_jobs_alone(tmp_path: Path) -> None:
    job = "- job_name: {0}\n  static_configs: [{{labels: {{app: {0}, __path__: /{0}/*.log}}}}]\n"
    (tmp_path / "p.yaml").write_text("clients: []\nscrape_configs:\n" + job.format("a") + job.format("b"))
    sample = f"{FIXTURES}/container-format/sample.log"

    def lines(labels: str) -> list[int]:
        read, *_ = read_material([tmp_path / "p.yaml"], [f"{labels}{sample}"], None, None, {}, SETTINGS)
        return [issue.spot.line for issue in lint(read).issues if issue.rule == "container-format"]

    assert lines("") == [3, 5]
    assert lines('{app="b"}=') == [5]
    assert lines('{namespace="x"}=') == []


def places(held: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value in a document."""
    for key, value in held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ():
        yield (*path, key)
        yield from places(value, (*path, key))


def test_a_provisioned_datasource_without_uid_has_the_one_that_grafana_makes_of_its_name(tmp_path: Path) -> None:
    path = tmp_path / "datasources.yaml"
    path.write_text("datasources: [{name: Prometheus, type: prometheus}, {name: Loki, type: loki, uid: own}]\n")
    known = read_datasources(path)
    found = [known.resolve({"uid": uid}) for uid in ("PBFA97CFB590B2093", "P8E80F9AEF21F6940", "own")]
    assert [one and one.name for one in found] == ["Prometheus", None, "Loki"]


@pytest.mark.parametrize("value", [None, "x", [], {}, [1], {"a": 1}, 1.5], ids=repr)
def test_a_wrong_value_anywhere_is_no_crash(value: Any) -> None:
    """One wrong value in a dashboard: it is refused, or the rules leave it alone."""
    sample = read_sample(str(FIXTURES / "field-not-in-lines/sample.log"), SETTINGS)
    known = read_datasources(FIXTURES / "unknown-datasource/datasources.yaml")
    for file in sorted(FIXTURES.glob("*/bad.json")):
        text = file.read_text()
        for path in list(places(json.loads(text)))[::3]:
            document = json.loads(text)
            inner = document
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = value
            with contextlib.suppress(UsageError):
                lint(Material(tuple(read_boards(document, "b.json")), samples=(sample,), datasources=known))


@pytest.mark.parametrize(
    ("stages", "query", "rules"),
    [
        ("[{json: {expressions: {msg: msg}}}, {output: {source: msg}}]", "json", ["parser-contradicts-lines"]),
        (
            "[{json: {expressions: {msg: msg}}}, {pack: {labels: [msg]}}]",
            'json level | level="info"',
            ["field-not-in-lines"],
        ),
        ("[{json: {expressions: {msg: msg}}}, {pack: {labels: [msg]}}]", 'unpack | json level | level="info"', []),
        ("[{json: {expressions: {msg: msg}}}]", 'json level | level="info"', []),
    ],
    ids=["one field alone is shipped", "packed", "packed and unpacked", "as it is"],
)
def test_queries_are_held_to_what_a_job_ships_of_the_sample(
    stages: str, query: str, rules: list[str], tmp_path: Path
) -> None:
    (tmp_path / "sample.log").write_text('{"level":"info","msg":"request served"}\n', "utf-8")
    (tmp_path / "app.logql").write_text(f'sum(count_over_time({{job="app"}} | {query} [5m]))\n', "utf-8")
    (tmp_path / "promtail.yaml").write_text(
        "clients: [{url: http://loki.example/loki/api/v1/push}]\n"
        "scrape_configs:\n"
        "  - job_name: app\n"
        "    static_configs: [{labels: {job: app, __path__: /var/log/app.log}}]\n"
        f"    pipeline_stages: {stages}\n",
        "utf-8",
    )
    result = lint(material([tmp_path / "app.logql", tmp_path / "promtail.yaml"], tmp_path))
    assert [issue.rule for issue in result.issues] == rules
    assert all("as job app ships it" in issue.claim for issue in result.issues)


def test_what_sqlglot_warns_of_is_not_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    target = {
        "refId": "A",
        "rawSql": "SHOW TABLES",
        "datasource": {"type": "grafana-postgresql-datasource", "uid": "p"},
    }
    panel = {"id": 1, "type": "table", "title": "Rows", "targets": [target]}
    board = {"uid": "s", "title": "S", "schemaVersion": 39, "panels": [panel]}
    (tmp_path / "board.json").write_text(json.dumps(board), "utf-8")
    linted(tmp_path, "board")
    assert caplog.records == []


@pytest.mark.parametrize(
    ("query", "habits"),
    [
        ("sum(rate(x)) / RATE(y[5m])", ["`rate` without a range", "the function `RATE`"]),
        (
            "quantile_over_time(0.9, x) offset 1d",
            ["`quantile_over_time` without a range", "`offset` behind an expression"],
        ),
        ("sum(x) offset 1d", ["`offset` behind an expression"]),
        ('WITH (f(q) = q[5m], own = {a="b" or c="d"}) rate(f(x{own}))', ["`WITH` templates", "`rate` without a range"]),
        ("rate(x[2i] @ end()) > 1Ki", ["the duration `2i`", "the number `1Ki`"]),
        ("(x, any(y)) if z", ["a list in brackets", "the aggregation `any`", "the operator `if`"]),
        ("max_over_time(sum(x)[1h])", ["a range behind an expression"]),
        ("sum(increase(x[5m])) by (le) limit 3", ["`limit` behind an aggregation"]),
        ("sum(x[5m]) / scalar(y[5m])", ["a range without a function"]),
        ("sum(rate(x[5m])) or 0", ["a number beside `or`"]),
        ("count(x < 1) unless (0)", ["a number beside `unless`"]),
        ("sum(1) + abs(5) + vector(x)", ["a number in `sum`", "a number in `abs`", "series in `vector`"]),
        ("1 > 2", ["numbers compared without `bool`"]),
        # PromQL, and what neither reads.
        ("topk(5, clamp_min(x, 1)) > bool 2 or vector(0) and on() (time() - x > 0)", []),
        ('sum by (a,) (rate({"x.y", b!~"c",}[5m:1m] offset -1h)) ^ on(a) group_left(b) 1e3 > bool 0x1F # c', []),
        ("frobnicate(rate(x))", []),
        ("sum(rate(x)", []),
        ("rate(x) y", []),
        ("(" * 5000, []),
    ],
)
def test_what_only_metricsql_reads(query: str, habits: list[str]) -> None:
    assert list(only_in_metricsql(query)) == habits


def test_variables_of_a_template_are_its_own(tmp_path: Path) -> None:
    query = '{job="a"} | line_format `{{ range $k, $v := fromJson .x }}{{$k}}={{$v}} {{end}}`'
    assert of_text(tmp_path, "a.json", json.dumps(board(targets=[{"refId": "A", "expr": query}]))).issues == []
    assert of_text(tmp_path, "a.logql", query).issues == []


def promql_board(query: str) -> str:
    return json.dumps(board(datasource={"type": "prometheus"}, targets=[{"refId": "A", "expr": query}]))


@pytest.mark.parametrize(("more", "rules"), [({}, ["metricsql-only"]), ({"title": "VictoriaMetrics - vmagent"}, [])])
def test_dashboards_of_victoriametrics_speak_its_language(more: Any, rules: list[str], tmp_path: Path) -> None:
    asked = board(datasource={"type": "prometheus"}, targets=[{"refId": "A", "expr": "rate(x)"}])
    found = of_text(tmp_path, "a.json", json.dumps({**asked, **more})).issues
    assert [issue.rule for issue in found if issue.rule != "missing-unit"] == rules


@pytest.mark.parametrize(
    ("query", "remedy"),
    [
        ("sum(rate(x[5m]) by  (a, b))", "only an aggregation (sum, avg, max, ...) groups: `by (a, b)` belongs to one"),
        ('sum(count_over_time({a="b"} |= "c" [5m]))', "it is LogQL: choose Loki as its datasource"),
        ('x{a="b"} {c="d"}', "write all matchers into one pair of braces, with commas between"),
        ('x{,a="b"}', "take the comma out"),
        ('x{a="b",,c="d"}', "take the comma out"),
        ('x{a="b" c=~"d"}', "write a comma between the matchers"),
        ("x{a=b}", "put the value into quotes"),
        ('x{a=~"b\\.c"}', "double the backslash: in quotes `\\\\.` is `\\.`"),
        ('x{a=~"*80*"}', "a regular expression has `.*` for any text"),
        ("a *", "correct the query; try it with obs-check query"),
        ("frobnicate(x)", "correct the query; try it with obs-check query"),
    ],
)
def test_a_usual_slip_is_mended(query: str, remedy: str, tmp_path: Path) -> None:
    found = of_text(tmp_path, "a.json", promql_board(query)).issues
    assert [issue.remedy for issue in found if issue.rule == "query-syntax"] == [remedy]


@pytest.mark.parametrize(
    "query",
    [
        "rate(x[5m] smoothed)",
        "rate(x[5m + 1m])",
        "increase(x[2h*3] anchored)",
        "x{a=~`b\\.c`}",
        'count(x{a=~`\\d+"`})',
        "holt_winters(x[5m], 0.1, 0.1)",
    ],
)
def test_what_some_prometheus_reads_is_not_refused(query: str, tmp_path: Path) -> None:
    found = of_text(tmp_path, "a.json", promql_board(query)).issues
    assert not {issue.rule for issue in found} & {"query-syntax", "metricsql-only"}


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('sum(x{a="b"}{c="d"})', 'unexpected `{c="d"})`'),
        ("rate(x[5m]) by (a)", "unexpected `by (a)`"),
        ("sum by (a) x", "unexpected `x`"),
        ('x{a="b" c="d"}', 'unexpected `c="d"}`'),
        ("sum(x) by a", "unexpected `a`"),
        ("histogram_quantile(0.9 rate(x[5m]))", "unexpected `rate(x[5m]))`"),
        ("count(x) >\n  > 2", "unexpected `> 2`"),
        ('x{a="}"} y', "unexpected `y`"),
        ("sum(rate(x[5m])) / ", "it ends too early"),
        ("sum(x", "unclosed left parenthesis"),
    ],
)
def test_a_query_is_told_where_it_stops_being_promql(query: str, says: str, tmp_path: Path) -> None:
    found = of_text(tmp_path, "a.json", promql_board(query)).issues
    assert [issue.claim for issue in found if issue.rule == "query-syntax"] == [f"not PromQL: {says}"]
