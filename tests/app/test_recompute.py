"""A kept run is made anew from its raw answers: an honest one matches, and whatever was changed in one is found."""

import copy
import typing
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from obs_check.app.recompute.document import recompute
from obs_check.app.recompute.fields import EVERY, LEFT, MADE_ANEW, SEEN
from obs_check.app.verify.document import Document
from tests.report.pages import DOCUMENTS, confirmation, demonstration, negative

HONEST = ("demo", "negative", "healthy", "confirm")


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_document_matches(name: str) -> None:
    found = recompute(DOCUMENTS[name]())
    assert found.differences == []
    assert found.counts["panels"] > 250 and found.counts["hops"] > 50
    assert set(found.counts) >= {"raw answers", "probes", "hops", "lines", "panels", "inputs", "verdicts"}


def test_what_could_not_be_asked_is_left_and_not_made_up() -> None:
    found = recompute(DOCUMENTS["unknown"]())
    places = {place for place in found.left if place.endswith("verdict")}
    assert places == {f"hops[{n}].verdict" for n in (3, 4, 8, 9)}


def test_a_document_that_kept_nothing_is_not_called_false() -> None:
    document = negative()
    for key in ("answers", "answers_left_out", "inputs"):
        del document[key]
    for row in document["panels"]:
        del row["proof"]
    for row in document["hops"]:
        del row["events"], row["probes"]
    for finding in document["findings"]:
        for probe in finding["probes"]:
            probe.pop("exchange", None)
    found = recompute(document)
    assert found.differences == []
    assert found.left["panels"] == "the document keeps no dashboard"
    assert "hops[0]" in found.left


@pytest.mark.parametrize(
    ("verdicts", "ended", "verdict"),
    [(["allow", "deny"], "", "ok"), (["allow", "allow"], "", "fail"), (["allow", "deny"], "interrupted", "unknown")],
)
def test_a_run_that_was_only_sent_has_the_verdict_of_its_events(verdicts: list[str], ended: str, verdict: str) -> None:
    wanted = ("allow", "deny")
    events = [
        {"tag": f"r-{n}", "decision": wants, "verdict": was, "sent_ns": 1}
        for n, (wants, was) in enumerate(zip(wanted, verdicts, strict=True), 1)
    ]
    head = {"command": "inject", "verdict": verdict, "run": "r", "outages": [], "ended": ended}
    document: Any = {**head, "events": events}
    assert recompute(document).differences == []
    forged: Any = {**document, "verdict": "ok" if verdict != "ok" else "fail"}
    assert recompute(forged).differences != []


def test_a_number_that_no_probe_holds_is_named_with_its_claim() -> None:
    document = negative()
    document["findings"][2]["claim"] = "as written 0 of 20, with `| json` 4321"
    [difference] = recompute(document).differences
    assert difference.to_json() == {
        "place": "findings[2].claim",
        "kept": "pipeline.wrong-parser claims 4321",
        "found": "no probe of it holds that",
    }


def panel(document: dict[str, Any], number: int) -> dict[str, Any]:
    return next(row for row in document["panels"] if row["id"] == number)


def answer_of(reading: dict[str, Any]) -> str:
    return str(next(p["exchange"]["sha256"] for p in reading["probes"] if "exchange" in p))


def forge_answer(document: dict[str, Any]) -> None:
    """A raw answer that says 10 where nothing was, under the SHA-256 that it was kept with."""
    document["answers"][answer_of(panel(document, 1)["proof"]["readings"][2])] = '{"results": {}}'


def swap_answers(document: dict[str, Any]) -> None:
    """The raw answer of another question."""
    one, other = panel(document, 10)["proof"]["readings"][1], panel(document, 1)["proof"]["readings"][1]
    next(p for p in one["probes"] if "exchange" in p)["exchange"] |= {
        key: next(p for p in other["probes"] if "exchange" in p)["exchange"][key] for key in ("sha256", "bytes")
    }


def send_earlier(document: dict[str, Any]) -> None:
    """Every event a second before it was sent."""
    for event in document["events"]:
        event["sent_ns"] -= 10**9


