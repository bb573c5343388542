"""The test file: which dashboard, what is given, and what its panels and queries must read.

docs/test-yaml.md has an example with every key; what is said of the keys there stands at the fields here.
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
from obs_check.panel.expect import PANEL_ID, Expectation, load_expectations
from obs_check.panel.reading import ReadingState
from obs_check.testing.section import TestSection
from obs_check.testing.series import GivenSeries, read_series

NOON = 1_767_268_800 * NS
"""2026-01-01T12:00:00Z in ns: "now" of a test that names no time."""
_HOUR = 3600 * NS


@dataclass(frozen=True, slots=True)
class GivenEvent:
    """Equal requests, written as the lines of boundary and of coderd."""

    decision: Decision
    """What the firewall decided."""
    url: str
    """The URL; `{n}` in it stands for the number of the request."""
    method: str
    """The method."""
    count: int
    """How many."""
    ago_ns: int
    """`ago`: How long before now the last one was."""
    owner: str
    """Whose workspace it came from."""
    paths: tuple[str, ...]
    """Where it is seen: `A`, in boundary's log file; `B`, in coderd's log; without the key both."""


@dataclass(frozen=True, slots=True)
class GivenLine:
    """A line as Loki gets it; a text alone is a line a minute before now."""

    line: str
    """The line."""
    ago_ns: int
    """`ago`: How long before now."""
    metadata: Mapping[str, str]
    """Its structured metadata."""


@dataclass(frozen=True, slots=True)
class GivenStream:
    """Lines with one label set."""

    labels: Mapping[str, str]
    """The labels, at least one."""
    lines: tuple[GivenLine, ...]
    """The lines."""


@dataclass(frozen=True, slots=True)
class PanelWant:
    """What a panel must read; what is left out is not looked at. At least one key is needed."""

    panel: int
    state: str = ""
    """What it is found to be, as `diagnose` says it."""
    text: str | None = None
    """What a person sees."""
    number: float | None = None
    """Its one number, or the sum of several."""
    values: Mapping[str, Any] | None = None
    """All that it shows: a name, and the number or the text beside it."""
    rows: int | None = None
    """How many rows it has."""
    lines: tuple[str, ...] | None = None
    """The names of its values in their order; of a panel of logs its lines."""


@dataclass(frozen=True, slots=True)
class QueryWant:
    """What a LogQL query must answer: exactly one of `want`, `lines` and `error`."""

    text: str
    """`query`: The query; exactly one of `query` and `file` has to be there.
    `file`: A file that has it, from the test file on; lines that begin with `#` are left out."""
    range_ns: int
    """`range`: How far before now a query of lines, or one with a step, begins."""
    step_ns: int
    """`step`: Makes it a range query with a point every so often; without it, it is asked at now."""
    samples: tuple[tuple[Mapping[str, str], tuple[float, ...]], ...] | None = None
    """`want`: All series that it answers with.
    `labels`: The labels of a series.
    `value`: Its value; one of `value` and `values` is needed.
    `values`: The values of its points with blanks between them, where the query has a step."""
    lines: tuple[str, ...] | None = None
    """All lines that it answers with."""
    error: str = ""
    """A part of the message that it is refused with."""


@dataclass(frozen=True, slots=True)
class Case:
    """One test: what is given, and what is read then."""

    name: str
    """What it is called; `--run` chooses by it."""
    at_ns: int
    """`at`: What "now" is; a time without a zone is in UTC."""
    from_: str
    """`from`: Where the time picker begins, for example `now-1h`; without it where the dashboard does."""
    to: str
    """Where the time picker ends; without it where the dashboard does."""
    overrides: Mapping[str, list[str]]
    """`variables`: The dashboard's variables as a link would set them: a text or a list of texts under each name."""
    events: tuple[GivenEvent, ...]
    """`given`: What there is to read.
    `events`: Requests. What `expect` wants of them is checked too, for each panel that the test says nothing of."""
    streams: tuple[GivenStream, ...]
    """`logs`: Streams of lines."""
    series: tuple[GivenSeries, ...]
    """`metrics`: Series of samples."""
    panels: tuple[PanelWant, ...]
    """What panels must read, under the id of each."""
    queries: tuple[QueryWant, ...]
    """What queries must answer."""


@dataclass(frozen=True, slots=True)
class Suite:
    """A test file. Without a dashboard only queries are tested."""

    path: Path
    dashboard: Dashboard | None
    """The dashboard's file, from the test file on; a file of queries alone needs none."""
    expectations: Mapping[int, Expectation]
    """`expect`: An [expect.yaml](expect-yaml.md), from the test file on: what events must make every panel read."""
    datasources: Mapping[str, str] = field(default_factory=dict)
    """The type of a datasource under its uid; without it those that the dashboard names."""
    cases: tuple[Case, ...] = ()
    """`tests`: The tests, at least one."""


_OTHERS = (
    ("scrape_configs", "a promtail configuration", "obs-check shipper dry-run shows what becomes of a line in it"),
    ("grafana", "an obs-check.yaml", "a file of tests has `tests`, a list, each with a name"),
    ("panels", "a dashboard, or what panels must read", "a file of tests names it as `dashboard` or `expect`"),
    ("elements", "a dashboard", "a file of tests names it as `dashboard`"),
)
"""What tells files that are given for a file of tests, what they are, and what to do."""


