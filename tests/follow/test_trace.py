"""Following a run: hops wait for the hop before them, and no longer than their patience."""

from dataclasses import replace
from functools import partial
from itertools import pairwise

import pytest

from obs_check.app.systems.tailing import News, hop_with_news
from obs_check.client.egress import EgressAnswer
from obs_check.client.loki.client import StoredLine
from obs_check.errors import NotAllowed, Unavailable
from obs_check.follow.hop import HopSeen
from obs_check.follow.hops import MOST_LINES, loki_hop
from obs_check.follow.journal import Journal
from obs_check.follow.run import Run, Sent, plan_events, run_from_json
from obs_check.follow.trace import Watched, follow
from obs_check.model.probe import Probe
from obs_check.model.window import NS, Window

RUN = Run("k3f9a2", (), Window(0, NS))


class Clock:
    def __init__(self) -> None:
        self.ns = 1_000 * NS

    def now(self) -> int:
        return self.ns

    def pause(self, seconds: float) -> None:
        self.ns += int(seconds * NS)


def test_events_alternate_and_carry_the_tag_as_their_only_parameter() -> None:
    events = plan_events("k3f9a2", 2, 1, "http://allowed.example/ok", "http://denied.invalid/x")
    assert [e.url for e in events] == [
        "http://allowed.example/ok?obs=k3f9a2-1-allow",
        "http://denied.invalid/x?obs=k3f9a2-2-deny",
        "http://allowed.example/ok?obs=k3f9a2-3-allow",
    ]


def test_the_tag_is_behind_a_query_and_in_front_of_what_is_never_sent() -> None:
    events = plan_events("abcdef", 1, 1, "http://allowed.example/a?b=c#d", "http://{tag}.invalid#e")
    assert [event.url for event in events] == [
        "http://allowed.example/a?b=c&obs=abcdef-1-allow",
        "http://abcdef-2-deny.invalid?obs=abcdef-2-deny",
    ]


def test_a_run_survives_being_written_and_read() -> None:
    clock = Clock()
    events = plan_events("k3f9a2", 1, 1, "http://allowed.example/ok", "http://denied.invalid/x")

    journal = Journal(clock.now)
    journal.note_plan(events)
    for event in events:
        stamped = replace(event, sent_ns=journal.note_sending(event.n, event.n))
        clock.pause(0.5)
        journal.note_answer(stamped, EgressAnswer(200 if event.decision == "allow" else 403, event.decision))
    run = journal.run()
    assert run.window.start_ns == 1_000 * NS
    assert run.window.end_ns == 1_002 * NS
    assert run_from_json(run.to_json()) == run


def test_a_late_hop_is_waited_for_and_a_dead_one_is_given_up() -> None:
    clock = Clock()
    first, late, dead = (HopSeen("A", name, ("t",)) for name in ("file", "loki", "panel"))
    first.seen["t"] = clock.ns

    def look_late() -> None:
        if clock.ns >= 1_003 * NS:
            late.seen.setdefault("t", clock.ns)

    settled: list[str] = []
    told: list[tuple[str, int]] = []
    follow(
        [
            [
                Watched(first, lambda: None, 1),
                Watched(late, look_late, 5),
                Watched(dead, lambda: None, 4),
            ]
        ],
        clock.now,
        clock.pause,
        lambda hop: settled.append(hop.hop),
        lambda hop, left_s: told.append((hop.hop, left_s)),
    )
    assert settled == ["file", "loki", "panel"]
    assert told[0] == ("loki", 5)
    assert told[-1][0] == "panel"
    assert len(told) == 2
    assert late.complete
    assert dead.missing == ["t"]
    assert (str(dead.verdict), dead.waiting) == ("fail", False)
    # Its arrival at 1003 s is seen up to a pause of 1.6 s later.
    assert 1_006 * NS <= clock.ns <= 1_009 * NS


def test_a_dead_hop_is_asked_less_and_less_often_and_again_at_once_when_the_hop_before_it_changes() -> None:
    clock = Clock()
    asked: list[float] = []
    file, loki = HopSeen("A", "file", ("t", "u")), HopSeen("A", "loki", ("t", "u"))

    def look_file() -> None:
        for at, tag in ((1_010, "t"), (1_025, "u")):
            if clock.ns >= at * NS:
                file.seen.setdefault(tag, clock.ns)

    def look_loki() -> None:
        asked.append((clock.ns - 1_000 * NS) / NS)

    follow([[Watched(file, look_file, 60, 1.0), Watched(loki, look_loki, 30)]], clock.now, clock.pause)
    pauses = [b - a for a, b in pairwise(asked)]
    assert asked[0] == 0
    assert sum(at < 2 for at in asked) >= 5
    assert max(pauses) <= 3.01
    # Soon after each change at the hop before it, however long the pauses were by then.
    for change in (10, 25):
        assert sum(change <= at < change + 2 for at in asked) >= 4
    assert len(asked) <= 40
    assert str(loki.verdict) == "fail"
    assert 54 <= asked[-1] <= 57


