"""What each panel of a dashboard must read for a set of events.

The file `<uid>.expect.yaml` says it, one entry a panel; docs/expect-yaml.md has an example.

For path A pass the events that boundary's log level writes (`warn` writes no ALLOW).
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from obs_check.documents.nearest import check_keys
from obs_check.errors import InputError
from obs_check.model.event import TAG, Event
from obs_check.model.wording import count_noun
from obs_check.panel.reading import Reading

Kind = Literal["count", "lines", "rows", "total", "rises", "quiet"]
ROWS = ("lines", "rows")
"""Kinds of a panel that shows a row an event."""
_KEYS = ("path", "kind", "by", "decision", "names", "limit")
_CHOICES: dict[str, tuple[str, ...]] = {
    "path": ("A", "B", "metrics", "sql"),
    "kind": ("count", "lines", "rows", "total", "rises", "quiet"),
    "by": ("decision", "domain"),
    "decision": ("allow", "deny"),
}
PANEL_ID = re.compile(r"[0-9]{1,18}")
_DOMAIN = re.compile(r"https?://(?P<domain>[^/:\"]+)")
_HOST = re.compile(r"(?<![\w./:-])(?:[\w-]+\.)+[a-z]{2,}\b|(?<![\w./:-])\d+(?:\.\d+){3}\b")
"""What looks like a host in a row: a name with dots, or an address."""
_ONE_LABEL = re.compile(r'\{[^\W\d]\w*="(?P<value>[^"\\]*)"\}')
"""The name that Grafana gives a series with one label and without a legend."""
_TOTAL = "total"
_EMPTY = {"no_series", "zero_real", "zero_masked", "zero_rounded", "lost_in_transform", "hidden_by_override"}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What one panel must read for the events of a run."""

    panel: int
    """`dashboard`: The uid of the dashboard. A file that names another one is not taken: then `<uid>.expect.yaml`
    beside it is, where there is one.
    `panels`: One entry a panel, under the panel's id. A panel without one may be empty, but shows no error."""
    path: str
    """Where the panel's data comes from: `A`, boundary's log files; `B`, coderd's log; `metrics`, the agents'
    counters; `sql`, coderd's database."""
    kind: Kind
    """`count`: events a name; `lines`: one row an event, with its URL; `rows`: one row an event without the query
    string of its URL, so with its host or path alone; `total`: all events in one sum; `rises`: a number that goes up;
    `quiet`: no number, or one that does not go up."""
    by: str = "decision"
    """What `count` groups by."""
    decision: str = ""
    """Only events of this decision; without it all."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The name that `count` shows for a group, beside the group's own (`allow`). Without it a series without a legend
    will do (`{decision="allow"}`)."""
    limit: int = 0
    """How many rows or groups the panel shows at most; 0: all."""

    def wanted(self, events: Sequence[Event]) -> dict[str, float] | None:
        """Name -> value for these events alone, a log row's name being its tag; None where the panel cannot be exact.

        A limited panel wants the largest groups or the newest events.
        """
        if self.kind in {"rises", "quiet"}:
            return None
        chosen = [e for e in events if not self.decision or e.outcome == self.decision]
        if self.kind == "total":
            return {_TOTAL: float(len(chosen))} if chosen else {}
        if self.kind in ROWS:
            newest = sorted(chosen, key=lambda e: (e.sent_ns, e.n), reverse=True)
            return {e.tag: 1.0 for e in (newest[: self.limit] if self.limit else newest)}
        counted = Counter(self._group(e) for e in chosen)
        most = counted.most_common(self.limit or None)
        return {self.names.get(name, name): float(count) for name, count in most}

    def made_by(self, events: Sequence[Event]) -> dict[str, list[str]]:
        """Name -> the tags of the events that a value of that name counts; "" where one value counts them all."""
        chosen = [e for e in events if not self.decision or e.outcome == self.decision]
        if self.kind in {*ROWS, "rises", "quiet"}:
            return {}
        if self.kind == "total":
            return {"": [e.tag for e in chosen]}
        found: dict[str, list[str]] = {}
        for event in chosen:
            group = self._group(event)
            found.setdefault(self.names.get(group, group), []).append(event.tag)
        return found

    def check(
        self, reading: Reading, events: Sequence[Event], before: Reading | None = None, exact: bool = True
    ) -> str | None:
        """None when the panel reads what it must, else what differs.

        `before` is a reading taken before the events: then the difference of both is what counts. A reading that is not
        `exact` holds what others did as well: it must show these events at least.
        """
        if reading.state in {"error", "lost_in_transform", "hidden_by_override", "not_evaluated"}:
            return f"the panel shows {reading.state.replace('_', ' ')}: {reading.error}"
        if self.kind == "quiet":
            more = (reading.number or 0.0) - ((before.number or 0.0) if before else 0.0)
            return f"reads {reading.number:g}, nothing was expected" if more > 0 else None
        if self.kind == "rises":
            return self._check_rise(reading, events, before)
        wanted = self.wanted(events) or {}
        if self.kind == "lines":
            return self._check_lines(reading, events, wanted, exact)
        if self.kind == "rows":
            return self._check_rows(reading, events, wanted, exact)
        found = self._by_group(reading)
        for name, number in self._by_group(before).items() if before else ():
            found[name] = found.get(name, 0.0) - number
        if self.kind == "total":
            found = {_TOTAL: sum(found.values())}
        return self._check_counts(found, events, wanted, exact) or _unreadable(reading)

    def _check_counts(
        self, found: dict[str, float], events: Sequence[Event], wanted: dict[str, float], exact: bool
    ) -> str | None:
        found = {name: number for name, number in found.items() if number}
        if self._is_cut(events) and len(found) == len(wanted):
            # Which of several equal groups a cut-off list shows is open: their sizes are not.
            every = Counter(self._group(e) for e in events if not self.decision or e.outcome == self.decision)
            sizes = {self.names.get(name, name): float(count) for name, count in every.items()}
            same = sorted(found.values()) == sorted(wanted.values())
            if same and all(sizes.get(name) == number for name, number in found.items()):
                return None
        full = not exact and bool(self.limit) and len(found) >= self.limit
        wrong = [
            f"{name or '(no name)'} {found.get(name, 0):g} instead of {wanted.get(name, 0):g}"
            for name in sorted({*found, *wanted} if exact else wanted)
            if not math.isclose(found.get(name, 0.0), wanted.get(name, 0.0), abs_tol=1e-9)
            and (exact or found.get(name, 0.0) < wanted[name])
            and not (full and name not in found)
        ]
        return "; ".join(wrong) or None

    def _check_lines(
        self, reading: Reading, events: Sequence[Event], wanted: dict[str, float], exact: bool
    ) -> str | None:
        runs = {e.run for e in events}
        matches = [TAG.search(value.name) for value in reading.values]
        if exact and reading.values and not any(matches):
            # A table that cuts the query string off shows rows without a tag.
            return self._check_rows(reading, events, wanted, exact)
        tags = [f"{m['run']}-{m['n']}-{m['decision']}" for m in matches if m and m["run"] in runs]
        shown = Counter(tags)
        wrong = [f"{tag} {count_noun(count, 'time')}" for tag, count in shown.items() if count > 1]
        full = not exact and bool(self.limit) and len(reading.values) >= self.limit
        missing = [] if full else [tag for tag in wanted if tag not in shown]
        extra = [tag for tag in shown if tag not in wanted]
        if missing:
            wrong.append(f"missing {', '.join(missing)}")
        if extra:
            wrong.append(f"not expected {', '.join(extra)}")
        return "; ".join(wrong) or None

    def _check_rows(
        self, reading: Reading, events: Sequence[Event], wanted: dict[str, float], exact: bool
    ) -> str | None:
        """A row an event, told by the host or the path of its URL: all that is left of it without the query string. A
        row that shows more of an event of the other decision is not one of these."""
        rows = [value.name for value in reading.values]
        if exact and len(rows) != len(wanted):
            return f"{count_noun(len(rows), 'row')} instead of {len(wanted)}"
        due = Counter(_parts(e) for e in events if e.tag in wanted)
        others = {_parts(e) for e in events if self.decision and e.outcome != self.decision} - due.keys()
        shown: Counter[tuple[str, str]] = Counter()
        bare = other = 0
        for row in rows:
            likest = max((_likeness(row, *parts) for parts in due), default=0)
            shown.update(parts for parts in due if likest and _likeness(row, *parts) == likest)
            bare += not likest
            other += any(_likeness(row, *parts) > likest for parts in others)
        if exact and bare:
            return f"{bare} of {len(rows)} rows show neither the host nor the path of a request"
        if exact and other:
            return f"{other} of {len(rows)} rows show requests that were not decided {self.decision}"
        full = not exact and bool(self.limit) and len(rows) >= self.limit
        wrong = [
            f"{count_noun(shown[parts], 'row')} of {'/'.join(filter(None, parts))} instead of {count}"
            for parts, count in due.items()
            if shown[parts] < count and not full
        ]
        return "; ".join(wrong) or None

    def _check_rise(self, reading: Reading, events: Sequence[Event], before: Reading | None) -> str | None:
        """A sum falls when one of its agents stops, and a rate when somebody else's requests end: only a number that
        is 0, or the very same as before, did not rise."""
        if not events:
            return None
        now, earlier = reading.number or 0.0, (before.number or 0.0) if before else 0.0
        if now > 0 and now != earlier:
            return None
        return f"reads {now:g}{' before and after' if before else ''}, it had to rise"

    def _is_cut(self, events: Sequence[Event]) -> bool:
        groups = {self._group(e) for e in events if not self.decision or e.outcome == self.decision}
        return bool(self.limit) and len(groups) > self.limit

    def _by_group(self, reading: Reading) -> dict[str, float]:
        """What is read for each group, under the name that is wanted of it."""
        found: dict[str, float] = {}
        for value in reading.values:
            if value.number is not None:
                labelled = None if self.names else _ONE_LABEL.fullmatch(value.name)
                group = labelled["value"] if labelled else value.name
                name = self.names.get(group, group)
                found[name] = found.get(name, 0.0) + value.number
        return found

    def _group(self, event: Event) -> str:
        if self.by == "decision":
            return event.outcome
        found = _DOMAIN.match(event.url)
        return found["domain"] if found else event.host


