"""What every hop saw of a run, made anew from the lines and the answers that are kept of it."""

import json
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, urlsplit

import msgspec

from obs_check.app.recompute.result import Recomputed
from obs_check.app.verify.document import Document, Hop, HopEvent, JsonEvent
from obs_check.model.event import find_tags
from obs_check.model.shipping_account import ShippingAccount
from obs_check.model.tree import mapping_at

_WITH_LINES = {"file", "coderd", "loki"}
"""Hops that see a tag by a line that holds it."""


def recompute_hops(document: "Document", place: str, found: Recomputed) -> None:
    """Per hop: which tags its lines and answers hold, how many were sent and seen, the median latency, the verdict."""
    run = str(document.get("run") or "")
    events = [event for event in document.get("events") or () if isinstance(event, Mapping)]
    for n, hop in enumerate(document.get("hops") or ()):
        where = f"{place}hops[{n}]"
        rows = hop.get("events")
        if rows is None:
            found.leave(where, "the document is of a version that kept no lines")
            continue
        seen = {str(row["tag"]): at for row in rows if (at := row.get("seen_ns")) is not None}
        _counted(where, hop, [str(row["tag"]) for row in rows], seen, events, found)
        match hop.get("hop"):
            case "egress":
                decided = [str(e["tag"]) for e in events if e.get("verdict") == e.get("decision")]
                found.same("hops", f"{where}.events", sorted(seen), sorted(decided))
            case name if name in _WITH_LINES:
                _lines(where, rows, run, found)
                if name == "loki":
                    _answered(where, hop, seen, run, document.get("answers") or {}, found)
            case "shipper":
                found.leave(where, "a shipper's counters say how many lines it read, not which")
                _account(where, hop.get("shipper"), found)


def _account(where: str, kept: object, found: Recomputed) -> None:
    """What became of the lines that the shipper read, from its counters."""
    account = kept.get("account") if isinstance(kept, Mapping) and "account" in kept else kept
    if not isinstance(account, Mapping) or "sentence" not in account:
        return
    try:
        again = msgspec.convert(account, ShippingAccount).to_json()
    except msgspec.ValidationError as error:
        found.same("hops", f"{where}.shipper", account, f"an account of lines: {error}")
        return
    for name in ("open", "sentence"):
        found.same("hops", f"{where}.shipper.{name}", account.get(name), again[name])


def _counted(
    where: str,
    hop: "Hop",
    wanted: list[str],
    seen: Mapping[str, int],
    events: Sequence[JsonEvent],
    found: Recomputed,
) -> None:
    missing = [tag for tag in wanted if tag not in seen]
    found.same("hops", f"{where}.sent", hop.get("sent"), len(wanted))
    found.same("hops", f"{where}.seen", hop.get("seen"), len(wanted) - len(missing))
    found.same("hops", f"{where}.missing", list(hop.get("missing") or ()), missing)
    sent_at = {str(event["tag"]): event["sent_ns"] for event in events}
    delays = sorted((at - sent_at[tag]) / 1e6 for tag, at in seen.items() if tag in sent_at)
    median = round(delays[len(delays) // 2], 1) if delays else None
    found.same("hops", f"{where}.latency_ms", hop.get("latency_ms"), median)
    verdict = hop.get("verdict")
    if verdict == "unknown":
        found.leave(f"{where}.verdict", "who did not answer leaves nothing to judge by")
    else:
        found.same("hops", f"{where}.verdict", verdict, "fail" if missing else "ok")


def _lines(where: str, rows: Sequence[HopEvent], run: str, found: Recomputed) -> None:
    for n, row in enumerate(rows):
        lines = [line for line in row.get("lines") or () if not line.get("cut")]
        tag, whole = str(row["tag"]), len(lines) == len(row.get("lines") or ())
        if row.get("seen_ns") is None:
            found.same("lines", f"{where}.events[{n}].lines", len(row.get("lines") or ()), 0)
        elif whole:
            held = [tag in find_tags(str(line.get("line")), run) for line in lines]
            found.same("lines", f"{where}.events[{n}].lines", bool(lines) and all(held), True)


def _answered(
    where: str,
    hop: "Hop",
    seen: Mapping[str, int],
    run: str,
    answers: Mapping[str, str],
    found: Recomputed,
) -> None:
    """The tags in Loki's own answer; one that was full is a page, and the others are not kept."""
    for probe in (hop.get("probes") or ())[-1:]:
        exchange = mapping_at(probe, "exchange")
        text = answers.get(str(exchange.get("sha256")))
        if text is None:
            continue
        try:
            streams = json.loads(text)["data"]["result"]
            lines = [str(value[1]) for stream in streams for value in stream["values"]]
        except (ValueError, KeyError, TypeError, IndexError):
            found.same("hops", f"{where}.probes", "lines of Loki", "an answer without lines")
            return
        limit = parse_qs(urlsplit(str(exchange.get("target"))).query).get("limit", ["0"])[0]
        if limit.isdigit() and 0 < int(limit) <= len(lines):
            found.leave(f"{where}.probes", "Loki was asked page by page, and the last page is kept")
            return
        tags = {tag for line in lines for tag in find_tags(line, run)}
        wanted = {str(row["tag"]) for row in hop.get("events") or ()}
        found.same("hops", f"{where}.events", sorted(seen), sorted(tags & wanted))
