"""The tables of a document, defined here and nowhere else: columns, types, units, and how a row is made.

The run after a fix (`after` of a demonstration's document) stands in the same tables, under its own run.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from obs_check.app.verify.document import Document, JsonFinding, JsonProbe
from obs_check.model.tree import integer_at, mapping_at, mappings_at, value_at
from obs_check.report.decisions import DECISIONS
from obs_check.report.frames import EvidenceTable, TableColumn, TableKind, table_of

_RUN = TableColumn("run", "text", "the run's id, empty without one")
_ID = TableColumn("id", "integer", "the panel's id")
_TITLE = TableColumn("title", "text", "the panel's title")
_PATH = TableColumn("path", "text", "`A`: boundary's log files; `B`: coderd's log; `metrics` or `sql` of a panel")
_VERDICT = TableColumn("verdict", "text", "`ok`, `fail` or `unknown`")
_CAUSE = TableColumn("cause", "text", "id of the cause")
_CHANGE = TableColumn("change", "text", "`fixed`, `still broken`, `newly broken`, `unchanged` or `unknown`")


def evidence_tables(document: "Document") -> list[EvidenceTable]:
    """The tables that a document has rows for, in the order of TABLES."""
    found = [table_of(kind, kind.rows(document)) for kind in TABLES]
    return [table for table in found if table.rows]


def sent_events(document: "Document") -> int:
    """How many events a run sent; those of a large one stand in its journal, and their number in `load`."""
    load = document.get("load")
    return int(load.get("sent") or 0) if isinstance(load, Mapping) else len(document.get("events") or ())


def severity_and_kind(finding: "JsonFinding") -> str:
    """The severity of a finding and how it is known: `error, proved`."""
    return ", ".join(filter(None, (str(finding.get("severity") or ""), evidence_of(finding))))


def evidence_of(finding: "JsonFinding") -> str:
    """How a finding is known: `proved` by a counterfactual that was run, or `observed`; "" in documents without it."""
    kind = str((finding.get("evidence") or {}).get("kind"))
    return {"proof": "proved", "observation": "observed"}.get(kind, "")


def told_findings(document: "Document") -> "list[JsonFinding]":
    """The findings of a document for a person: a cause on the way to Loki is one of all panels of its path, and is told
    as the cause of those that are not as they should be. One that only informs may be about panels that are right."""
    rows = list(document.get("panels") or ())
    right = {row.get("id") for row in rows} - {row.get("id") for row in rows if row.get("verdict") != "ok"}
    return [
        finding
        if finding.get("severity") == "info" or value_at(finding, "subject", "panel") is not None
        else {**finding, "panels": [panel for panel in finding.get("panels") or () if panel not in right]}
        for finding in document.get("findings") or ()
    ]


def _parts(document: "Document") -> "Iterator[Document]":
    yield document
    after = document.get("after")
    if isinstance(after, Mapping):
        yield after


def _rows(document: "Document", key: str) -> Iterator[dict[str, Any]]:
    for part in _parts(document):
        for row in mappings_at(part, key):
            yield {**row, "run": part.get("run") or ""}


def _verdicts(document: "Document") -> Iterator[dict[str, Any]]:
    for part in _parts(document):
        span = mapping_at(part, "span")
        yield {
            **{key: part.get(key) for key in ("command", "run", "ended")},
            "verdict": _own_verdict(part),
            "started": span.get("start_ns"),
            "looked_until": span.get("end_ns"),
            "events": len(part.get("events") or ()),
            "panels": len(part.get("panels") or ()),
            "panels_failed": sum(panel.get("verdict") == "fail" for panel in part.get("panels") or ()),
            "causes": len(part.get("findings") or ()),
            "outages": part.get("outages"),
            "versions": part.get("versions"),
        }


def _own_verdict(part: "Document") -> object:
    """A demonstration's verdict is that after its fixes; the run before them has its own."""
    if "after" not in part:
        return part.get("verdict")
    from obs_check.app.recompute.document import verdict_of

    return verdict_of(part)


