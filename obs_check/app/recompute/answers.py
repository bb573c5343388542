"""The raw answers of a document, and what its probes say of them."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from obs_check.app.recompute.result import Recomputed
from obs_check.app.verify.document import Document
from obs_check.client.answer import NoJson, decode_json
from obs_check.client.loki.result import read_result, shown_result
from obs_check.errors import ObsCheckError
from obs_check.model.tree import mappings_at

_INSIDE = ("findings", "hops", "panels")
_LOKI = ("/loki/api/v1/query?", "/loki/api/v1/query_range?")


def recompute_answers(document: "Document", place: str, found: Recomputed) -> None:
    """Each raw answer has the SHA-256 that it is kept under; each probe names one that is kept, with its size; what a
    probe of Loki shows of its answer is what the engine reads in it."""
    answers = document.get("answers") or {}
    for digest, text in answers.items():
        raw = str(text).encode("utf-8", "replace")
        found.same("raw answers", f"{place}answers[{digest[:12]}…]", digest, sha256(raw).hexdigest())
    missing = set()
    for where, probe in probes_of(document, place):
        exchange = probe.get("exchange")
        if not isinstance(exchange, Mapping):
            continue
        digest = str(exchange.get("sha256"))
        if digest not in answers:
            missing.add(digest)
            found.leave(where, "its raw answer was too large to be kept")
            continue
        text = answers[digest]
        size = len(str(text).encode("utf-8", "replace"))
        found.same("probes", f"{where}.exchange.bytes", exchange.get("bytes"), size)
        if probe.get("system") == "loki" and any(path in str(exchange.get("target")) for path in _LOKI):
            _loki(where, probe, str(text), found)
    if "answers_left_out" in document:
        known = document["answers_left_out"]
        found.same("raw answers", f"{place}answers_left_out", known, len(missing))


def probes_of(document: "Document", place: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    """Every probe of one run with its place; that of a run inside of the document (`after`, `before`) is not among
    them."""
    for key in _INSIDE:
        for n, row in enumerate(mappings_at(document, key)):
            yield from _probes(row, f"{place}{key}[{n}]")


def _probes(row: Mapping[str, object], place: str) -> Iterator[tuple[str, Mapping[str, object]]]:
    for n, probe in enumerate(mappings_at(row, "probes")):
        yield f"{place}.probes[{n}]", probe
    for n, reading in enumerate(mappings_at(row, "proof", "readings")):
        yield from _probes(reading, f"{place}.proof.readings[{n}]")


def _loki(where: str, probe: Mapping[str, object], text: str, found: Recomputed) -> None:
    """A refusal is told in other words than a result, so only results are made anew."""
    kept = probe.get("answer")
    if not isinstance(kept, Mapping) or "type" not in kept:
        return
    try:
        result, _ = read_result(decode_json(text.encode()))
    except (NoJson, ObsCheckError, KeyError, TypeError, ValueError):
        found.same("probes", f"{where}.answer", kept, "an answer that is not a result of Loki")
        return
    shown = {key: value for key, value in kept.items() if key != "warnings"}
    found.same("probes", f"{where}.answer", plain(shown), plain(shown_result(result)))


def plain(value: object) -> Any:
    """A value as a document has it: numbers that are none as texts, tuples as lists."""
    match value:
        case float() if value != value:
            return "NaN"
        case float() if value in (float("inf"), float("-inf")):
            return "+Inf" if value > 0 else "-Inf"
        case Mapping():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple():
            return [plain(item) for item in value]
        case _:
            return value
