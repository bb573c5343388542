"""The JSON of every command as types: docs/schemas and the page of the document are written from them.

Commands that look at a run print a `Document`; `shipper dry-run` and `watch` print an object a line.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, is_typeddict

import msgspec
from msgspec import Struct

from obs_check.app.verify import document
from obs_check.app.verify.document import Document, JsonSpan, JsonSubject, Judged, RunId, field_meaning

Number = float | Literal["NaN", "+Inf", "-Inf"]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Head(Struct):
    schema: Literal["obs-check/1"]
    command: str
    verdict: Judged
    run: RunId | None


PanelTitle = Annotated[str, field_meaning("the title of a panel to which its file gives no id")]


class LintRemedy(Struct):
    """What to write instead."""

    summary: str


class LintPlace(Struct):
    """One of the places that a finding of lint has."""

    line: int
    subject: JsonSubject
    panel_title: PanelTitle | None = None


class LintFinding(Struct):
    """What a rule found."""

    rule: str
    severity: Literal["error", "warning", "info"]
    path: str
    line: Annotated[int, field_meaning("from 1")]
    column: Annotated[int, field_meaning("from 1: where the line begins behind its blanks")]
    subject: JsonSubject
    claim: str
    fix: LintRemedy
    places: Annotated[list[LintPlace] | None, field_meaning("all places of a habit")] = None
    panel_title: PanelTitle | None = None
    copies: Annotated[list[str] | None, field_meaning("files that hold the same dashboards")] = None
    reason: Annotated[str | None, field_meaning("why it is switched off")] = None


class UnusedDisable(Struct):
    """A comment that switches off a rule which finds nothing there."""

    rule: str
    path: str
    line: int
    reason: str


class LintDocument(_Head):
    """What `obs-check lint` found."""

    files: Annotated[int, field_meaning("files that were read")]
    findings: list[LintFinding]
    disabled: list[LintFinding]
    unused_disables: list[UnusedDisable]


class CheckedPart(Struct):
    """One part of obs-check.yaml."""

    part: str
    place: Annotated[str, field_meaning("its address or path")]
    state: Literal["ok", "broken", "unknown", "not allowed", "not set"]
    said: str
    remedy: str


class CheckupDocument(_Head):
    """What `obs-check doctor` and `obs-check init` found."""

    checks: list[CheckedPart]
    file: Annotated[str | None, field_meaning("what `init` wrote")] = None


class TestCheck(Struct):
    """An expectation of a test."""

    subject: str
    verdict: Judged
    differs: str
    want: list[str]
    got: list[str]


class TestCase(Struct):
    """A test of a suite."""

    name: str
    verdict: Judged
    seconds: float
    checks: list[TestCheck]


class TestMutant(Struct):
    """A changed query, and the test that noticed it, empty where none did."""

    panel: int
    title: str
    target: str
    change: str
    noticed_by: str


class TestSuite(Struct):
    """A file of tests."""

    file: str
    cases: list[TestCase]
    mutants: list[TestMutant] | None = None


class TestDocument(_Head):
    """What `obs-check test` found."""

    suites: list[TestSuite]
    ended: Annotated[str, field_meaning("why not all tests were run, empty when they were")]


class QueryRow(Struct):
    """A line or a value."""

    ts: Annotated[str, field_meaning("nanoseconds since the epoch")]
    labels: dict[str, str]
    line: str | None = None
    value: Number | None = None


class QueryResult(Struct):
    """What a query answers."""

    type: Literal["streams", "vector", "matrix", "scalar"]
    rows: list[QueryRow]


class QueryDocument(_Head):
    """What `obs-check query` answers."""

    query: str
    asked: Annotated[str, field_meaning("who was asked")]
    window: JsonSpan | None
    result: QueryResult


class ListedQuery(Struct):
    """A query that has a name."""

    name: str
    answers: str
    file: str


class QueryListDocument(_Head):
    """What `obs-check query --list` shows."""

    queries: list[ListedQuery]


class LabelValues(Struct):
    """A label of streams, and all its values."""

    name: str
    values: list[str]


class QueryLabelsDocument(_Head):
    """What `obs-check query --labels` shows."""

    asked: Annotated[str, field_meaning("who was asked")]
    window: JsonSpan | None
    labels: list[LabelValues]


class OwnDashboard(Struct):
    """A dashboard that comes with obs-check."""

    uid: str
    title: str


class DashboardDocument(_Head):
    """What `obs-check dashboard` lists, and what `--install` saved."""

    dashboards: list[OwnDashboard]
    url: Annotated[str | None, field_meaning("where it was saved")] = None
    changes: Annotated[list[str] | None, field_meaning("what saving it did")] = None


class ExplainNode(Struct):
    """A part of an explained query."""

    kind: str
    text: str
    lines_in: int | None
    lines_out: int | None
    series: int | None
    kept: str | None
    dropped: str | None
    reason: str
    errors: dict[str, int]
    labels: dict[str, int]
    values: dict[str, dict[str, int]]
    notes: list[str]
    children: "list[ExplainNode]"


class ExplainCost(Struct):
    """What explaining cost a Loki."""

    requests: int
    bytes_read: int


class ExplainDocument(_Head):
    """What `obs-check query --explain` shows."""

    query: str
    asked: str
    window: JsonSpan
    conclusion: str
    explain: ExplainNode
    cost: ExplainCost | None


class KeptRun(Struct):
    """A kept run."""

    id: str
    at: Annotated[str, field_meaning("when it was kept, UTC")]
    command: str
    file: str
    verdict: Judged
    events: int
    panels: int
    broken: Annotated[int, field_meaning("panels that are not as they should be, after the fixes where there were any")]
    causes: list[str]
    ended: str


class RunsDocument(_Head):
    """What `obs-check runs` lists."""

    runs: list[KeptRun]
    more: Annotated[int, field_meaning("older ones that are not listed")]


class ExportDocument(_Head):
    """What `obs-check export` wrote."""

    of: Annotated[Judged, field_meaning("the verdict of the exported run")]
    files: list[str]


class DecisionsDocument(_Head):
    """What `obs-check decisions` wrote."""

    window: JsonSpan
    rows: Annotated[int, field_meaning("decisions")]
    crowded: Annotated[
        int, field_meaning("moments of which not all lines could be asked for: then the verdict is unknown")
    ]
    files: list[str]


class BundleDocument(_Head):
    """What `obs-check bundle` wrote."""

    file: str
    files: list[str]
    signed: bool


class Bundled(Struct):
    """What a bundle records about itself."""

    command: str
    verdict: str
    obs_check: str


class FileProblem(Struct):
    """A file of a bundle that is not as it was written."""

    file: str
    problem: str


class FoundDifference(Struct):
    """A value that does not follow from the raw answers."""

    place: str
    kept: str
    found: str


class BundleVerifyDocument(_Head):
    """What `obs-check bundle verify` found."""

    bundle: Bundled
    files: int
    problems: list[FileProblem]
    recomputed: dict[str, int]
    differences: list[FoundDifference]
    not_checked: dict[str, str]
    signed_by: str | None


class StatusDocument(_Head):
    """What `obs-check shipper status` shows."""

    kind: Literal["promtail", "alloy"]
    at: int
    files: list[dict[str, Any]]
    targets: list[dict[str, Any]]
    destinations: list[dict[str, Any]]
    stage_drops: dict[str, int]
    refusals: list[dict[str, Any]]
    components: list[str]
    missing: list[str]
    unopened: dict[str, str]
    undiscovered: str
    account: dict[str, Any] | None
    problems: list[str]


class TargetFile(Struct):
    """A file and the job that takes it."""

    path: str
    bytes: int | None
    job: str
    jobs: list[str]
    reason: str
    why: str
    labels: dict[str, str]
    unknown_labels: dict[str, list[str]]
    needs: list[str]
    nearest: str


class TargetPath(Struct):
    """A pattern of a job and how many files it takes."""

    job: str
    path: str
    files: int
    note: str


class TargetsDocument(_Head):
    """What `obs-check shipper targets` shows."""

    files: list[TargetFile]
    paths: list[TargetPath]
    notes: list[str]


class ShippedLine(Struct):
    """A line of `obs-check shipper dry-run -o json`: what would be pushed."""

    ts: Annotated[str | None, field_meaning("nanoseconds since the epoch, null for the time of reading")]
    labels: dict[str, str]
    line: str
    metadata: dict[str, str] | None = None


class StageChange(Struct):
    """What a stage changed."""

    what: str
    before: Any
    after: Any


class StageOutcome(Struct):
    """What a stage did to a line."""

    stage: str
    outcome: str
    changes: list[StageChange]
    reason: str | None = None


class TracedLine(Struct):
    """A line of `obs-check shipper dry-run --trace -o json`: every stage, and what was shipped."""

    number: int
    line: str
    stages: list[StageOutcome]
    shipped: list[ShippedLine]


class WatchedHop(Struct):
    """Events of one decision at one hop; what is neither seen nor missing is unknown."""

    path: Literal["A", "B"]
    hop: str
    decision: Literal["allow", "deny"]
    sent: int
    seen: int
    missing: int


class WatchedPanel(Struct):
    """The verdict on a panel."""

    id: int
    title: str
    verdict: Judged


class WatchedRun(_Head):
    """A run of `watch`; the document of the run itself is kept."""

    started: Annotated[str, field_meaning("RFC 3339, UTC")]
    seconds: Annotated[float, field_meaning("how long it took")]
    causes: Annotated[list[str], field_meaning("of the catalogue, or `unexplained`")]
    why: Annotated[list[str], field_meaning("what is unknown, in words")]
    hops: list[WatchedHop]
    panels: list[WatchedPanel]


DOCUMENTS: tuple[tuple[str, type], ...] = (
    ("run", Document),
    ("runs", RunsDocument),
    ("export", ExportDocument),
    ("decisions", DecisionsDocument),
    ("bundle", BundleDocument),
    ("bundle-verify", BundleVerifyDocument),
    ("doctor", CheckupDocument),
    ("dashboard", DashboardDocument),
    ("lint", LintDocument),
    ("test", TestDocument),
    ("query", QueryDocument),
    ("query-explain", ExplainDocument),
    ("query-list", QueryListDocument),
    ("query-labels", QueryLabelsDocument),
    ("shipper-status", StatusDocument),
    ("shipper-targets", TargetsDocument),
    ("shipper-dry-run", ShippedLine),
    ("shipper-dry-run-trace", TracedLine),
    ("watch", WatchedRun),
)
"""Name of the schema's file, and its type. `run` is of verify, diagnose, confirm, trace, inject and demo."""