def test_a_system_that_answers_again_while_anything_is_waited_for_gets_its_time_again() -> None:
    clock = Clock()
    first, away, other = HopSeen("A", "file", ("t",)), HopSeen("A", "loki", ("t",)), HopSeen("B", "loki", ("t",))
    first.seen["t"] = clock.ns
    asked: list[float] = []

    def look_away() -> None:
        since_s = (clock.ns - 1_000 * NS) / NS
        asked.append(since_s)
        if since_s < 6:
            away.note_unasked(Unavailable("loki does not answer", ""))
            return
        away.note_asked()
        if since_s >= 9:
            away.seen.setdefault("t", clock.ns)

    settled: list[tuple[str, str]] = []
    follow(
        [
            [Watched(first, lambda: None, 1), Watched(away, look_away, 4)],
            [Watched(other, lambda: None, 8)],
        ],
        clock.now,
        clock.pause,
        lambda hop: settled.append((hop.path, hop.hop)),
    )
    assert settled == [("A", "file"), ("A", "loki"), ("B", "loki"), ("A", "loki")]
    assert (away.complete, away.unknown) == (True, "")
    assert len(asked) < 14


def test_a_hop_that_lets_nobody_in_is_asked_once() -> None:
    clock = Clock()
    hop = HopSeen("A", "loki", ("t",))
    asked: list[int] = []

    def look() -> None:
        asked.append(clock.ns)
        hop.note_unasked(NotAllowed("loki answered 401: no org id", ""))

    follow([[Watched(hop, look, 30)]], clock.now, clock.pause)
    assert len(asked) == 1
    assert str(hop.verdict) == "unknown"


def test_what_is_missing_at_a_hop_whose_time_is_not_up_is_unknown() -> None:
    clock = Clock()
    done, dead = HopSeen("A", "file", ("t",), {"t": 1}), HopSeen("A", "loki", ("t",))

    def interrupted() -> None:
        if clock.ns > 1_002 * NS:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        follow([[Watched(done, lambda: None, 1), Watched(dead, interrupted, 9)]], clock.now, clock.pause)
    assert [str(done.verdict), str(dead.verdict)] == ["ok", "unknown"]
    assert dead.to_row(RUN)["note"] == "its time was not up"


def test_news_bring_a_look_before_its_time_and_their_own_time() -> None:
    clock = Clock()
    hop = HopSeen("A", "loki", ("k3f9a2-1-allow", "k3f9a2-2-deny"))
    news = News("k3f9a2")
    looks: list[int] = []

    def look() -> None:
        looks.append(clock.ns)
        if clock.ns >= 1_010 * NS:
            hop.seen.setdefault("k3f9a2-1-allow", clock.ns)

    def pause(seconds: float) -> None:
        clock.pause(seconds)
        if clock.ns >= 1_010 * NS and not heard_at:
            heard_at.append(clock.ns - 1)
            news.note_lines(["msg=ALLOW url=/ok?obs=k3f9a2-1-allow", "boundary_request obs=k3f9a2-2-deny"], heard_at[0])

    heard_at: list[int] = []
    follow([[hop_with_news(Watched(hop, look, 30), news)]], clock.now, pause)
    # Found by a question, dated by the news; what no question finds is not there, whatever the news were of.
    assert hop.seen == {"k3f9a2-1-allow": heard_at[0]}
    assert any(0 <= at - heard_at[0] < NS // 10 for at in looks)


@pytest.mark.parametrize("back", [True, False])
def test_a_server_that_answers_the_other_path_is_asked_again(back: bool) -> None:
    """It was away for the one path's whole time, and came back for the other's."""
    clock = Clock()
    hops = [HopSeen(path, "loki", ("t",)) for path in ("A", "B")]
    asked = [0, 0]

    def look(n: int) -> None:
        asked[n] += 1
        if back and clock.ns >= 1_006 * NS:
            hops[n].note_asked()
            hops[n].seen.setdefault("t", clock.ns)
        else:
            hops[n].note_unasked(Unavailable("loki: Connection refused", ""))

    follow([[Watched(hops[n], partial(look, n), 4 + 4 * n)] for n in range(2)], clock.now, clock.pause)
    assert [hop.unanswered for hop in hops] == [not back] * 2
    assert max(asked) < 20


@pytest.mark.parametrize(("stored", "unknown"), [(MOST_LINES - 1, ""), (MOST_LINES, "loki has 5,000 lines of the run")])
def test_what_is_missing_among_as_many_lines_as_are_asked_for_may_be_there(stored: int, unknown: str) -> None:
    events = plan_events("k3f9a2", 1, 1, "http://allowed.example/ok", "http://denied.invalid/x")
    run = Run("k3f9a2", tuple(Sent(event, EgressAnswer(200, event.decision)) for event in events), Window(0, NS))
    probe = Probe("loki", "query", None, 1)
    again = [StoredLine({"job": "b"}, n, f"GET /?obs={run.tags()[0]}") for n in range(stored)]
    hop, look = loki_hop("A", run, lambda _w: ["job"], lambda _q, _w, most: (again[:most], probe), lambda: 1)
    look()
    assert hop.unknown.startswith(unknown)
    assert (len(hop.seen), bool(hop.unknown)) == (1, bool(unknown))
