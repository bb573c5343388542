"""What becomes of each field of a document when it is made anew: a field is made anew, what was seen, or left as it is.

tests/app/test_recompute.py holds these lists to the types of the document: a field stands in exactly one of them, and
one that is made anew is found when it is changed.
"""

from collections.abc import Mapping

EVERY = "*"

MADE_ANEW: Mapping[str, str] = {
    "Document": "verdict answers answers_left_out",
    "JsonExchange": "body bytes sha256",
    "JsonProbe": "answer",
    "Line": "line",
    "HopEvent": "seen_ns",
    "Hop": "sent seen verdict missing latency_ms shipper",
    "Value": "name number text",
    "Step": EVERY,
    "JsonReading": "reads state number rows",
    "JsonPanel": "reads verdict path of_run state wanted differs cause",
    "JsonControl": EVERY,
    "Evidence": "as_written changed pair seen",
    "HealthRow": "verdict",
    "RunResult": "head",
    "ResultPart": "verdict",
    "JudgedDashboard": "sha256 model",
    "InputFile": "bytes sha256 text",
    "PanelChange": EVERY,
    "HopChange": EVERY,
}
"""By type: fields that are compared with what the raw answers, or the fields below, make of them."""

SEEN: Mapping[str, str] = {
    "Document": "schema command run outages ended versions",
    "JsonSpan": EVERY,
    "JsonEvent": EVERY,
    "JsonThrough": EVERY,
    "JsonWrap": EVERY,
    "JsonExchange": "method target status",
    "JsonProbe": "system request at",
    "Line": "cut file offset labels ts_ns",
    "HopEvent": "tag",
    "Hop": "path hop",
    "JsonDatasource": EVERY,
    "Request": "path body hidden",
    "JsonReading": "of asked why relative interval_ms max_data_points variables outage values_left_out",
    "JsonPanel": "id title",
    "JsonCheckResult": EVERY,
    "HealthRow": "name",
    "ResultPart": "part",
    "Clock": EVERY,
    "JudgedDashboard": "uid title version schema source file provisioned",
    "KnownDatasource": EVERY,
    "Expected": EVERY,
    "JsonInputs": "addresses",
    "InputFile": "role path secrets problem",
    "LoadOfRun": EVERY,
}
"""By type: what was sent, asked, answered or judged by, of which everything else is made."""

LEFT: Mapping[str, tuple[Mapping[str, str], str]] = {
    "claims of causes": (
        {
            "Document": "unexplained",
            "JsonFinding": "cause severity hop claim panels",
            "JsonSubject": EVERY,
            "Evidence": "kind",
        },
        "which causes were looked for, the words of a claim, and what a shipper, a file or the firewall was asked "
        "stand as they were kept: a claim's numbers are held to its probes, which say what was answered",
    ),
    "fixes": (
        {"JsonFix": EVERY, "Document": "changes", "Suggested": EVERY},
        "what to change was made of files and dashboards as they were, and read with it: those answers are not kept, "
        "and a patch is held to the file or dashboard that is",
    ),
    "words of the result": (
        {"ResultPart": "says lines why needed"},
        "the head and the verdict of each part are made anew, its words are not",
    ),
    "notes": (
        {"Hop": "note", "JsonPanel": "notes", "JsonReading": "error notes", "Value": "events"},
        "words beside a reading, and which events made a value, stand as they were kept",
    ),
    "copies of the dashboard": (
        {"PanelProof": "type", "JsonTarget": EVERY},
        "the kept dashboard has them, and what is drawn is drawn from there",
    ),
    "large runs": (
        {"Hop": "late duplicate displaced unexpected p95_ms max_ms"},
        "their events stand in a journal of their own, which is not in the document",
    ),
}
"""What is not made anew: the fields by type, and why."""


def why_left() -> dict[str, str]:
    """What no document can be made anew in, and why."""
    return {name: why for name, (_, why) in LEFT.items()}
