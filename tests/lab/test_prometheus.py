"""The lab's Prometheus: PromQL by table, the API's JSON, scraping with `up` and ends of series."""

import math
from typing import Any

import httpx
import pytest

from obs_check.errors import InputError, QueryError
from obs_check.golang.numbers import format_float
from obs_check.lab.audit_agent import FORWARDED, Counter
from obs_check.lab.coderd import Coderd
from obs_check.lab.prometheus import LabPrometheus
from obs_check.model.window import NS
from obs_check.standin.prometheus.api import PrometheusApi
from obs_check.standin.prometheus.scrape import ScrapeTarget, scrape
from obs_check.standin.prometheus.store import LabelMatcher, Store, read_samples

T0 = 1_795_478_400_000
"""2026-11-24T00:00:00Z in ms."""

pytestmark = pytest.mark.usefixtures("no_thread_is_left")


def filled_store() -> Store:
    """Ten minutes, a sample every 30 s: a counter in three workspaces, a gauge, a series that ends, a single sample."""
    made = Store()
    for step in range(21):
        samples: list[tuple[dict[str, str], float | None]] = [
            ({"__name__": "batches_total", "workspace": "a", "user": "joe"}, float(step)),
            # resets after 10 steps
            (
                {"__name__": "batches_total", "workspace": "b", "user": "joe"},
                float(2 * step if step <= 10 else step - 11),
            ),
            ({"__name__": "batches_total", "workspace": "c", "user": "ann"}, 5.0),
            ({"__name__": "temperature", "place": "in"}, 20.0 - step),
            ({"__name__": "limit", "user": "joe"}, 10.0),
            ({"__name__": "limit", "user": "ann"}, 0.0),
        ]
        if step <= 15:
            samples.append(({"__name__": "ended"}, None if step == 15 else 1.0))
        if step == 8:
            samples.append(({"__name__": "once"}, 7.0))
        made.append(T0 + step * 30_000, samples)
    return made


@pytest.fixture(scope="module")
def store() -> Store:
    return filled_store()


END = T0 + 600_000
Rows = dict[str, str]