def _events(document: "Document") -> Iterator[dict[str, Any]]:
    for row in _rows(document, "events"):
        decided, decision = row.get("verdict"), row.get("decision")
        judged = "unknown" if decided in ("no_answer", "not_known") else "ok" if decided == decision else "fail"
        yield {
            **row,
            "host": _host(str(row.get("url") or "")),
            "decided": decided,
            "verdict": judged,
            "sent": row.get("sent_ns"),
            "answered": row.get("answered_ns"),
        }


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _hops(document: "Document") -> Iterator[dict[str, Any]]:
    for part in _parts(document):
        sent = {event["tag"]: event for event in part.get("events") or ()}
        for hop in part.get("hops") or ():
            for event in hop.get("events") or ():
                seen, sent_ns = event.get("seen_ns"), integer_at(sent, event["tag"], "sent_ns")
                first = mapping_at(event, "lines", 0)
                yield {
                    "run": part.get("run") or "",
                    "path": hop.get("path"),
                    "hop": hop.get("hop"),
                    "tag": event["tag"],
                    "decision": value_at(sent, event["tag"], "decision"),
                    "verdict": "ok" if seen is not None else "fail" if hop.get("verdict") == "fail" else "unknown",
                    "seen": seen,
                    "latency_ms": None if seen is None or not sent_ns else (seen - sent_ns) / 1e6,
                    "lines": len(event.get("lines") or ()),
                    "file": first.get("file"),
                    "byte": first.get("offset"),
                    "labels": first.get("labels"),
                    "stored": first.get("ts_ns"),
                    "line": first.get("line"),
                }


def _panels(document: "Document") -> Iterator[dict[str, Any]]:
    for row in _rows(document, "panels"):
        proof = row.get("proof") or {}
        read = {reading["of"]: reading for reading in proof.get("readings") or ()}
        own, before = read.get("range") or {}, read.get("before") or {}
        within = own.get("range") or {}
        sent = [query for request in own.get("requests") or () for query in request["body"].get("queries") or ()]
        yield {
            **row,
            "type": proof.get("type"),
            "query": " ; ".join(target["text"] for target in proof.get("targets") or ()),
            "sent": " ; ".join(str(query.get("expr") or query.get("rawSql") or "") for query in sent),
            "range_start": within.get("start_ns"),
            "range_end": within.get("end_ns"),
            "number": own.get("number"),
            "number_before": before.get("number"),
            "number_of_run": (read.get("run") or {}).get("number"),
        }


def _values(document: "Document") -> Iterator[dict[str, Any]]:
    for row in _rows(document, "panels"):
        for reading in (row.get("proof") or {}).get("readings") or ():
            for value in reading.get("values") or ():
                yield {"run": row["run"], "id": row.get("id"), "title": row.get("title"), "of": reading["of"], **value}


def _causes(document: "Document") -> Iterator[dict[str, Any]]:
    for part in _parts(document):
        for number, finding in enumerate(part.get("findings") or (), 1):
            fix, subject = finding.get("fix") or {}, finding.get("subject") or {}
            yield {
                **finding,
                "run": part.get("run") or "",
                "n": number,
                "evidence": evidence_of(finding),
                "dashboard": subject.get("dashboard"),
                "target": subject.get("target"),
                "fix": fix.get("summary"),
                "safety": fix.get("safety"),
                "changes": fix.get("path"),
                "diff": fix.get("diff"),
            }


def _probes(document: "Document") -> Iterator[dict[str, Any]]:
    number = 0
    for part in _parts(document):
        for of, subject, probe in _asked(part):
            number += 1
            window, exchange = mapping_at(probe, "window"), mapping_at(probe, "exchange")
            yield {
                "n": number,
                "run": part.get("run") or "",
                "of": of,
                "subject": subject,
                "system": probe.get("system"),
                "request": probe.get("request"),
                "method": exchange.get("method"),
                "target": exchange.get("target"),
                "window_start": window.get("start_ns"),
                "window_end": window.get("end_ns"),
                "asked": probe.get("at"),
                "status": exchange.get("status"),
                "bytes": exchange.get("bytes"),
                "sha256": exchange.get("sha256"),
                "answer": probe.get("answer"),
            }


def _asked(part: "Document") -> Iterator[tuple[str, str, "JsonProbe"]]:
    for number, finding in enumerate(part.get("findings") or (), 1):
        for probe in finding.get("probes") or ():
            yield "cause", f"{number} {finding.get('cause')}", probe
    for hop in part.get("hops") or ():
        for probe in hop.get("probes") or ():
            yield "hop", f"{hop.get('path')} {hop.get('hop')}", probe
    for panel in part.get("panels") or ():
        proof = panel.get("proof")
        for reading in (proof and proof.get("readings")) or ():
            for probe in reading.get("probes") or ():
                yield "panel", f"{panel.get('id')} {reading['of']}", probe


