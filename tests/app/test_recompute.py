"""A kept run is made anew from its raw answers: an honest one matches, and whatever was changed in one is found."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from obs_check.app.recompute.document import recompute
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
def test_a_change_of_either_run_is_found(document: Callable[[], dict[str, Any]], place: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(document())
    put(*place, to="unknown")(changed)
    assert recompute(changed).differences
