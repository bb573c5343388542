"""The document of a run: what `verify`, `diagnose`, `confirm`, `trace`, `inject` and `demo` print with `-o json` and
keep. docs/document.md and docs/schemas are written from these types, and kept documents are read by them.
`JsonEvent` is what stands there of an `Event`, and so on.

What a later version adds has a default, so that a document of an earlier one is read as well.
"""

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from msgspec import Meta

from obs_check.client.executors.wrap import Kind
from obs_check.model.event import Decision

Ns = Annotated[int, Meta(ge=0, le=2**63 - 1, description="nanoseconds since the epoch, UTC")]
Judged = Literal["ok", "fail", "unknown"]
Number = float | Literal["NaN", "+Inf", "-Inf"]
"""JSON has neither NaN nor infinities: they are texts."""
RunId = Annotated[str, Meta(pattern=r"^[a-z0-9]{4,16}$")]
Tag = Annotated[str, Meta(pattern=r"^[a-z0-9]{4,16}-[0-9]{1,9}-(allow|deny)$")]


def field_meaning(description: str) -> Meta:
    """What a field means."""
    return Meta(description=description)


class JsonSpan(TypedDict):
    """From one moment to another."""

    start_ns: Ns
    end_ns: Ns


class JsonEvent(TypedDict):
    """One tagged request of the run. `decision` is the expected one, `verdict` what the firewall did."""

    tag: Annotated[Tag, field_meaning("`<run>-<n>-<allow|deny>`, in the URL as `obs=`")]
    decision: Annotated[Decision, field_meaning("the expected decision")]
    method: str
    url: Annotated[str, Meta(pattern=r"^https?://[^\s\[\]]+$")]
    sent_ns: Ns
    status: Annotated[int | None, field_meaning("HTTP status of the answer, null without one")]
    verdict: Annotated[str, field_meaning("`allow`, `deny` or `no_answer`: what the firewall did")]
    error: str
    client: NotRequired[Annotated[str | None, field_meaning("the probe's client, empty for obs-check itself")]]
    answered_ns: NotRequired[Annotated[Ns | None, field_meaning("when it was answered, null where that is unknown")]]


class JsonWrap(TypedDict):
    """How the place that sent the events is wrapped by the firewall."""

    kind: Kind
    evidence: list[str]
    tool_call: bool


class JsonThrough(TypedDict):
    """The executor that sent the events."""

    via: str
    place: str
    proves: str
    proves_not: str
    wrap: JsonWrap
    hold: str


class JsonExchange(TypedDict):
    """A request as it was sent and what came back; the answer itself stands in `answers` under its SHA-256."""

    method: str
    target: Annotated[str, field_meaning("path with the query string")]
    body: Annotated[Any, field_meaning("the JSON that was sent, null without one")]
    status: Annotated[int, field_meaning("HTTP status of the answer")]
    bytes: Annotated[int, field_meaning("of the whole answer as UTF-8, known secrets hidden")]
    sha256: Annotated[str, field_meaning("of these bytes")]


class JsonProbe(TypedDict):
    """A question asked of one system, and the answer as it is shown."""

    system: NotRequired[
        Annotated[
            str | None, field_meaning("`grafana`, `loki`, `shipper`, `file`, `egress`, `panel`, `run`, `rehearsal`")
        ]
    ]
    request: NotRequired[Annotated[str | None, field_meaning("what a person can ask again")]]
    answer: NotRequired[Annotated[Any, field_meaning("shortened; whole in `answers` where there is an `exchange`")]]
    window: NotRequired[Annotated[JsonSpan | None, field_meaning("the time that was asked for")]]
    at: NotRequired[Annotated[Ns | None, field_meaning("when it was asked")]]
    exchange: NotRequired[
        Annotated[JsonExchange | None, field_meaning("what went over the wire; absent where nothing did")]
    ]


class Line(TypedDict):
    """A line with a tag as it was found at a hop."""

    line: str
    cut: Annotated[int, field_meaning("characters that are left out at its end")]
    file: Annotated[str, field_meaning("the file it stands in, empty elsewhere")]
    offset: Annotated[int | None, field_meaning("its first byte in that file")]
    labels: Annotated[dict[str, str] | None, field_meaning("of its stream in Loki")]
    ts_ns: Annotated[Ns | None, field_meaning("its time in Loki")]


