"""The test file: which dashboard, what is given, and what its panels and queries must read.

dashboard: agent-firewall.json          # beside this file; a file of queries alone needs none
expect: agent-firewall.expect.yaml      # optional: what a set of events must make every panel read
datasources: {loki: loki}               # uid: type; default: those that the dashboard names
tests:
  - name: two denials
    at: 2026-01-01T12:00:00Z            # what "now" is (this is the default)
    from: now-1h                        # the time picker; default: the dashboard's own
    variables: {owner: joe}             # a text or a list
    given:
      events:                           # written as boundary's and coderd's lines
        - {decision: deny, url: "http://a.example/x", count: 2, ago: 10m, owner: joe, paths: [A, B]}
      logs:
        - labels: {namespace: coder}
          lines: ["a line", {line: another, ago: 5m, metadata: {trace: t1}}]
      metrics:                          # promtool's notation, the last value at `at`
        - {series: 'up{job="x"}', values: "0+1x10", interval: 1m}
    panels:
      7: {state: ok, text: "2", number: 2, values: {joe: 2}, rows: 1}
    queries:
      - query: sum by (msg) (count_over_time({job="boundary"} | logfmt [1h]))
        want: [{labels: {msg: DENY}, value: 2}]
      - {file: ../queries/denied.logql, range: 1h, lines: ["a line"]}
      - {query: '{', error: "syntax error"}
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from obs_check.client.files.text_files import read_given
from obs_check.errors import InputError
from obs_check.model.event import Decision
from obs_check.model.secret import yaml_problem
from obs_check.model.window import NS
from obs_check.panel.dashboard import load_dashboard
from obs_check.panel.elements import Dashboard
from obs_check.panel.expect import Expectation, load_expectations
from obs_check.panel.reading import ReadingState
from obs_check.testing.section import TestSection
from obs_check.testing.series import GivenSeries, read_series

NOON = 1_767_268_800 * NS
"""2026-01-01T12:00:00Z in ns: "now" of a test that names no time."""
_HOUR = 3600 * NS


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """`count` equal requests, the last one `ago_ns` before now, seen on the given paths."""

    decision: Decision
    url: str
    method: str
    count: int
    ago_ns: int
    owner: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A line as Loki gets it, `ago_ns` before now."""

    line: str
    ago_ns: int
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class GivenStream:
    """Lines with one label set."""

    labels: Mapping[str, str]
    lines: tuple[GivenLine, ...]


