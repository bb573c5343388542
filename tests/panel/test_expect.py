"""Expectations: what a panel must read for events, and what is said when it does not."""

from dataclasses import replace
from typing import Any

import pytest

from obs_check.errors import InputError
from obs_check.model.event import Decision, Event
from obs_check.panel.drawing import DrawnValue
from obs_check.panel.expect import Expectation, load_expectations
from obs_check.panel.reading import Reading


def event(n: int, decision: Decision, host: str = "a.invalid") -> Event:
    return Event("run1", n, decision, "GET", f"https://{host}/p?obs=run1-{n}-{decision}", host, n)


EVENTS = [event(1, "allow"), event(2, "deny"), event(3, "deny", "b.invalid"), event(4, "deny", "b.invalid")]


def reading(*values: tuple[str, float | None], **more: Any) -> Reading:
    return Reading(1, more.pop("state", "ok"), "", values=tuple(DrawnValue(n, v, "") for n, v in values), **more)


def expectation(**entry: Any) -> Expectation:
    return load_expectations({"panels": {1: {"path": "B", **entry}}}, "f")[1]


@pytest.mark.parametrize(
    ("entry", "want"),
    [
        ({"kind": "count", "names": {"allow": "Allowed"}}, {"Allowed": 1, "deny": 3}),
        ({"kind": "count", "by": "domain", "decision": "deny"}, {"a.invalid": 1, "b.invalid": 2}),
        ({"kind": "count", "by": "domain", "limit": 1}, {"a.invalid": 2}),
        ({"kind": "total", "decision": "deny"}, {"total": 3}),
        ({"kind": "lines", "decision": "deny", "limit": 2}, {"run1-4-deny": 1, "run1-3-deny": 1}),
        ({"kind": "rows", "decision": "allow"}, {"run1-1-allow": 1}),
        ({"kind": "rises"}, None),
        ({"kind": "quiet"}, None),
    ],
)
def test_wanted(entry: dict[str, Any], want: dict[str, float] | None) -> None:
    assert expectation(**entry).wanted(EVENTS) == want


COUNT = expectation(kind="count")
OWN_NAME = '{decision="deny"}'
NAMED = expectation(kind="count", names={"allow": "Allowed", "deny": "Denied"})
LINES = expectation(kind="lines", decision="deny", limit=2)
ROWS = expectation(kind="rows", decision="deny", limit=10)
LINE = "GET https://b.invalid/p?obs=run1-{}-deny"


@pytest.mark.parametrize(
    ("what", "read", "says"),
    [
        (COUNT, reading(("allow", 1), ("deny", 3)), None),
        (COUNT, reading(('{decision="allow"}', 1), ('{decision="deny"}', 3)), None),
        (COUNT, reading(('{decision="allow"}', 1), ('{decision="deny"}', 2)), "deny 2 instead of 3"),
        (NAMED, reading(("Allowed", 1), ("Denied", 3)), None),
        (NAMED, reading(("allow", 1), ("Denied", 3)), None),
        (
            NAMED,
            reading(("Allowed", 1), ('{decision="deny"}', 3)),
            'Denied 0 instead of 3; {decision="deny"} 3 instead of 0',
        ),
        (NAMED, reading(("Allowed", 3), ("Denied", 1)), "Allowed 3 instead of 1; Denied 1 instead of 3"),
        (COUNT, reading(("allow", 1), ("deny", 2)), "deny 2 instead of 3"),
        (COUNT, reading(("allow", 1), ("deny", 3), ("maybe", 1)), "maybe 1 instead of 0"),
        (COUNT, reading(state="no_series"), "allow 0 instead of 1; deny 0 instead of 3"),
        (COUNT, reading(state="error", error="boom"), "the panel shows error: boom"),
        (LINES, reading((LINE.format(4), None), (LINE.format(3), None)), None),
        (LINES, reading((LINE.format(4), None), ("other obs=run2-1-deny", None)), "missing run1-3-deny"),
        (LINES, reading((LINE.format(4), None), (LINE.format(2), None)), "not expected run1-2-deny"),
        (LINES, reading(*[(LINE.format(4), None)] * 2, (LINE.format(3), None)), "run1-4-deny 2 times"),
        (LINES, reading(("GET b.invalid /p", None), ("GET b.invalid /p", None)), None),
        (LINES, reading(("GET b.invalid /p", None)), "1 row instead of 2"),
        (LINES, reading(("joe GET", None), ("b.invalid", None)), "1 of 2 rows show neither the host nor the path"),
        (ROWS, reading(("GET a.invalid /p", None), *[("GET b.invalid /p", None)] * 2), None),
        (ROWS, reading(("a.invalid", None), *[("b.invalid", None)] * 2), None),
        (ROWS, reading(*[("GET b.invalid /p", None)] * 2), "2 rows instead of 3"),
        (ROWS, reading(*[("joe b.invalid", None)] * 3), "0 rows of a.invalid/p instead of 1"),
        (ROWS, reading(("aa.invalid", None), *[("b.invalid", None)] * 2), "1 of 3 rows show neither the host nor"),
        (ROWS, reading(), "0 rows instead of 3"),
        (expectation(kind="total", decision="deny"), reading(("joe", 1), ("ann", 2)), None),
        (expectation(kind="rises"), reading(number=2.0), None),
        (expectation(kind="rises"), reading(state="no_series"), "it had to rise"),
        (expectation(kind="quiet"), reading(state="no_series"), None),
        (expectation(kind="quiet"), reading(number=2.0), "nothing was expected"),
        (expectation(kind="count", by="domain", limit=1), reading(("b.invalid", 2)), None),
        (expectation(kind="count", by="domain", limit=1), reading(("b.invalid", 1)), "b.invalid 1 instead of"),
    ],
)
def test_check(what: Expectation, read: Reading, says: str | None) -> None:
    said = what.check(read, EVENTS)
    assert said is None if says is None else said is not None and says in said


