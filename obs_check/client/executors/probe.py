"""The probe: a POSIX sh program that sends a batch of requests where it runs, and what it says of each."""

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Literal

from obs_check.boundary.block_page import BLOCKED
from obs_check.client.answer import NoJson, decode_json
from obs_check.client.egress import EgressAnswer
from obs_check.client.executors.executor import Executor
from obs_check.client.executors.wrap import Wrap, wrap_of
from obs_check.errors import Unavailable, UsageError
from obs_check.model.event import Event
from obs_check.model.secret import shorten

Client = Literal["any", "curl", "python", "both"]
MARK = "obs-check-probe"
_ORDER = "curl python3 wget node"
_AT_ONCE = "python3 node curl wget"
"""Programs by preference, for a few requests and for many: python3 and node send several at once."""
_CLIENTS = {"any": "any", "curl": "curl", "python": "python", "both": "curl python"}
REQUEST_S = 10.0
"""Seconds that a request may take."""
BATCH = 10
"""boundary v0.9.0 hands its records to the agent when ten are together, else after five seconds, and never once it has
ended."""
FLUSH_S = 6
_REFUSALS = frozenset({403, 407, 451})


@dataclass(frozen=True, slots=True)
class Hold:
    """How long the probe stays alive behind its last request (s), and why."""

    seconds: int
    why: str


def hold_for(requests: int, own_boundary: bool) -> Hold:
    """`own_boundary`: boundary ends with the probe. Elsewhere it may, so the probe stays all the same."""
    if own_boundary and requests % BATCH == 0:
        return Hold(1, f"{requests} requests are whole batches of {BATCH}, which boundary hands on at once")
    return Hold(FLUSH_S, "boundary hands on what is not a whole batch after five seconds, and never once it has ended")


@dataclass(frozen=True, slots=True)
class Pace:
    """At most `per_s` requests a second (0: no limit), `parallel` of them at once, where the client can: curl and wget
    send one after the other, and count whole seconds."""

    per_s: float = 0.0
    parallel: int = 1


def program(run: str, events: Sequence[Event], client: Client, hold: Hold, pace: Pace = Pace()) -> str:
    """The sh program of a batch. With `both` every client sends as many allowed and denied events as the other."""
    labels = _CLIENTS[client].split()
    rows = "\n".join(
        f"{labels[at // 2 % len(labels)]} {event.n} {event.method} {event.url}" for at, event in enumerate(events)
    )
    filled = {
        "RUN": run,
        "MARK": MARK,
        "LIMIT_S": f"{REQUEST_S:g}",
        "HOLD_S": str(hold.seconds),
        "CLIENTS": _CLIENTS[client],
        "BLOCKED": BLOCKED,
        "ORDER": _ORDER if pace.parallel == 1 else _AT_ONCE,
        "PARALLEL": str(pace.parallel),
        "RATE": f"{pace.per_s:g}",
        "PER_S": str(math.ceil(pace.per_s)) if pace.per_s >= 1 else "0",
        "GAP_S": str(round(1 / pace.per_s)) if 0 < pace.per_s < 1 else "0",
        "EVENTS": rows,
    }
    text = resources.files("obs_check.client.executors").joinpath("probe.sh").read_text("utf-8")
    for name, value in filled.items():
        text = text.replace(f"@{name}@", value)
    return text


@dataclass(slots=True)
class Probed:
    """What came back so far: `answers` by (number, client) with the time of sending (ns), `latest` which of them the
    last line told (None where it told something else) and `ended_ns` when that was read (ns, by the clock there),
    `wrap` once the place and the denials are known, `ended` when the probe said so itself."""

    answers: dict[tuple[int, str], tuple[int, EgressAnswer]] = field(default_factory=dict)
    place: dict[str, Any] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    latest: tuple[int, str] | None = None
    ended_ns: int = 0
    ended: bool = False

    def denied(self, events: Sequence[Event]) -> set[str]:
        """What the events that have to be denied were answered, as wrap_of has it."""
        denials = {event.n for event in events if event.decision == "deny"}
        return {_seen(answer) for (n, _), (_, answer) in self.answers.items() if n in denials}

    def wrap(self, denied: Collection[str]) -> Wrap:
        """How the place is wrapped, by itself and by what `denied` tells."""
        return wrap_of(self.place, denied)


def run_probe(executor: Executor, text: str, limit_s: float) -> Iterator[Probed]:
    """Run it; what is known is given again behind each line of its own.

    Raises what the executor raises; Unavailable where it ended in the middle, UsageError where its output is not the
    probe's or there is nothing to send with.
    """
    known = Probed()
    strange = ""
    for line in executor.run(text, limit_s):
        mark, _, rest = line.partition(" ")
        if mark != MARK:
            strange = strange or line
            continue
        _take(known, rest, executor.place)
        yield known
    if not known.place:
        told = f"it printed {shorten(strange, 80)!r}" if strange else "it printed nothing"
        raise UsageError(f"{executor.place}: the output is not the probe's: {told}", "does it lead to a POSIX sh?")
    if known.without and not known.answers:
        wanted = ", ".join(known.without)
        raise UsageError(f"{executor.place}: no {wanted} to send with", "install one of them there")
    if not known.ended:
        raise Unavailable(f"{executor.place}: the connection broke while the probe ran", "run it again")


def _take(known: Probed, rest: str, place: str) -> None:
    try:
        row = decode_json(rest.encode())
        kind = row["kind"]
        known.latest = None
        if kind == "place":
            known.place = dict(row)
        elif kind == "no_client":
            known.without.append(str(row["wanted"]))
        elif kind == "answer":
            known.latest = int(row["n"]), str(row["client"])
            known.answers[known.latest] = int(row["at_ns"]), _answer(row)
            known.ended_ns = int(row["end_ns"])
        elif kind == "end":
            known.ended = True
    except (NoJson, ValueError, KeyError, TypeError, OverflowError):
        raise UsageError(
            f"{place}: a line is not the probe's: {shorten(rest, 80)!r}", "is the output changed on its way?"
        ) from None


def _answer(row: dict[str, Any]) -> EgressAnswer:
    """What an answer says. Never its status alone, and never an exit code that came through boundary."""
    status, error = int(row["status"]) or None, str(row["error"])
    if row["blocked"]:
        return EgressAnswer(status, "deny")
    if row["exit"] == 60:
        # curl: the certificate is not that of an authority it knows.
        return EgressAnswer(None, "ca_untrusted", error or "the certificate is not trusted")
    if status is None:
        return EgressAnswer(None, "no_answer", error or f"exit {row['exit']}")
    if status in _REFUSALS:
        return EgressAnswer(status, "blocked_elsewhere", f"{status} without boundary's page")
    return EgressAnswer(status, "allow")


def _seen(answer: EgressAnswer) -> str:
    if answer.verdict == "deny":
        return "blocked"
    return "answered" if answer.verdict == "allow" else "none"