@dataclass(frozen=True, slots=True)
class PanelWant:
    """What a panel must read; None or nothing where the test does not say. `values` is name -> number or text; `lines`
    are the names of the values in their order, for a logs panel its lines."""

    panel: int
    state: str = ""
    text: str | None = None
    number: float | None = None
    values: Mapping[str, Any] | None = None
    rows: int | None = None
    lines: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class QueryWant:
    """What a LogQL query must answer: `samples` (labels, value) of an instant query at now, or of the points of a range
    query where `step_ns` is set; `lines` of a log query over `range_ns`; or a refusal that contains `error`."""

    text: str
    range_ns: int
    step_ns: int
    samples: tuple[tuple[Mapping[str, str], tuple[float, ...]], ...] | None = None
    lines: tuple[str, ...] | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One test. `overrides` are variables as a link would set them; empty `from_` and `to` mean the dashboard's."""

    name: str
    at_ns: int
    from_: str
    to: str
    overrides: Mapping[str, list[str]]
    events: tuple[GivenEvent, ...]
    streams: tuple[GivenStream, ...]
    series: tuple[GivenSeries, ...]
    panels: tuple[PanelWant, ...]
    queries: tuple[QueryWant, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """A test file. Without a dashboard only queries are tested."""

    path: Path
    dashboard: Dashboard | None
    expectations: Mapping[int, Expectation]
    datasources: Mapping[str, str] = field(default_factory=dict)
    cases: tuple[Case, ...] = ()


def load_suite(path: Path) -> Suite:
    """Read a test file and the files that it names. InputError names the file, the place and the remedy."""
    root = TestSection(_document(path), str(path), "dashboard", "expect", "datasources", "tests", joint=": ")
    dashboard, expectations = None, {}
    if "dashboard" in root:
        file = path.parent / root.text("dashboard")
        dashboard = load_dashboard(_document(file), str(file))
    if "expect" in root:
        file = path.parent / root.text("expect")
        expectations = load_expectations(_document(file), str(file))
    cases = root.each("tests", lambda raw, where: _case(raw, where, path.parent))
    if not cases:
        raise InputError(f"{path}: no `tests` in it", "write a list of tests, each with a name")
    for case in cases:
        for want in case.panels:
            if dashboard is None or dashboard.panel(want.panel) is None:
                there = ", ".join(str(p.id) for p in dashboard.panels) if dashboard else "no dashboard is named"
                raise InputError(f"{path}: test {case.name!r}: there is no panel {want.panel}", f"panels: {there}")
    return Suite(path, dashboard, expectations, root.texts("datasources"), cases)


def _case(raw: Any, where: str, folder: Path) -> Case:
    one = TestSection(raw, where, "name", "at", "from", "to", "variables", "given", "panels", "queries")
    given = TestSection(one.raw.get("given"), f"{where}.given", "events", "logs", "metrics")
    panels = one.raw.get("panels") or {}
    if not isinstance(panels, Mapping):
        raise one.wrong("panels", "write one entry a panel id")
    overrides = TestSection(one.raw.get("variables"), f"{where}.variables", *(one.raw.get("variables") or {}))
    return Case(
        one.needed("name"),
        one.moment("at", NOON),
        one.text("from"),
        one.text("to"),
        {k: [str(x) for x in v] if isinstance(v, list) else [str(v)] for k, v in overrides.raw.items()},
        given.each("events", _event),
        given.each("logs", _stream),
        given.each("metrics", lambda r, w: read_series(TestSection(r, w, "series", "values", "interval"))),
        tuple(_panel(key, want, f"{where}.panels.{key}") for key, want in panels.items()),
        one.each("queries", lambda r, w: _query(r, w, folder)),
    )


def _event(raw: Any, where: str) -> GivenEvent:
    one = TestSection(raw, where, "decision", "url", "method", "count", "ago", "owner", "paths")
    paths = tuple(str(p) for p in one.raw.get("paths") or ("A", "B"))
    if set(paths) - {"A", "B"}:
        raise one.wrong("paths", "A, B or both")
    return GivenEvent(
        "deny" if one.choice("decision", "allow", "deny") == "deny" else "allow",
        one.needed("url"),
        one.text("method", "GET"),
        one.whole("count", 1),
        one.duration("ago", 60 * NS),
        one.text("owner", "joe"),
        paths,
    )


def _stream(raw: Any, where: str) -> GivenStream:
    one = TestSection(raw, where, "labels", "lines")
    if not one.texts("labels"):
        raise InputError(f"{where}: a stream needs labels", "write labels: {job: boundary}")
    return GivenStream(one.texts("labels"), one.each("lines", _line))


def _line(raw: Any, where: str) -> GivenLine:
    if not isinstance(raw, Mapping):
        return GivenLine(str(raw), 60 * NS, {})
    one = TestSection(raw, where, "line", "ago", "metadata")
    return GivenLine(one.needed("line"), one.duration("ago", 60 * NS), one.texts("metadata"))


def _panel(key: Any, raw: Any, where: str) -> PanelWant:
    if not str(key).isdigit():
        raise InputError(f"{where}: the id is not a number", "use the panel's id")
    one = TestSection(raw, where, "state", "text", "number", "values", "rows", "lines")
    if not one.raw:
        raise InputError(f"{where}: nothing is expected", "write state, text, number, values, rows or lines")
    values = one.raw.get("values")
    if values is not None and not isinstance(values, Mapping):
        raise one.wrong("values", "write name: value")
    return PanelWant(
        int(key),
        one.choice("state", "", *get_args(ReadingState)),
        one.text("text") if "text" in one else None,
        one.number("number"),
        {str(k): v for k, v in values.items()} if values is not None else None,
        one.whole("rows", 0) if "rows" in one else None,
        tuple(str(line) for line, _ in one.items("lines")) if "lines" in one else None,
    )


def _query(raw: Any, where: str, folder: Path) -> QueryWant:
    one = TestSection(raw, where, "query", "file", "range", "step", "want", "lines", "error")
    if ("query" in one) == ("file" in one):
        raise InputError(f"{where}: needs exactly one of query and file", "write query: '{job=\"x\"}'")
    if sum(key in one for key in ("want", "lines", "error")) != 1:
        raise InputError(f"{where}: needs exactly one of want, lines and error", "say what the query must answer")
    text = one.text("query") if "query" in one else _logql(folder / one.text("file"))
    lines = tuple(str(line) for line, _ in one.items("lines")) if "lines" in one else None
    samples = one.each("want", _sample) if "want" in one else None
    return QueryWant(text, one.duration("range", _HOUR), one.duration("step"), samples, lines, one.text("error"))


def _sample(raw: Any, where: str) -> tuple[Mapping[str, str], tuple[float, ...]]:
    one = TestSection(raw, where, "labels", "value", "values")
    try:
        numbers = tuple(float(part) for part in (one.text("values") or one.needed("value")).split())
    except ValueError:
        raise InputError(f"{where}: a value is no number", "write value: 2, or values: 0 1 2 for a range") from None
    return one.texts("labels"), numbers


def _logql(path: Path) -> str:
    text = _text(path)
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")).strip()


def _text(path: Path) -> str:
    return read_given(path, "is the path right? it starts at the test file")


def _document(path: Path) -> Any:
    import yaml

    text = _text(path)
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        place, words = yaml_problem(error)
        hint = "check indent and quotes" if place else "is it JSON or YAML?"
        raise InputError(f"{path}{place}: {words}", hint) from error