class HopEvent(TypedDict):
    """One event at a hop."""

    tag: Tag
    seen_ns: Annotated[Ns | None, field_meaning("when it was first seen there, null if it was not")]
    lines: Annotated[list[Line], field_meaning("the first three lines with its tag")]


class Hop(TypedDict):
    """A place where the run was looked for."""

    path: Annotated[Literal["A", "B"], field_meaning("A: boundary's log files; B: coderd's log")]
    hop: Annotated[str, field_meaning("`egress`, `file`, `coderd`, `shipper`, `loki`, `panel`")]
    sent: Annotated[int, field_meaning("events that have to be there")]
    seen: Annotated[int, field_meaning("those of them that are")]
    verdict: Judged
    missing: NotRequired[Annotated[list[str] | None, field_meaning("the tags of the others")]]
    late: NotRequired[
        Annotated[list[str] | None, field_meaning("of a large run: tags that took longer than a hop may")]
    ]
    duplicate: NotRequired[Annotated[list[str] | None, field_meaning("of a large run: tags with more than one record")]]
    displaced: NotRequired[
        Annotated[
            list[str] | None,
            field_meaning("of a large run: tags whose record stands behind one that was sent after their answer"),
        ]
    ]
    unexpected: NotRequired[
        Annotated[list[str] | None, field_meaning("of a large run: tags of the run that were not planned")]
    ]
    latency_ms: NotRequired[Annotated[float | None, field_meaning("median of first seen minus sent")]]
    p95_ms: NotRequired[Annotated[float | None, field_meaning("of a large run: 95 of 100 were seen by then")]]
    max_ms: NotRequired[Annotated[float | None, field_meaning("of a large run: the last was seen by then")]]
    note: NotRequired[str | None]
    shipper: NotRequired[
        Annotated[Any, field_meaning("at the hop `shipper`: what it said of the run's files and lines")]
    ]
    events: NotRequired[Annotated[list[HopEvent] | None, field_meaning("every event that has to be there")]]
    probes: NotRequired[list[JsonProbe] | None]


class JsonTarget(TypedDict):
    """A query of a panel as it is written."""

    ref_id: str
    datasource: Annotated[Any, field_meaning("the reference as it is stored")]
    hidden: bool
    text: Annotated[str, field_meaning("`expr` or `rawSql`")]
    query: Annotated[dict[str, Any], field_meaning("all stored fields")]


class JsonDatasource(TypedDict):
    """A datasource that was asked."""

    uid: str
    name: str
    type: str


class Request(TypedDict):
    """What a browser sends for a panel, variables and macros filled in."""

    path: str
    datasource: JsonDatasource
    body: Annotated[dict[str, Any], field_meaning("the JSON of the POST")]
    hidden: Annotated[list[str], field_meaning("refIds that are asked and not drawn")]


class Value(TypedDict):
    """One displayed value."""

    name: str
    number: Number | None
    text: Annotated[str, field_meaning("what a person reads")]
    events: Annotated[list[Tag], field_meaning("the events that made it; empty where others' may be in it")]


class Step(TypedDict):
    """What a stage between answer and picture left."""

    name: str
    frames: int
    fields: int
    rows: int