def _parts(event: Event) -> tuple[str, str]:
    """The host and the path of an event's URL."""
    url = urlsplit(event.url)
    return url.hostname or "", url.path.strip("/")


def _likeness(row: str, host: str, path: str) -> int:
    """2 where a row shows this host and this path, 1 where it shows the host, or the path and no other host, else 0."""
    has_host, has_path = _has(row, host), _has(row, path)
    return has_host + has_path if has_host or not _HOST.search(row) else 0


def _has(row: str, part: str) -> bool:
    """Whether a row shows a host or a path, and not one that begins or ends like it."""
    return bool(part) and re.search(rf"(?<![\w.-]){re.escape(part)}(?![\w-]|\.\w)", row) is not None


def _unreadable(reading: Reading) -> str | None:
    """A number in whose place a person reads a text: a value mapping that covers it."""
    covered = next((v for v in reading.values if v.number and v.text and not re.search(r"\d", v.text)), None)
    return f"shows `{covered.text}` in the place of {covered.number:g}" if covered else None


def difference(
    reading: Reading,
    expectation: Expectation | None,
    events: Sequence[Event] | None = None,
    before: Reading | None = None,
    of_run: bool = False,
) -> str:
    """How a panel is not as it should be, in words; empty when it is.

    `of_run` says that the reading is of the events' own lines alone, so that it has to be exact. Where nothing says
    what the panel has to read, it is not as it should be while it reads nothing, unless it is expected to be quiet.
    """
    if events is not None and expectation is not None:
        wrong = expectation.check(reading, events, before, exact=of_run)
        if wrong is None and reading.state == "zero_rounded" and expectation.kind != "quiet":
            wrong = f"reads {reading.text}, the value is {reading.number:g}"
        return wrong or ""
    if reading.state == "error":
        return reading.error
    quiet = expectation is not None and expectation.kind == "quiet"
    return f"reads {reading.text}" if reads_nothing(reading) and not quiet else ""


