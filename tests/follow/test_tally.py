"""The account of a large run at one hop: each kind of oddness is named, and nothing else."""

from obs_check.follow.tally import NAMED, Tally
from obs_check.model.event import Decision
from obs_check.model.window import NS

DECISIONS: list[Decision] = ["allow", "deny"] * 3
SENT = [n * NS for n in range(1, 7)]


def line(n: int, decision: str, run: str = "k3f9a2") -> bytes:
    return f'level=INFO url="http://allowed.example/ok?obs={run}-{n}-{decision}" host=allowed.example'.encode()


def test_each_kind_is_named() -> None:
    before = Tally("A", "egress", "k3f9a2", DECISIONS, 2)
    tally = Tally("A", "file", "k3f9a2", DECISIONS, 2)
    for n in range(1, 7):
        before.note_seen(n, n * NS + (10 * NS if n == 5 else 0))
    lines = [line(1, "allow"), line(2, "deny"), line(2, "deny"), line(4, "deny"), line(5, "allow"), line(7, "allow")]
    lines += [line(1, "deny"), line(1, "allow", "other1"), b"no tag", line(6, "deny")]
    for one in lines:
        if n := tally.find(one):
            # 4 takes three seconds, 5 as long as at the hop before it.
            tally.note_seen(n, n * NS + {4: 3 * NS, 5: 11 * NS}.get(n, NS // 2))
    tally.note_displaced(6)
    row = tally.row(SENT, before)
    assert (row["sent"], row["seen"], row["verdict"]) == (6, 5, "fail")
    assert row["missing"] == ["k3f9a2-3-allow"]
    assert row["duplicate"] == ["k3f9a2-2-deny"]
    assert row["late"] == ["k3f9a2-4-deny"]
    assert row["displaced"] == ["k3f9a2-6-deny"]
    assert row["unexpected"] == ["k3f9a2-7-allow", "k3f9a2-1-deny"]
    assert (row["latency_ms"], row["max_ms"]) == (500.0, 11000.0)


def test_what_is_late_alone_fails_and_what_was_not_sent_is_not_missing() -> None:
    tally = Tally("A", "file", "k3f9a2", DECISIONS, 2)
    assert tally.row([0] * 6, None)["verdict"] == "ok"
    for n in range(1, 7):
        tally.note_seen(n, n * NS + 3 * NS)
    row = tally.row(SENT, None)
    assert (row["verdict"], len(row["late"]), row["missing"]) == ("fail", 6, [])
    tally.unknown = "loki does not answer"
    assert tally.row(SENT, None)["verdict"] == "unknown"


def test_what_nobody_saw_come_is_not_late_and_what_the_whole_has_not_was_not_seen() -> None:
    tally = Tally("A", "loki", "k3f9a2", DECISIONS, 2)
    for n in (1, 2, 3, 4):
        tally.note_seen(n, 0 if n < 3 else n * NS + NS // 2)
    row = tally.row(SENT, None)
    assert (row["seen"], row["late"], row["latency_ms"]) == (4, [], 500.0)
    assert row["note"] == "nobody saw when 2 events came"
    tally.set_counts([2, 1, 1, 0, 0, 0])
    row = tally.row(SENT, None)
    assert row["missing"] == [f"k3f9a2-{n}-{DECISIONS[n - 1]}" for n in (4, 5, 6)]
    assert row["duplicate"] == ["k3f9a2-1-allow"]


def test_of_many_the_rest_is_counted() -> None:
    decisions: list[Decision] = ["deny"] * (NAMED + 5)
    row = Tally("B", "loki", "k3f9a2", decisions, 2).row([1] * len(decisions), None)
    assert (len(row["missing"]), row["missing_more"]) == (NAMED, 5)