def schema_of(name: str, kind: type[Struct]) -> dict[str, Any]:
    """The JSON Schema of a type. What a later version adds is allowed."""
    return {"$schema": DIALECT, "title": f"obs-check/1 {name}", **in_order(msgspec.json.schema(kind))}


def in_order(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with the fields of a run's document as they are written down, where msgspec sorts them by name; what may
    be absent means null."""
    for name, kind in vars(document).items():
        made = schema["$defs"].get(name) if is_typeddict(kind) else None
        if made is None:
            continue
        known = made["properties"]
        needed = made.get("required", [])
        fields = {
            field: known[field] | ({} if field in needed else {"default": None}) for field in kind.__annotations__
        }
        made["properties"] = fields
        made["required"] = [field for field in fields if field in needed]
    named: dict[str, None] = {}
    _walk(schema, schema["$defs"], named)
    schema["$defs"] = {name: schema["$defs"][name] for name in named}
    return schema


def _walk(value: object, kinds: Mapping[str, object], named: dict[str, None]) -> None:
    """Name the types that a schema leads to, each before those that it leads to."""
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        name = str(inner).rpartition("/")[2]
        if key == "$ref" and name not in named:
            named[name] = None
            _walk(kinds[name], kinds, named)
        elif key != "$defs":
            _walk(inner, kinds, named)
    for inner in value if isinstance(value, list) else ():
        _walk(inner, kinds, named)