def put(*path: str | int, to: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        inside: Any = document
        for key in path[:-1]:
            inside = inside[key]
        assert inside[path[-1]] != to
        inside[path[-1]] = to

    return change


READING = ("panels", 0, "proof", "readings", 2)
CHANGES: dict[str, tuple[Callable[[dict[str, Any]], None], str]] = {
    "the verdict": (put("verdict", to="ok"), "verdict"),
    "a hop's count": (put("hops", 1, "seen", to=20), "hops[1].seen"),
    "a hop's verdict": (put("hops", 1, "verdict", to="ok"), "hops[1].verdict"),
    "a hop's latency": (put("hops", 1, "latency_ms", to=0.1), "hops[1].latency_ms"),
    "what is missing": (put("hops", 1, "missing", to=[]), "hops[1].missing"),
    "when a tag was seen": (put("hops", 1, "events", 0, "seen_ns", to=1), "hops[1].seen"),
    "a line of a hop": (put("hops", 6, "events", 0, "lines", 0, "line", to="none"), "hops[6].events[0].lines"),
    "a decision": (put("events", 0, "verdict", to="deny"), "hops[0].events"),
    "when an event was sent": (send_earlier, "hops[6].latency_ms"),
    "what a panel reads": (put("panels", 0, "reads", to="Allowed 10"), "panels[0].reads"),
    "what it reads of the run": (put("panels", 0, "of_run", to="10"), "panels[0].of_run"),
    "what it has to read": (put("panels", 0, "wanted", to="nothing"), "panels[0].wanted"),
    "a panel's verdict": (put("panels", 0, "verdict", to="ok"), "panels[0].verdict"),
    "a panel's state": (put("panels", 0, "state", to="ok"), "panels[0].state"),
    "a reading": (put(*READING, "reads", to="10"), "panels[0].proof.readings[2].reads"),
    "a reading's values": (
        put(*READING, "values", to=[{"name": "a", "number": 1, "text": "1", "events": []}]),
        "panels[0].proof.readings[2].values",
    ),
    "a reading's steps": (put(*READING, "steps", 0, "rows", to=9), "panels[0].proof.readings[2].steps"),
    "an expectation": (put("inputs", "expectations", 0, "kind", to="quiet"), "panels[0].differs"),
    "a raw answer": (forge_answer, "answers["),
    "whose raw answer it is": (swap_answers, "panels[9]"),
    "a query that was sent": (
        put(*READING, "probes", 0, "exchange", "body", "queries", 0, "expr", to="{}"),
        "panels[0].proof.readings[2].probes[0].exchange.body",
    ),
    "the shown answer of a probe": (
        put("findings", 2, "probes", 6, "answer", "values", 0, "value", to=7.0),
        "findings[2].probes[6].answer",
    ),
    "a number of a claim": (
        put("findings", 2, "claim", to="as written 0 of 20, with `| json` 4321"),
        "findings[2].claim",
    ),
    "whose cause it is": (put("panels", 0, "cause", to="panel.time-range"), "panels[0].cause"),
    "the panels of a cause": (put("findings", 2, "panels", to=[2, 3, 4, 5, 6, 7]), "panels[0].cause"),
    "a patch of a file": (put("findings", 0, "fix", "diff", to="@@ -1 +1 @@\n-a: 1\n+a: 2"), "findings[0].fix.diff"),
    "a side of a proof": (put("findings", 2, "evidence", "as_written", to=11), "findings[2].evidence"),
    "the dashboard": (put("inputs", "dashboard", "model", "title", to="x"), "inputs.dashboard"),
    "a configuration": (put("inputs", "files", 3, "text", to="log_level: info\n"), "inputs.files[3]"),
    "how much was left out": (put("answers_left_out", to=3), "answers_left_out"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_value_is_found(name: str) -> None:
    change, place = CHANGES[name]
    document = negative()
    change(document)
    places = [difference.place for difference in recompute(document).differences]
    assert any(found.startswith(place) for found in places), places


@pytest.mark.parametrize(
    ("document", "place"),
    [
        (demonstration, ("comparison", 0, "change")),
        (demonstration, ("hop_comparison", 1, "after")),
        (demonstration, ("after", "panels", 0, "reads")),
        (demonstration, ("after", "verdict")),
        (confirmation, ("comparison", 0, "before")),
        (confirmation, ("before", "panels", 0, "reads")),
    ],
)
def test_a_change_of_either_run_is_found(document: Callable[[], Any], place: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(document())
    put(*place, to="unknown")(changed)
    assert recompute(changed).differences


def structs(kind: Any) -> Iterator[Any]:
    """The types of documents that a type leads to, itself first."""
    if typing.is_typeddict(kind):
        yield kind
        for name, inside in typing.get_type_hints(kind).items():
            yield from () if kind is Document and name in ("before", "after") else structs(inside)
    for inside in typing.get_args(kind):
        yield from structs(inside)


KINDS = list(dict.fromkeys(structs(Document)))
LEAVES = {
    kind.__name__: [
        name
        for name, of in typing.get_type_hints(kind).items()
        if not any(structs(of)) and not (kind is Document and name in ("before", "after"))
    ]
    for kind in KINDS
}
"""By type the fields that hold a value, and no other type."""


def test_every_field_is_made_anew_or_seen_or_named() -> None:
    lists = (MADE_ANEW, SEEN, *(kinds for kinds, _ in LEFT.values()))
    for kind, leaves in LEAVES.items():
        held = [leaves if of == EVERY else of.split() for kinds in lists for name, of in kinds.items() if name == kind]
        assert sorted(leaves) == sorted(field for fields in held for field in fields), kind
    assert {kind for kinds in lists for kind in kinds} <= set(LEAVES)


RESULT = {
    "head": "DOCUMENTED NEGATIVE",
    "parts": [
        {"part": part, "verdict": verdict, "says": "", "lines": [], "why": [], "needed": []}
        for part, verdict in (("healthy", "fail"), ("denied", "ok"), ("audited", "fail"), ("shown", "fail"))
    ],
}
CHECK = {"name": "build", "ok": True, "says": "", "output": ""}
CHECKS = [{"name": "build", "verdict": "fail", "before": CHECK, "after": CHECK | {"ok": False}}]


def with_result() -> Any:
    """A run that was checked before and after it."""
    return negative() | {"result": copy.deepcopy(RESULT), "checks": copy.deepcopy(CHECKS)}


def test_the_head_of_an_honest_run_matches() -> None:
    assert recompute(with_result()).differences == []


@pytest.mark.parametrize(
    ("path", "to", "place"),
    [
        (("result", "head"), "SUCCESS", "result.head"),
        *((("result", "parts", n, "verdict"), "not asked", f"result.parts[{n}].verdict") for n in range(4)),
        (("checks", 0, "verdict"), "ok", "checks[0].verdict"),
        (("control",), [{"id": 1, "meaning": "live"}], "control"),
        (("hops", 2, "shipper", "account", "sentence"), "read 20", "hops[2].shipper.sentence"),
        (("hops", 2, "shipper", "account", "read"), 7, "hops[2].shipper.open"),
    ],
)
def test_a_changed_head_check_control_or_account_is_found(path: tuple[Any, ...], to: Any, place: str) -> None:
    document = with_result() | {"control": []}
    put(*path, to=to)(document)
    assert place in [difference.place for difference in recompute(document).differences]


def made_anew(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(type, field, what holds it) of every value of a document that is made anew."""
    for kind, name, holder in _held(document, Document):
        if name in LEAVES[kind] and name in (
            LEAVES[kind] if MADE_ANEW.get(kind) == EVERY else MADE_ANEW.get(kind, "").split()
        ):
            yield kind, name, holder


def _held(value: Any, kind: Any) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if typing.is_typeddict(kind) and isinstance(value, dict):
        for name, of in typing.get_type_hints(kind).items():
            if value.get(name) is not None:
                yield kind.__name__, name, value
                yield from _held(value[name], of)
    elif isinstance(value, list):
        inner = [
            one
            for part in (kind, *typing.get_args(kind))
            if typing.get_origin(part) is list
            for one in typing.get_args(part)
        ]
        for item in value:
            for one in inner:
                yield from _held(item, one)
    else:
        for one in typing.get_args(kind):
            yield from _held(value, one)


CHANGED: dict[type, Callable[[Any], Any]] = {
    str: lambda v: "unknown" if v in ("ok", "fail") else f"{v}x",
    int: lambda v: v + 1,
    float: lambda v: v + 1,
}


def test_what_is_made_anew_is_found_when_it_is_changed() -> None:
    """Of every such field of a real run one value or more; what none of its values shows is a claim too many."""
    document = confirmation() | with_result() | {"before": negative()}
    document |= {key: confirmation()[key] for key in ("comparison", "hop_comparison")}
    tried: dict[str, bool] = {}
    for kind, name, holder in made_anew(document):
        key, kept = f"{kind}.{name}", holder[name]
        if tried.get(key) or type(kept) not in CHANGED:
            continue
        holder[name] = CHANGED[type(kept)](kept)
        tried[key] = bool(recompute(document).differences)
        holder[name] = kept
    assert [key for key, found in tried.items() if not found] == []