class JsonReading(TypedDict):
    """One time that a panel was read."""

    of: Annotated[
        Literal["before", "range", "run"],
        field_meaning(
            "`before`: its own range ahead of the run; `range`: its own range after it; `run`: the same panel over the "
            "run's lines alone"
        ),
    ]
    asked: Annotated[str, field_meaning("`ready`, or why nothing was asked: see `why`")]
    why: str
    range: Annotated[JsonSpan, field_meaning("the panel's own range")]
    dashboard_range: Annotated[JsonSpan, field_meaning("the dashboard's range that it follows from")]
    relative: Annotated[bool, field_meaning("whether that moves with the clock")]
    interval_ms: Annotated[int, field_meaning("`$__interval`")]
    max_data_points: int
    variables: Annotated[dict[str, list[str]], field_meaning("values in use")]
    requests: Annotated[
        list[Request], field_meaning("as a browser sends them; with the run's line filter they stand in the probes")
    ]
    outage: Annotated[str, field_meaning("who did not answer, empty when all did")]
    reads: Annotated[str, field_meaning("what a person sees")]
    state: Annotated[str, field_meaning("what that is worth: `ok`, `no_series`, `zero_masked`, ...")]
    number: Annotated[Number | None, field_meaning("the one value, or the sum")]
    rows: Annotated[int, field_meaning("rows of the final frames")]
    error: str
    values: list[Value]
    values_left_out: int
    steps: list[Step]
    notes: list[str]
    probes: Annotated[
        list[JsonProbe], field_meaning("its questions with the raw frames (`exchange`), then the drawing")
    ]


class PanelProof(TypedDict):
    """What the row of a panel stands on."""

    type: Annotated[str, field_meaning("of the panel: `stat`, `timeseries`, ...")]
    targets: list[JsonTarget]
    readings: list[JsonReading]


class JsonPanel(TypedDict):
    """A panel as a person sees it, and what it has to read."""

    id: int
    title: str
    reads: Annotated[str, field_meaning("what a person sees in its own range")]
    verdict: Judged
    path: NotRequired[
        Annotated[str | None, field_meaning("`A`, `B`, `metrics`, `sql`, or empty without an expectation")]
    ]
    of_run: NotRequired[
        Annotated[str | None, field_meaning("what it reads of the run's lines alone, where that was asked")]
    ]
    state: NotRequired[str | None]
    wanted: NotRequired[Annotated[str | None, field_meaning("what it has to read of the run")]]
    differs: NotRequired[Annotated[str | None, field_meaning("how it does not")]]
    cause: NotRequired[str | None]
    notes: NotRequired[list[str] | None]
    proof: NotRequired[PanelProof | None]


class JsonControl(TypedDict):
    """What a panel read before and after the run (the positive control)."""

    id: NotRequired[int | None]
    title: NotRequired[str | None]
    before: NotRequired[str | None]
    after: NotRequired[str | None]
    meaning: NotRequired[
        Annotated[str | None, field_meaning("`true_zero`, `broken_zero`, `false_green`, `live`, `quiet`, ...")]
    ]
    words: NotRequired[str | None]
    differs: NotRequired[str | None]


class Suggested(TypedDict):
    """What a panel would read with the fix of one cause; nothing is saved."""

    cause: NotRequired[str | None]
    id: NotRequired[int | None]
    title: NotRequired[str | None]
    reads: NotRequired[str | None]
    would_read: NotRequired[str | None]
    verdict: NotRequired[Judged | None]


class JsonFix(TypedDict):
    """What to change."""

    summary: NotRequired[str | None]
    diff: NotRequired[Annotated[str | None, field_meaning("a unified diff, empty where a person has to do it")]]
    safety: NotRequired[
        Annotated[
            str | None,
            field_meaning(
                "`safe`: changes what is shown only, and was read with it; `review`: may change what is collected, "
                "kept or meant; `manual`: a person has to do it"
            ),
        ]
    ]
    path: NotRequired[Annotated[str | None, field_meaning("the file or object that the diff applies to")]]


class Evidence(TypedDict):
    """How a finding is known, and which of its probes are of which side."""

    kind: NotRequired[
        Annotated[str | None, field_meaning("`proof`: the same question asked twice; `observation`: what was seen")]
    ]
    as_written: NotRequired[Annotated[int | None, field_meaning("of a proof: that many probes, from the first")]]
    changed: NotRequired[Annotated[int | None, field_meaning("of a proof: that many after them")]]
    pair: NotRequired[Annotated[list[int] | None, field_meaning("of a proof: the two probes, from 0, that say it")]]
    seen: NotRequired[Annotated[int | None, field_meaning("of an observation: how many probes")]]


class JsonSubject(TypedDict):
    """What a finding is about; null where it does not apply."""

    dashboard: NotRequired[str | None]
    panel: NotRequired[int | None]
    target: NotRequired[str | None]