QUERIES: list[tuple[str, Rows]] = [
    # the result as {labels: value}; labels as name=value joined by commas
    (
        "batches_total",
        {
            "__name__=batches_total,user=ann,workspace=c": "5",
            "__name__=batches_total,user=joe,workspace=a": "20",
            "__name__=batches_total,user=joe,workspace=b": "9",
        },
    ),
    ('batches_total{workspace="a"}', {"__name__=batches_total,user=joe,workspace=a": "20"}),
    ('sum(batches_total{workspace!="a"})', {"": "14"}),
    ('sum(batches_total{workspace=~"a|b"})', {"": "29"}),
    ('sum(batches_total{workspace=~".+", user!~"j.*"})', {"": "5"}),
    ('count(batches_total{workspace=~"x"})', {}),
    ('sum(batches_total{absent=""})', {"": "34"}),
    ('{__name__=~"temp.*"}', {"__name__=temperature,place=in": "0"}),
    ('batches_total{workspace="a"} offset 1m', {"__name__=batches_total,user=joe,workspace=a": "18"}),
    ("ended", {}),
    ("ended offset 3m", {"__name__=ended": "1"}),
    ("once", {}),
    ("once offset 5m", {"__name__=once": "7"}),
    ("sum(batches_total) or vector(0)", {"": "34"}),
    ("sum(missing) or vector(0)", {"": "0"}),
    ("sum by (user) (batches_total)", {"user=ann": "5", "user=joe": "29"}),
    ("sum without (workspace) (batches_total)", {"user=ann": "5", "user=joe": "29"}),
    ("sum by (nothing) (batches_total)", {"": "34"}),
    ("count(batches_total)", {"": "3"}),
    ("min(batches_total)", {"": "5"}),
    ("max(batches_total)", {"": "20"}),
    ("avg by (user) (batches_total)", {"user=ann": "5", "user=joe": "14.5"}),
    (
        "topk(2, batches_total)",
        {
            "__name__=batches_total,user=joe,workspace=a": "20",
            "__name__=batches_total,user=joe,workspace=b": "9",
        },
    ),
    (
        "topk(1, batches_total) by (user)",
        {
            "__name__=batches_total,user=ann,workspace=c": "5",
            "__name__=batches_total,user=joe,workspace=a": "20",
        },
    ),
    # (15, 20] has 10 samples 30 s apart, stretched to 300 s
    ('increase(batches_total{workspace="a"}[5m])', {"user=joe,workspace=a": "10"}),
    ('rate(batches_total{workspace="a"}[5m])', {"user=joe,workspace=a": "0.03333333333333333"}),
    ("sum by (user) (increase(batches_total[5m]))", {"user=ann": "0", "user=joe": "19"}),
    ("delta(temperature[5m])", {"place=in": "-10"}),
    ("increase(once[10m])", {}),
    ("last_over_time(ended[5m])", {"__name__=ended": "1"}),
    ("absent(batches_total)", {}),
    ('absent(missing{job="x", other=~"y"})', {"job=x": "1"}),
    ("absent(sum(missing))", {"": "1"}),
    ("scalar(temperature) + 1", {"scalar": "1"}),
    ("scalar(batches_total)", {"scalar": "NaN"}),
    ("1 + 2 * 3 - 4 / 2", {"scalar": "5"}),
    ("1 / 0", {"scalar": "+Inf"}),
    ("0 / 0", {"scalar": "NaN"}),
    ("-1 / 0", {"scalar": "-Inf"}),
    ("1 > bool 2", {"scalar": "0"}),
    ("-temperature", {"place=in": "-0"}),
    (
        "batches_total > 5",
        {
            "__name__=batches_total,user=joe,workspace=a": "20",
            "__name__=batches_total,user=joe,workspace=b": "9",
        },
    ),
    (
        "5 < batches_total",
        {
            "__name__=batches_total,user=joe,workspace=a": "20",
            "__name__=batches_total,user=joe,workspace=b": "9",
        },
    ),
    ('batches_total{workspace="a"} > bool 5', {"user=joe,workspace=a": "1"}),
    ('batches_total{workspace="a"} * 2', {"user=joe,workspace=a": "40"}),
    ("limit - limit", {"user=ann": "0", "user=joe": "0"}),
    (
        "batches_total / on(user) group_left limit",
        {
            "user=ann,workspace=c": "+Inf",
            "user=joe,workspace=a": "2",
            "user=joe,workspace=b": "0.9",
        },
    ),
    (
        "limit / on(user) group_right batches_total",
        {
            "user=ann,workspace=c": "0",
            "user=joe,workspace=a": "0.5",
            "user=joe,workspace=b": "1.1111111111111112",
        },
    ),
    ("sum by (user) (batches_total) - on(user) limit", {"user=ann": "5", "user=joe": "19"}),
    ("sum by (user) (batches_total) > ignoring(place) limit", {"user=ann": "5", "user=joe": "29"}),
    ('limit and on(user) batches_total{workspace="c"}', {"__name__=limit,user=ann": "0"}),
    ('limit unless on(user) batches_total{workspace="c"}', {"__name__=limit,user=joe": "10"}),
    (
        "temperature or limit",
        {
            "__name__=limit,user=ann": "0",
            "__name__=limit,user=joe": "10",
            "__name__=temperature,place=in": "0",
        },
    ),
    ("(((temperature)))", {"__name__=temperature,place=in": "0"}),
]


def ask(store: Store, route: str, **params: str | list[str]) -> tuple[int, Any]:
    given = {name.replace("match", "match[]"): [v] if isinstance(v, str) else v for name, v in params.items()}
    return PrometheusApi(store, [], 30, 10).answer(f"/api/v1/{route}", given, END)


def rows(data: dict[str, Any]) -> Rows:
    if data["resultType"] == "scalar":
        return {"scalar": data["result"][1]}
    return {",".join(f"{k}={v}" for k, v in sorted(r["metric"].items())): r["value"][1] for r in data["result"]}