def test_a_number_that_a_mapping_covers_is_not_read() -> None:
    covered = Reading(1, "ok", "", values=(DrawnValue("allow", 1, "1"), DrawnValue("deny", 3, "n/a")))
    assert COUNT.check(covered, EVENTS) == "shows `n/a` in the place of 3"
    assert (
        COUNT.check(replace(covered, values=(DrawnValue("allow", 1, "1 req"), DrawnValue("deny", 3, "3 req"))), EVENTS)
        is None
    )


def test_a_reading_before_the_events_is_taken_off() -> None:
    before, after = reading(("allow", 10), ("old", 4)), reading(("allow", 11), ("deny", 3), ("old", 4))
    assert COUNT.check(after, EVENTS, before) is None
    assert COUNT.check(after, EVENTS) == "allow 11 instead of 1; old 4 instead of 0"


@pytest.mark.parametrize(
    ("what", "read", "before", "says"),
    [
        (COUNT, reading(("allow", 3), ("deny", 9), ("maybe", 2)), None, None),
        (COUNT, reading(("allow", 3), ("deny", 9)), reading(("allow", 1), ("deny", 7)), "deny 2 instead of 3"),
        (expectation(kind="count", by="domain", limit=1), reading(("busy.invalid", 90)), None, None),
        (LINES, reading(("other obs=run2-1-deny", None)), None, "missing run1-4-deny, run1-3-deny"),
        (LINES, reading(("obs=run2-1-deny", None), ("obs=run2-2-deny", None)), None, None),
        (ROWS, reading(("a.invalid", None), *[("b.invalid", None)] * 3), None, None),
        (ROWS, reading(("a.invalid", None), ("b.invalid", None)), None, "1 row of b.invalid/p instead of 2"),
        (ROWS, reading(*[("other.invalid", None)] * 10), None, None),
        (expectation(kind="rises"), reading(number=2.0), reading(number=2.0), "reads 2 before and after"),
        (expectation(kind="rises"), reading(number=0.1), reading(number=0.3), None),
        (expectation(kind="quiet"), reading(number=2.0), reading(number=2.0), None),
        (expectation(kind="quiet"), reading(number=3.0), reading(number=2.0), "nothing was expected"),
    ],
)
def test_others_may_be_in_a_reading(what: Expectation, read: Reading, before: Reading | None, says: str | None) -> None:
    said = what.check(read, EVENTS, before, exact=False)
    assert said is None if says is None else said is not None and says in said


PATHS: dict[Decision, str] = {"allow": "ok", "deny": "upload"}
ONE_HOST = [
    Event("run1", n, decision, "GET", f"https://a.example/{path}?obs=run1-{n}-{decision}", "a.example", n)
    for n, (decision, path) in enumerate([*PATHS.items()] * 2, 1)
]


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("GET a.example /upload", None),
        ("GET https://a.example/upload", None),
        ("/upload joe", None),
        ("GET a.example joe", None),
        ("GET a.example /ok", "2 of 2 rows show requests that were not decided deny"),
        ("GET https://a.example/ok", "2 of 2 rows show requests that were not decided deny"),
        ("/ok joe", "2 of 2 rows show neither the host nor the path of a request"),
    ],
)
def test_rows_of_one_host_are_told_by_their_paths(row: str, says: str | None) -> None:
    assert ROWS.check(reading(*[(row, None)] * 2), ONE_HOST) == says


@pytest.mark.parametrize(("rows", "says"), [(2, None), (3, "3 rows instead of 2")])
def test_rows_without_a_tag_are_counted(rows: int, says: str | None) -> None:
    assert LINES.check(reading(*[("/p", None)] * rows), EVENTS) == says


@pytest.mark.parametrize(
    ("doc", "says"),
    [
        ([], "no `panels`"),
        ({"panels": {"x": {}}}, "not a number"),
        ({"panels": {}, "dashbord": "x"}, "did you mean dashboard"),
        ({"panels": {1: {"path": "B", "kid": "count"}}}, "did you mean kind"),
        ({"panels": {1: {"path": "B"}}}, "kind is missing"),
        ({"panels": {1: {"path": "C", "kind": "count"}}}, "path is 'C'"),
        ({"panels": {1: {"path": "B", "kind": "count", "limit": -1}}}, "limit is -1"),
        ({"panels": {1: 3}}, "not an object"),
    ],
)
def test_a_wrong_file_is_refused(doc: Any, says: str) -> None:
    with pytest.raises(InputError, match=says):
        load_expectations(doc, "f.yaml")


def test_an_event_counts_as_it_was_decided() -> None:
    denied = [replace(e, decided="deny") if e.decision == "allow" else e for e in EVENTS]
    assert expectation(kind="count").wanted(denied) == {"deny": 4.0}
    assert expectation(kind="lines", decision="allow").wanted(denied) == {}
    # The tag stays that of the request.
    assert set(expectation(kind="lines", decision="deny").wanted(denied) or ()) == {e.tag for e in EVENTS}