class JsonFinding(TypedDict):
    """A cause with its evidence."""

    cause: str
    severity: NotRequired[Annotated[str | None, field_meaning("`error`, `warning` or `info`")]]
    hop: NotRequired[str | None]
    subject: NotRequired[JsonSubject | None]
    claim: NotRequired[Annotated[str | None, field_meaning("one sentence")]]
    evidence: NotRequired[Evidence | None]
    probes: NotRequired[list[JsonProbe] | None]
    fix: NotRequired[JsonFix | None]
    panels: NotRequired[Annotated[list[int] | None, field_meaning("ids of the panels that it explains")]]


class JsonCheckResult(TypedDict):
    """What a check of the workspace came to."""

    name: str
    ok: bool
    says: str
    output: Annotated[str, field_meaning("the end of what it printed")]


class HealthRow(TypedDict):
    """A check of the workspace (`checks:`), or its state in Coder, before and after the run."""

    name: str
    verdict: Judged
    before: Annotated[JsonCheckResult | None, field_meaning("null where it was not asked")]
    after: Annotated[JsonCheckResult | None, field_meaning("null where it was not asked")]


class ResultPart(TypedDict):
    """One of the things that a success takes."""

    part: Annotated[str, field_meaning("`healthy`, `denied`, `audited`, `shown`")]
    verdict: Literal["ok", "fail", "unknown", "not asked"]
    says: str
    lines: Annotated[list[str], field_meaning("what was printed, logged or is missing")]
    why: Annotated[list[str], field_meaning("the causes, each with its claim")]
    needed: Annotated[list[str], field_meaning("what would mend it")]


class RunResult(TypedDict):
    """Whether agents work behind the firewall, and all that it decides is recorded and shown."""

    head: Annotated[
        Literal["SUCCESS", "DOCUMENTED NEGATIVE", "UNDECIDED"],
        field_meaning("SUCCESS takes all parts; one that fails makes it DOCUMENTED NEGATIVE; else it is UNDECIDED"),
    ]
    parts: list[ResultPart]


class Clock(TypedDict):
    """How far another clock is from ours, by the `Date` of its answers: theirs minus ours lies in between."""

    system: str
    least_ms: float
    most_ms: float
    answers: Annotated[int, field_meaning("how many answers say so")]


class JudgedDashboard(TypedDict):
    """The dashboard that was read."""

    uid: NotRequired[str | None]
    title: NotRequired[str | None]
    version: NotRequired[Any]
    schema: NotRequired[Annotated[str | None, field_meaning("`classic` or `v2`")]]
    source: NotRequired[Annotated[str | None, field_meaning("the uid or file that was asked for")]]
    file: NotRequired[str | None]
    provisioned: NotRequired[Annotated[str | None, field_meaning("the file that Grafana reads it from")]]
    sha256: NotRequired[
        Annotated[str | None, field_meaning("of the model as compact-keyed JSON: keys sorted, `, ` and `: ` between")]
    ]
    model: NotRequired[Annotated[Any, field_meaning("the JSON model, null where it has more than 4 MiB")]]


class KnownDatasource(TypedDict):
    """A datasource that the token can see."""

    name: str
    uid: str
    type: str
    settings: Annotated[dict[str, Any], field_meaning("its jsonData, secrets hidden")]
    database: str
    default: bool


class Expected(TypedDict):
    """What a panel has to read for the events of a run, as in expect.yaml."""

    panel: int
    path: str
    kind: str
    by: str
    decision: str
    names: dict[str, str]
    limit: int


class InputFile(TypedDict):
    """A file that was judged by, without the secrets in it."""

    role: Annotated[str, field_meaning("`obs-check`, `expectations`, `dashboard-source`, `boundary`, `shipper`")]
    path: str
    bytes: Annotated[int, field_meaning("of the text as it is kept")]
    sha256: Annotated[str, field_meaning("of these bytes")]
    text: Annotated[str, field_meaning("empty where it has more than 256 KiB")]
    secrets: Annotated[int, field_meaning("values that are hidden in it")]
    problem: Annotated[str, field_meaning("why it could not be read, empty when it was")]