@pytest.mark.parametrize(("query", "expected"), QUERIES)
def test_instant_queries(store: Store, query: str, expected: Rows) -> None:
    status, document = ask(store, "query", query=query, time=str(END / 1000))
    assert status == 200, document
    assert rows(document["data"]) == expected


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("sum(", 400, "unclosed left parenthesis"),
        ("x[5m:1m]", 400, "subqueries"),
        ('"text"', 400, "strings"),
        ("histogram_quantile(0.9, x)", 400, "function histogram_quantile()"),
        ("stddev(x)", 400, "aggregation stddev"),
        ("2 ^ 3", 400, "operation ^"),
        ("x @ 5", 400, "the @ modifier"),
        ('x{a="1" or b="2"}', 400, "`or` between matchers"),
        ('limit{user=~"("}', 400, "illegal regex"),
        ("rate(x[5m:1m])", 400, "rate() over anything but a range selector"),
        ("batches_total / on(user) limit", 422, "several series on the left side"),
        ("limit / on(user) batches_total", 422, "several series on the right side"),
        ("batches_total * on(user) group_left(workspace) limit", 422, "several results"),
    ],
)
def test_what_is_refused_is_named(store: Store, query: str, status: int, says: str) -> None:
    got, document = ask(store, "query", query=query)
    assert (got, document["status"]) == (status, "error")
    assert says in document["error"]


def test_an_expression_that_only_go_refuses(store: Store) -> None:
    with pytest.raises(QueryError, match="not a regular expression"):
        store.select([LabelMatcher("user", "=~", "(?x)a")], 0, END)


def test_a_range_query_has_one_series_a_label_set(store: Store) -> None:
    start, end = str(T0 / 1000), "2026-11-24T00:01:00Z"
    status, document = ask(store, "query_range", query='batches_total{workspace="a"}', start=start, end=end, step="30s")
    assert status == 200
    labels = {"__name__": "batches_total", "workspace": "a", "user": "joe"}
    values = [[T0 / 1000, "0"], [T0 / 1000 + 30, "1"], [T0 / 1000 + 60, "2"]]
    assert document["data"] == {"resultType": "matrix", "result": [{"metric": labels, "values": values}]}
    _, document = ask(store, "query_range", query="sum(missing) or vector(0)", start=start, end=end, step="60")
    assert document["data"]["result"] == [{"metric": {}, "values": [[T0 / 1000, "0"], [T0 / 1000 + 60, "0"]]}]


@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"start": "2", "end": "1", "step": "1"}, "end lies before start"),
        ({"start": "1", "end": "2", "step": "0"}, "step has to be positive"),
        ({"start": "0", "end": "12000", "step": "1"}, "more than 11000 points"),
        ({"start": "0", "end": "soon", "step": "1"}, "'soon' is neither"),
        ({"start": "0", "end": "1", "step": "often"}, "'often' is neither"),
        ({"end": "1", "step": "1"}, "'start' is missing"),
        ({"start": "0", "end": "1", "step": "1", "query": "x[5m]"}, "range selector is not an answer"),
    ],
)
def test_a_range_query_with_wrong_parameters(store: Store, params: dict[str, str], says: str) -> None:
    status, document = ask(store, "query_range", **{"query": "x", **params})
    assert status == 400
    assert says in document["error"]


def test_labels_values_and_series(store: Store) -> None:
    assert ask(store, "labels")[1]["data"] == ["__name__", "place", "user", "workspace"]
    assert ask(store, "label/user/values")[1]["data"] == ["ann", "joe"]
    assert ask(store, "label/__name__/values", match='{workspace="a"}')[1]["data"] == ["batches_total"]
    found = ask(store, "series", match=["limit", "once"])[1]["data"]
    assert found == [
        {"__name__": "limit", "user": "ann"},
        {"__name__": "limit", "user": "joe"},
        {"__name__": "once"},
    ]
    late = str(END / 1000 - 60)
    assert ask(store, "series", match=["once", "ended"], start=late, end=str(END / 1000))[1]["data"] == []
    assert ask(store, "series")[0] == 400
    assert ask(store, "series", match="1 + 1")[0] == 400
    assert ask(store, "rules")[0] == 404


def test_a_range_selector_answers_its_samples(store: Store) -> None:
    data = ask(store, "query", query="once[10m]")[1]["data"]
    assert data == {
        "resultType": "matrix",
        "result": [{"metric": {"__name__": "once"}, "values": [[T0 / 1000 + 240, "7"]]}],
    }


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.0, "1"),
        (0.1, "0.1"),
        (1e21, "1000000000000000000000"),
        (1e-7, "0.0000001"),
        (math.nan, "NaN"),
        (-math.inf, "-Inf"),
    ],
)
def test_values_are_printed_without_exponent(value: float, text: str) -> None:
    assert format_float(value) == text