def reads_nothing(reading: Reading) -> bool:
    """Whether a person sees nothing in the panel, or a 0."""
    return reading.state in _EMPTY


def load_expectations(doc: object, source: str) -> dict[int, Expectation]:
    """Panel id -> expectation, from the parsed file. InputError names the entry that is wrong and what it may be."""
    if not isinstance(doc, Mapping) or not isinstance(doc.get("panels"), Mapping):
        raise InputError(f"{source}: no `panels` in it", "write one entry a panel id: path and kind")
    check_keys(dict.fromkeys(map(str, doc), source), ("dashboard", "panels"), InputError)
    found = {}
    for key, entry in doc["panels"].items():
        where = f"{source}: panel {key}"
        if not PANEL_ID.fullmatch(str(key)):
            raise InputError(f"{where}: the id is not a number", "use the panel's id")
        found[int(key)] = _expectation(int(key), entry, where)
    return found


def _expectation(panel: int, entry: object, where: str) -> Expectation:
    if not isinstance(entry, Mapping):
        raise InputError(f"{where}: not an object", "write path and kind")
    check_keys(dict.fromkeys(map(str, entry), where), _KEYS, InputError)
    for key, choices in _CHOICES.items():
        value = entry.get(key)
        if value is None and key in {"path", "kind"}:
            raise InputError(f"{where}: {key} is missing", f"one of {', '.join(choices)}")
        if value is not None and value not in choices:
            raise InputError(f"{where}: {key} is {value!r}", f"one of {', '.join(choices)}")
    limit = entry.get("limit", 0)
    if not isinstance(limit, int) or limit < 0:
        raise InputError(f"{where}: limit is {limit!r}", "write a number of rows")
    names = entry.get("names") or {}
    if not isinstance(names, Mapping):
        raise InputError(f"{where}: names is not an object", "write {allow: Allowed}")
    return Expectation(
        panel,
        str(entry["path"]),
        entry["kind"],
        str(entry.get("by") or "decision"),
        str(entry.get("decision") or ""),
        {str(k): str(v) for k, v in names.items()},
        limit,
    )