class JsonInputs(TypedDict):
    """What the command judged by."""

    dashboard: JudgedDashboard
    datasources: list[KnownDatasource]
    expectations: list[Expected]
    addresses: Annotated[dict[str, str], field_meaning("of the systems, by name")]
    files: list[InputFile]


class PanelChange(TypedDict):
    """A panel before and after."""

    id: NotRequired[int | None]
    title: NotRequired[str | None]
    before: NotRequired[str | None]
    after: NotRequired[str | None]
    change: NotRequired[
        Annotated[str | None, field_meaning("`fixed`, `still broken`, `newly broken`, `unchanged`, `unknown`")]
    ]


class HopChange(TypedDict):
    """A hop before and after: `10 of 20` events seen."""

    path: NotRequired[str | None]
    hop: NotRequired[str | None]
    before: NotRequired[str | None]
    after: NotRequired[str | None]
    change: NotRequired[str | None]


class LoadOfRun(TypedDict):
    """A large run (`--count`), of which the events stand in its journal."""

    count: int
    asked_per_s: Annotated[float, field_meaning("0: as fast as it goes")]
    sent: int
    sent_per_s: float | None
    panels: NotRequired[
        Annotated[
            list[JsonPanel] | None,
            field_meaning("those that count lines, over the run's alone, held to what Loki has of it"),
        ]
    ]
    not_judged: NotRequired[Annotated[list[str] | None, field_meaning("panels that were not, and why")]]


class Document(TypedDict):
    """A document of a run. With an interrupted command it says what was found so far, verdict unknown."""

    schema: Literal["obs-check/1"]
    command: str
    verdict: Judged
    run: NotRequired[Annotated[RunId | None, field_meaning("the run's id")]]
    window: NotRequired[Annotated[JsonSpan | None, field_meaning("whole seconds around the events")]]
    through: NotRequired[JsonThrough | None]
    events: NotRequired[list[JsonEvent] | None]
    hops: NotRequired[list[Hop] | None]
    panels: NotRequired[list[JsonPanel] | None]
    control: NotRequired[list[JsonControl] | None]
    findings: NotRequired[Annotated[list[JsonFinding] | None, field_meaning("causes, the first one first")]]
    load: NotRequired[LoadOfRun | None]
    checks: NotRequired[Annotated[list[HealthRow] | None, field_meaning("of the workspace, beside the run")]]
    result: NotRequired[Annotated[RunResult | None, field_meaning("the head of the run, null without one")]]
    unexplained: NotRequired[list[str] | None]
    suggested: NotRequired[list[Suggested] | None]
    outages: NotRequired[Annotated[list[str] | None, field_meaning("systems that did not answer")]]
    changes: NotRequired[Annotated[list[str] | None, field_meaning("what was changed on request, and how to go back")]]
    ended: NotRequired[
        Annotated[str | None, field_meaning("why the command did not come to its end, empty when it did")]
    ]
    span: NotRequired[Annotated[JsonSpan | None, field_meaning("when the command looked")]]
    versions: NotRequired[Annotated[dict[str, str] | None, field_meaning("of all programs that report one")]]
    clocks: NotRequired[list[Clock] | None]
    inputs: NotRequired[JsonInputs | None]
    answers: NotRequired[
        Annotated[
            dict[str, str] | None,
            field_meaning(
                "SHA-256 -> the raw answer of every `exchange`, each once; one of more than 256 KiB, and what goes "
                "beyond 16 MiB in all, is left out"
            ),
        ]
    ]
    answers_left_out: NotRequired[Annotated[int | None, field_meaning("how many different answers are")]]
    comparison: NotRequired[Annotated[list[PanelChange] | None, field_meaning("of `confirm` and `demo`")]]
    hop_comparison: NotRequired[Annotated[list[HopChange] | None, field_meaning("of `confirm` and `demo`")]]
    before: NotRequired[Annotated["Document | None", field_meaning("of `confirm`: the run that it was compared with")]]
    after: NotRequired[Annotated["Document | None", field_meaning("of `demo`: the run after the fixes")]]