def _of(key: str) -> "Callable[[Document], Iterable[Mapping[str, object]]]":
    return lambda document: _rows(document, key)


def _alone(key: str) -> "Callable[[Document], Iterable[Mapping[str, object]]]":
    return lambda document: mappings_at(document, key)


TABLES: tuple[TableKind, ...] = (
    TableKind(
        "verdict",
        "Verdict",
        "One row a run.",
        (
            TableColumn("command", "text", "what was called"),
            _VERDICT,
            _RUN,
            TableColumn("ended", "text", "why it did not come to its end, empty when it did"),
            TableColumn("started", "time", "when it began to look"),
            TableColumn("looked_until", "time", "when it last looked"),
            TableColumn("events", "integer", "events that were sent"),
            TableColumn("panels", "integer", "panels that were read"),
            TableColumn("panels_failed", "integer", "of them not as they should be"),
            TableColumn("causes", "integer", "causes that were found"),
            TableColumn("outages", "text", "systems that did not answer"),
            TableColumn("versions", "json", "versions by name"),
        ),
        _verdicts,
    ),
    TableKind(
        "events",
        "Events",
        "One row a tagged request.",
        (
            _RUN,
            TableColumn("tag", "text", "`<run>-<n>-<allow|deny>`"),
            TableColumn("decision", "text", "expected: `allow` or `deny`"),
            TableColumn("decided", "text", "what the firewall did: `allow`, `deny`, `no_answer` or `not_known`"),
            TableColumn("verdict", "text", "`ok` where it decided as expected, `fail`, or `unknown`"),
            TableColumn("method", "text", "HTTP method"),
            TableColumn("url", "text", "what was asked for"),
            TableColumn("host", "text", "its host"),
            TableColumn("sent", "time", "when it was sent"),
            TableColumn("answered", "time", "when it was answered, empty where that is not known"),
            TableColumn("status", "integer", "HTTP status of the answer"),
            TableColumn("client", "text", "the probe's client, empty for obs-check itself"),
            TableColumn("error", "text", "why there was no answer"),
        ),
        _events,
    ),
    TableKind(
        "hops",
        "Event by hop",
        "One row an event and hop.",
        (
            _RUN,
            _PATH,
            TableColumn("hop", "text", "`egress`, `file`, `coderd`, `shipper`, `loki` or `panel`"),
            TableColumn("tag", "text", "of the event"),
            TableColumn("decision", "text", "the event's expected decision"),
            TableColumn("verdict", "text", "`ok` where it was seen there"),
            TableColumn("seen", "time", "when it was first seen there"),
            TableColumn("latency_ms", "number", "seen minus sent, milliseconds"),
            TableColumn("lines", "integer", "lines with its tag, at most 3 are kept"),
            TableColumn("file", "text", "the file of the first one"),
            TableColumn("byte", "integer", "the first byte of that line in its file, from 0"),
            TableColumn("labels", "json", "of its stream in Loki"),
            TableColumn("stored", "time", "its time in Loki"),
            TableColumn("line", "text", "the line"),
        ),
        _hops,
    ),
    TableKind(
        "hop_totals",
        "Hops",
        "One row a hop of a path.",
        (
            _RUN,
            _PATH,
            TableColumn("hop", "text", "as in `hops`"),
            TableColumn("sent", "integer", "events that have to be there"),
            TableColumn("seen", "integer", "of them that are"),
            TableColumn("missing", "text", "tags of the others"),
            TableColumn("latency_ms", "number", "median of first seen minus sent, milliseconds"),
            _VERDICT,
            TableColumn("note", "text", "what else is known"),
        ),
        _of("hops"),
    ),
    TableKind(
        "panels",
        "Panels",
        "One row a panel.",
        (
            _RUN,
            _ID,
            _TITLE,
            TableColumn("type", "text", "of the panel"),
            _PATH,
            TableColumn("reads", "text", "what a person sees in its own range"),
            TableColumn("of_run", "text", "the same over the run's lines alone, empty where it was not asked"),
            TableColumn("wanted", "text", "what it has to read of the run"),
            TableColumn("state", "text", "what the reading is worth"),
            _VERDICT,
            TableColumn("differs", "text", "how it is not as it should be"),
            _CAUSE,
            TableColumn("number", "number", "the value, or the sum of several"),
            TableColumn("number_before", "number", "ahead of the run"),
            TableColumn("number_of_run", "number", "over the run's lines alone"),
            TableColumn("query", "text", "as it is written"),
            TableColumn("sent", "text", "as it was sent"),
            TableColumn("range_start", "time", "of the panel's own range"),
            TableColumn("range_end", "time", "of the panel's own range"),
        ),
        _panels,
    ),
    TableKind(
        "panel_values",
        "Values of panels",
        "One row a displayed value and reading.",
        (
            _RUN,
            _ID,
            _TITLE,
            TableColumn(
                "of", "text", "`before` the run, the panel's own `range` after it, or the lines of the `run` alone"
            ),
            TableColumn("name", "text", "of the value"),
            TableColumn("number", "number", "the value"),
            TableColumn("text", "text", "what a person reads"),
            TableColumn("events", "text", "tags of the events that made it, empty where others' may be in it"),
        ),
        _values,
    ),
    TableKind(
        "control",
        "Panels before and after the run",
        "One row a panel: the positive control.",
        (
            _RUN,
            _ID,
            _TITLE,
            TableColumn("before", "text", "what it read ahead of the run"),
            TableColumn("after", "text", "what it read after it"),
            TableColumn("meaning", "text", "`true_zero`, `broken_zero`, `false_green`, `live`, `quiet`"),
            TableColumn("differs", "text", "how it moved otherwise than it should"),
        ),
        _of("control"),
    ),
    TableKind(
        "suggested",
        "Panels with the proposed queries",
        "One row a cause and panel; nothing is saved.",
        (
            _RUN,
            _CAUSE,
            _ID,
            _TITLE,
            TableColumn("reads", "text", "what it reads"),
            TableColumn("would_read", "text", "what it would read with the fix"),
            _VERDICT,
        ),
        _of("suggested"),
    ),
    TableKind(
        "causes",
        "Causes",
        "One row a cause that was found.",
        (
            _RUN,
            TableColumn("n", "integer", "its place in the document"),
            _CAUSE,
            TableColumn("severity", "text", "`error`, `warning` or `info`"),
            TableColumn("evidence", "text", "`proved`: the same question asked twice; `observed`: what was seen"),
            TableColumn("hop", "text", "where it sits"),
            TableColumn("claim", "text", "one sentence"),
            TableColumn("panels", "text", "ids of the panels that it explains"),
            TableColumn("dashboard", "text", "uid of the dashboard that it is about"),
            TableColumn("target", "text", "refId of the query that it is about"),
            TableColumn("fix", "text", "what to change"),
            TableColumn("safety", "text", "`safe`, `review` or `manual`"),
            TableColumn("changes", "text", "the file or object that the fix changes"),
            TableColumn("diff", "text", "the fix as a unified diff"),
        ),
        _causes,
    ),
    TableKind(
        "probes",
        "Probes",
        "One row a question asked of a system.",
        (
            TableColumn("n", "integer", "number of the row"),
            _RUN,
            TableColumn("of", "text", "what it belongs to: `cause`, `hop` or `panel`"),
            TableColumn(
                "subject", "text", "which: number and id of the cause; path and hop; id of the panel and reading"
            ),
            TableColumn("system", "text", "who was asked"),
            TableColumn("request", "text", "what a person can ask again"),
            TableColumn("method", "text", "HTTP method, empty where nothing went over the wire"),
            TableColumn("target", "text", "path and query string"),
            TableColumn("window_start", "time", "of the time that was asked for"),
            TableColumn("window_end", "time", "of the time that was asked for"),
            TableColumn("asked", "time", "when it was asked"),
            TableColumn("status", "integer", "HTTP status of the answer"),
            TableColumn("bytes", "integer", "of the whole answer"),
            TableColumn("sha256", "text", "of the whole answer, which stands under it in `answers` of evidence.json"),
            TableColumn("answer", "text", "shortened"),
        ),
        _probes,
    ),
    DECISIONS,
    TableKind(
        "hop_comparison",
        "Hops before and after",
        "One row a hop of two runs.",
        (
            _PATH,
            TableColumn("hop", "text", "as in `hops`"),
            TableColumn("before", "text", "events seen of those sent"),
            TableColumn("after", "text", "events seen of those sent"),
            _CHANGE,
        ),
        _alone("hop_comparison"),
    ),
    TableKind(
        "comparison",
        "Panels before and after",
        "One row a panel of two runs.",
        (
            _ID,
            _TITLE,
            TableColumn("before", "text", "what it read"),
            TableColumn("after", "text", "what it reads"),
            _CHANGE,
        ),
        _alone("comparison"),
    ),
)