def test_the_text_format() -> None:
    text = '# HELP a b\n# TYPE a counter\na 1\na_b{x="1",y="q\\"\\\\\\n,}"} 2.5e3 1700\nb{} +Inf\nc{x="",} NaN\n'
    samples = read_samples(text)
    assert samples[:3] == [
        ({"__name__": "a"}, 1.0),
        ({"__name__": "a_b", "x": "1", "y": 'q"\\\n,}'}, 2500.0),
        ({"__name__": "b"}, math.inf),
    ]
    assert math.isnan(samples[3][1])
    for bad in ("a", "a{x=1} 1", "a b", "<html>"):
        with pytest.raises(InputError, match="line 1"):
            read_samples(bad)


def test_a_target_that_goes_down_ends_its_series_and_up_says_so() -> None:
    store, target, texts = (
        Store(),
        ScrapeTarget("j", "http://127.0.0.1:1/metrics"),
        ['a 1\nb{job="own"} 2\n', "a 1\n", ""],
    )

    def fetch(url: str) -> str:
        assert url == target.url
        text = texts.pop(0)
        if not text:
            raise OSError("connection refused")
        return text

    names = []
    for n in range(3):
        scrape(target, store, fetch, T0 + n * 1000)
        _, document = PrometheusApi(store, [target], 1, 1).answer(
            "/api/v1/query", {"query": ['{job="j"}']}, T0 + n * 1000
        )
        names.append(rows(document["data"]))
    where = "instance=127.0.0.1:1,job=j"
    assert names == [
        {f"__name__=a,{where}": "1", f"__name__=b,exported_job=own,{where}": "2", f"__name__=up,{where}": "1"},
        {f"__name__=a,{where}": "1", f"__name__=up,{where}": "1"},
        {f"__name__=up,{where}": "0"},
    ]
    _, document = PrometheusApi(store, [target], 1, 1).answer("/api/v1/targets", {}, T0)
    (active,) = document["data"]["activeTargets"]
    assert (active["health"], active["lastError"]) == ("down", "connection refused")
    assert active["lastScrape"] == "2026-11-24T00:00:02.000Z"


def test_over_http_it_scrapes_coderd_and_answers_get_and_post(tmp_path: Any) -> None:
    clock = [T0 * 1_000_000]
    with Coderd(tmp_path / "0.log", now_ns=lambda: clock[0]) as coderd:
        targets = [("coder-metrics", f"{coderd.url}/metrics"), ("broken", f"{coderd.url}/nothing")]
        with LabPrometheus(targets, interval_s=3600, now_ns=lambda: clock[0]) as prometheus:
            for value in (1, 4):
                coderd.update_stats([Counter(FORWARDED, (), value)])
                clock[0] += 30 * NS
                prometheus.scrape_once()
            with httpx.Client(base_url=prometheus.url, trust_env=False) as client:
                query = {"query": f"sum by (username) (increase({FORWARDED}[5m]))"}
                got = client.get("/api/v1/query", params=query).json()
                assert client.post("/api/v1/query", data=query).json() == got
                assert client.get("/-/ready").status_code == 200
                assert (
                    client.get("/api/v1/query", params={"query": "up == 0"}).json()["data"]["result"][0]["metric"][
                        "job"
                    ]
                    == "broken"
                )
                assert client.get("/api/v1/query").status_code == 400
    (row,) = got["data"]["result"]
    assert row["metric"] == {"username": "joe"}
    assert float(row["value"][1]) > 3


def test_a_target_that_is_being_scraped_says_what_it_said_before() -> None:
    store, target = Store(), ScrapeTarget("j", "http://127.0.0.1:1/metrics")
    said = []

    def fetch(_: str) -> str:
        said.append((target.health, target.last_error))
        raise OSError("connection refused")

    for n in range(2):
        scrape(target, store, fetch, T0 + n * 1000)
    assert said == [("unknown", ""), ("down", "connection refused")]
