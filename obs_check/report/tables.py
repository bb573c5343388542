"""The rows of a document as flat tables: what the CSV files, the Markdown and the HTML show."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class EvidenceTable:
    """`name` is the file's stem; every row has exactly the `columns`, values are plain (text, number or None)."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: list[dict[str, Any]]


_VERDICT = ("command", "verdict", "run", "ended")
_EVENTS = ("tag", "decision", "method", "url", "sent_ns", "status", "verdict", "error")
_HOPS = ("path", "hop", "sent", "seen", "missing", "latency_ms", "verdict", "note")
_PANELS = ("id", "title", "path", "reads", "of_run", "wanted", "state", "verdict", "cause")
_HOP_COMPARISON = ("path", "hop", "before", "after", "change")
_COMPARISON = ("id", "title", "before", "after", "change")
_CONTROL = ("id", "title", "before", "after", "meaning", "differs")
_SUGGESTED = ("cause", "id", "title", "reads", "would_read", "verdict")
_FINDINGS = ("n", "cause", "severity", "evidence", "hop", "claim", "panels", "fix", "safety", "path")
_PROBES = ("finding", "cause", "system", "request", "answer", "window_start_ns", "window_end_ns", "at_ns")


def evidence_tables(document: Mapping[str, Any]) -> list[EvidenceTable]:
    """The tables that a document has rows for; those of `after` (a run after the fix) get the prefix `after-`."""
    tables = [_plain("verdict", "Verdict", _VERDICT, [document]), *_tables(document, "", "")]
    after = document.get("after")
    if isinstance(after, Mapping):
        tables += _tables(after, "after-", " after the fix")
    tables.append(_plain("hop_comparison", "Hops before and after", _HOP_COMPARISON, document.get("hop_comparison")))
    tables.append(_plain("comparison", "Panels before and after", _COMPARISON, document.get("comparison")))
    return [table for table in tables if table.rows]


def _tables(document: Mapping[str, Any], prefix: str, suffix: str) -> list[EvidenceTable]:
    findings = list(document.get("findings") or ())
    return [
        _plain(f"{prefix}events", f"Events{suffix}", _EVENTS, document.get("events")),
        _plain(f"{prefix}hops", f"Hops{suffix}", _HOPS, document.get("hops")),
        _plain(f"{prefix}panels", f"Panels{suffix}", _PANELS, document.get("panels")),
        _plain(f"{prefix}control", f"Panels before and after the run{suffix}", _CONTROL, document.get("control")),
        _plain(
            f"{prefix}suggested", f"Panels with the proposed queries{suffix}", _SUGGESTED, document.get("suggested")
        ),
        EvidenceTable(
            f"{prefix}findings", f"Findings{suffix}", _FINDINGS, [_finding(n, f) for n, f in enumerate(findings, 1)]
        ),
        EvidenceTable(
            f"{prefix}probes",
            f"Probes{suffix}",
            _PROBES,
            [_probe(n, f, p) for n, f in enumerate(findings, 1) for p in f.get("probes") or ()],
        ),
    ]


def _plain(name: str, title: str, columns: tuple[str, ...], rows: Sequence[Mapping[str, Any]] | None) -> EvidenceTable:
    return EvidenceTable(name, title, columns, [{c: flat(row.get(c)) for c in columns} for row in rows or ()])


def flat(value: Any) -> Any:
    """A value for one cell: lists of plain values joined by blanks, other structures as JSON."""
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, list | tuple) and all(isinstance(v, str | int | float) for v in value):
        return " ".join(str(v) for v in value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)


def known(finding: Mapping[str, Any]) -> str:
    """The severity of a finding and how it is known: `error, proved`."""
    return ", ".join(filter(None, (str(finding.get("severity") or ""), evidence_of(finding))))


def evidence_of(finding: Mapping[str, Any]) -> str:
    """How a finding is known: `proved` by a counterfactual that was run, or `observed`; "" in documents without it."""
    kind = str((finding.get("evidence") or {}).get("kind"))
    return {"proof": "proved", "observation": "observed"}.get(kind, "")


def _finding(number: int, finding: Mapping[str, Any]) -> dict[str, Any]:
    fix = finding.get("fix") or {}
    return {
        "n": number,
        **{key: flat(finding.get(key)) for key in ("cause", "severity", "hop", "claim", "panels")},
        "evidence": evidence_of(finding),
        "fix": fix.get("summary"),
        "safety": fix.get("safety"),
        "path": fix.get("path"),
    }


def _probe(number: int, finding: Mapping[str, Any], probe: Mapping[str, Any]) -> dict[str, Any]:
    window = probe.get("window") or {}
    return {
        "finding": number,
        "cause": finding.get("cause"),
        "system": probe.get("system"),
        "request": probe.get("request"),
        "answer": flat(probe.get("answer")),
        "window_start_ns": window.get("start_ns"),
        "window_end_ns": window.get("end_ns"),
        "at_ns": probe.get("at"),
    }
