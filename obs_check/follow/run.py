"""A run: one injection of tagged events, what each request was answered, and when."""

import secrets
import string
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from obs_check.client.egress import EgressAnswer
from obs_check.client.executors.wrap import Wrap
from obs_check.model.event import Decision, Event
from obs_check.model.window import NS, Window

_ALPHABET = string.ascii_lowercase + string.digits


def new_run_id() -> str:
    """Six characters of `[a-z0-9]`: unique enough for a day's runs, short enough for a DNS label."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(6))


def plan_events(run: str, allow: int, deny: int, allow_url: str, deny_url: str) -> list[Event]:
    """`allow` and `deny` events, alternating while both last; the tag is the last query parameter, and stands for
    `{tag}` in a URL."""
    todo: list[Decision] = []
    for i in range(max(allow, deny)):
        todo += ["allow"] if i < allow else []
        todo += ["deny"] if i < deny else []
    events = []
    for n, decision in enumerate(todo, start=1):
        base = allow_url if decision == "allow" else deny_url
        tag = f"{run}-{n}-{decision}"
        parts = urlsplit(base.replace("{tag}", tag))
        # What stands behind `#` is never sent.
        url = parts._replace(query=f"{parts.query}&obs={tag}".lstrip("&"), fragment="").geturl()
        events.append(Event(run, n, decision, "GET", url, parts.hostname or ""))
    return events


@dataclass(frozen=True, slots=True)
class Through:
    """The executor that sent a run: its name and place, what that proves of tool calls and what not, how the place is
    wrapped, and why the probe stayed alive as long as it did."""

    via: str
    place: str
    proves: str
    proves_not: str
    wrap: Wrap
    hold: str

    def to_json(self) -> dict[str, Any]:
        """{"via", "place", "proves", "proves_not", "wrap", "hold"}."""
        return {
            "via": self.via,
            "place": self.place,
            "proves": self.proves,
            "proves_not": self.proves_not,
            "wrap": self.wrap.to_json(),
            "hold": self.hold,
        }


@dataclass(frozen=True, slots=True)
class Sent:
    """An event with what its request was answered; `client` sent it, "" for obs-check itself. The answer was read at
    `answered_ns` (ns since the epoch, 0 where that is not known)."""

    event: Event
    answer: EgressAnswer
    client: str = ""
    answered_ns: int = 0

    @property
    def as_expected(self) -> bool:
        """Whether the firewall decided as the event expects."""
        return self.answer.verdict == self.event.decision


@dataclass(frozen=True, slots=True)
class Run:
    """`window` spans whole seconds around the events, so that `$__range` (seconds) covers exactly these."""

    id: str
    sent: tuple[Sent, ...]
    window: Window
    through: Through | None = None

    @property
    def needle(self) -> str:
        """What every line about an event of the run holds, and no other line."""
        return f"obs={self.id}-"

    @property
    def events(self) -> list[Event]:
        """The events in the order they were sent."""
        return [s.event for s in self.sent]

    @property
    def in_doubt(self) -> set[str]:
        """Tags of the events of which it is not known whether they were sent."""
        return {s.event.tag for s in self.sent if s.answer.verdict == "not_known"}

    def tags(self, decision: Decision | None = None) -> list[str]:
        """Tags of all events, or of those of one decision."""
        return [e.tag for e in self.events if decision in (None, e.decision)]

    def to_json(self) -> dict[str, Any]:
        """{"id", "window", "events": [{"tag", "decision", "method", "url", "sent_ns", "status", "verdict"}]}."""
        return {
            "id": self.id,
            "window": self.window.to_json(),
            "through": self.through.to_json() if self.through else None,
            "events": [
                {
                    "tag": s.event.tag,
                    "decision": s.event.decision,
                    "method": s.event.method,
                    "url": s.event.url,
                    "sent_ns": s.event.sent_ns,
                    "status": s.answer.status,
                    "verdict": s.answer.verdict,
                    "client": s.client,
                    "error": s.answer.error,
                    "answered_ns": s.answered_ns,
                }
                for s in self.sent
            ],
        }


def whole_seconds(start_ns: int, end_ns: int) -> Window:
    """The window of whole seconds around two moments (ns), so that `$__range` (seconds) covers exactly these."""
    return Window(start_ns // NS * NS, (end_ns // NS + 1) * NS)


def run_from_json(doc: dict[str, Any]) -> Run:
    """The run that `Run.to_json` wrote."""
    sent = []
    for row in doc["events"]:
        n = int(row["tag"].split("-")[1])
        host = urlsplit(row["url"]).hostname or ""
        event = Event(doc["id"], n, row["decision"], row["method"], row["url"], host, row["sent_ns"])
        answer = EgressAnswer(row["status"], row["verdict"], row["error"])
        sent.append(Sent(event, answer, row.get("client") or "", row.get("answered_ns") or 0))
    window = Window(doc["window"]["start_ns"], doc["window"]["end_ns"])
    return Run(doc["id"], tuple(sent), window, _through(doc.get("through")))


def _through(row: dict[str, Any] | None) -> Through | None:
    if row is None:
        return None
    wrap = Wrap(row["wrap"]["kind"], tuple(row["wrap"]["evidence"]), row["wrap"]["tool_call"])
    return Through(row["via"], row["place"], row["proves"], row["proves_not"], wrap, row["hold"])