def load_suite(path: Path) -> Suite:
    """Read a test file and the files that it names. InputError names the file, the place and the remedy."""
    document = _document(path)
    for key, what, remedy in _OTHERS:
        if isinstance(document, Mapping) and key in document:
            raise InputError(f"{path}: this is {what}, not a file of tests", remedy)
    root = TestSection(document, str(path), "dashboard", "expect", "datasources", "tests", joint=": ")
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
                raise InputError(
                    f"{path}: test {case.name!r}: no panel {want.panel} in the dashboard", f"panels: {there}"
                )
    return Suite(path, dashboard, expectations, root.texts("datasources"), cases)


def _case(raw: object, where: str, folder: Path) -> Case:
    one = TestSection(raw, where, "name", "at", "from", "to", "variables", "given", "panels", "queries")
    given = TestSection(one.raw.get("given"), f"{where}.given", "events", "logs", "metrics")
    panels = one.mapping("panels", "write one entry a panel id")
    variables = one.mapping("variables", "write the value of each variable behind its name")
    return Case(
        one.needed("name"),
        one.moment("at", NOON),
        one.text("from"),
        one.text("to"),
        {str(k): [str(x) for x in v] if isinstance(v, list) else [str(v)] for k, v in variables.items()},
        given.each("events", _event),
        given.each("logs", _stream),
        given.each("metrics", lambda r, w: read_series(TestSection(r, w, "series", "values", "interval"))),
        tuple(_panel(key, want, f"{where}.panels.{key}") for key, want in panels.items()),
        one.each("queries", lambda r, w: _query(r, w, folder)),
    )


def _event(raw: object, where: str) -> GivenEvent:
    one = TestSection(raw, where, "decision", "url", "method", "count", "ago", "owner", "paths")
    paths = tuple(str(path) for path, _ in one.items("paths")) or ("A", "B")
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


def _stream(raw: object, where: str) -> GivenStream:
    one = TestSection(raw, where, "labels", "lines")
    if not one.texts("labels"):
        raise InputError(f"{where}: a stream needs labels", "write labels: {job: boundary}")
    return GivenStream(one.texts("labels"), one.each("lines", _line))


def _line(raw: object, where: str) -> GivenLine:
    if not isinstance(raw, Mapping):
        return GivenLine(str(raw), 60 * NS, {})
    one = TestSection(raw, where, "line", "ago", "metadata")
    return GivenLine(one.needed("line"), one.duration("ago", 60 * NS), one.texts("metadata"))


def _panel(key: Any, raw: Any, where: str) -> PanelWant:
    if not PANEL_ID.fullmatch(str(key)):
        raise InputError(f"{where}: the id is not a number", "use the panel's id")
    one = TestSection(raw, where, "state", "text", "number", "values", "rows", "lines")
    if not one.raw:
        raise InputError(f"{where}: nothing is expected", "write state, text, number, values, rows or lines")
    values = one.mapping("values", "write name: value")
    return PanelWant(
        int(key),
        one.choice("state", "", *get_args(ReadingState)),
        one.text("text") if "text" in one else None,
        one.number("number"),
        {str(k): v for k, v in values.items()} if "values" in one else None,
        one.whole("rows", 0) if "rows" in one else None,
        tuple(str(line) for line, _ in one.items("lines")) if "lines" in one else None,
    )


def _query(raw: object, where: str, folder: Path) -> QueryWant:
    one = TestSection(raw, where, "query", "file", "range", "step", "want", "lines", "error")
    if ("query" in one) == ("file" in one):
        raise InputError(f"{where}: needs exactly one of query and file", "write query: '{job=\"x\"}'")
    if sum(key in one for key in ("want", "lines", "error")) != 1:
        raise InputError(f"{where}: needs exactly one of want, lines and error", "say what the query must answer")
    text = one.text("query") if "query" in one else _logql(folder / one.text("file"))
    lines = tuple(str(line) for line, _ in one.items("lines")) if "lines" in one else None
    samples = one.each("want", _sample) if "want" in one else None
    return QueryWant(text, one.duration("range", _HOUR), one.duration("step"), samples, lines, one.text("error"))


def _sample(raw: object, where: str) -> tuple[Mapping[str, str], tuple[float, ...]]:
    one = TestSection(raw, where, "labels", "value", "values")
    try:
        numbers = tuple(float(part) for part in (one.text("values") or one.needed("value")).split())
    except ValueError:
        raise InputError(f"{where}: a value is not a number", "write value: 2, or values: 0 1 2 for a range") from None
    return one.texts("labels"), numbers


def _logql(path: Path) -> str:
    text = _text(path)
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#")).strip()


def _text(path: Path) -> str:
    return read_given(path, "is the path right? it starts at the test file")


def _document(path: Path) -> Any:
    import yaml

    from obs_check.documents.yaml_tree import Loader

    text = _text(path)
    try:
        return yaml.load(text, Loader)
    except yaml.YAMLError as error:
        place, words = yaml_problem(error)
        hint = "check indent and quotes" if place else "is it JSON or YAML?"
        raise InputError(f"{path}{place}: {words}", hint) from error
