"""The journal of a run: its events before they are sent, and what each was answered, in a file that a kill survives."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from obs_check.client.egress import EgressAnswer, EgressVerdict
from obs_check.client.executors.wrap import Kind, Wrap
from obs_check.client.files.journal import JournalFile, journal_lines, remove_older
from obs_check.errors import InputError
from obs_check.follow.run import Run, Sent, Through, whole_seconds
from obs_check.model.event import Decision, Event
from obs_check.model.secret import hide_secrets
from obs_check.model.window import NS

FOLDER = "journals"
KEPT_NS = 30 * 24 * 3600 * NS
"""A journal that nobody wrote to for that long is removed."""
Moment = Annotated[int, Meta(ge=0, le=2**63 - 1)]
"""ns since the epoch."""
NOT_KNOWN = EgressAnswer(None, "not_known", "obs-check ended before it read an answer")


class _Row(msgspec.Struct, tag_field="kind", frozen=True):
    """A line of the journal."""


class _Begun(_Row, tag="run", frozen=True):
    run: Annotated[str, Meta(pattern=r"^[a-z0-9]{4,16}$")]
    at_ns: Moment


class _Planned(_Row, tag="event", frozen=True):
    n: int
    decision: Decision
    method: str
    url: Annotated[str, Meta(pattern=r"^https?://[^\s\[\]]+$")]


class _Sending(_Row, tag="sending", frozen=True):
    """From here on these events may have been sent."""

    first: int
    last: int
    at_ns: Moment


class _AnsweredRow(_Row, tag="answer", frozen=True):
    n: int
    sent_ns: Moment
    at_ns: Moment
    verdict: EgressVerdict
    status: int | None = None
    error: str = ""
    client: str = ""


class _Through(_Row, tag="through", frozen=True):
    via: str
    place: str
    proves: str
    proves_not: str
    hold: str
    wrap: Kind
    evidence: list[str]
    tool_call: bool


_Kinds = _Begun | _Planned | _Sending | _AnsweredRow | _Through
_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Kinds)


class Journal:
    """A run as it grows. `file` None keeps it in memory alone; a file that cannot be written any more is said, once,
    and left. Several threads may note answers."""

    def __init__(
        self, now_ns: Callable[[], int], say: Callable[[str], None] = lambda _t: None, file: JournalFile | None = None
    ) -> None:
        self._now_ns = now_ns
        self._say = say
        self._file = file
        self._lock = Lock()
        self._run = ""
        self._events: Sequence[Event] = ()
        self._sending: dict[int, int] = {}
        self._sent: dict[int, Sent] = {}
        self._start_ns = self._last_ns = 0
        self._through: Through | None = None

    @property
    def begun(self) -> bool:
        """Whether an event may have been sent."""
        return bool(self._sending or self._sent)

    def note_plan(self, events: Sequence[Event]) -> None:
        """Note all events of the run; none may be sent before."""
        self._run, self._events = events[0].run, events
        self._start_ns = self._last_ns = self._now_ns()
        planned = (_Planned(e.n, e.decision, e.method, hide_secrets(e.url)) for e in events)
        self._write([_Begun(self._run, self._start_ns), *planned], durable=True)

    def note_sending(self, first: int, last: int) -> int:
        """Note that the events with these numbers are about to be sent; returns the time (ns since the epoch)."""
        at_ns = self._now_ns()
        for n in range(first, last + 1):
            self._sending[n] = at_ns
        self._write([_Sending(first, last, at_ns)])
        return at_ns

    def note_answer(self, event: Event, answer: EgressAnswer, client: str = "") -> None:
        """Note what an event, with the time of its sending, was answered."""
        at_ns = self._now_ns()
        self._sent[event.n] = Sent(event, answer, client, at_ns)
        with self._lock:
            self._last_ns = max(self._last_ns, at_ns)
        error = hide_secrets(answer.error)
        self._write([_AnsweredRow(event.n, event.sent_ns, at_ns, answer.verdict, answer.status, error, client)])

    def note_executor(self, through: Through) -> None:
        """Note what sends the events, where it has changed."""
        if through == self._through:
            return
        self._through = through
        wrap = through.wrap
        said = (through.via, hide_secrets(through.place), through.proves, through.proves_not, through.hold)
        self._write([_Through(*said, wrap.kind, list(map(hide_secrets, wrap.evidence)), wrap.tool_call)])

    def run(self) -> Run:
        """What is known of the run now. Events that were not sent are left out; of those that may have been, the answer
        is not known."""
        return _run(self._run, self._events, self._sending, self._sent, self._start_ns, self._last_ns, self._through)

    def close(self) -> None:
        """Let go of the file."""
        file, self._file = self._file, None
        if file is not None:
            try:
                file.close()
            except OSError as error:
                self._give_up(file.path, error)

    def _write(self, rows: Iterable[_Row], durable: bool = False) -> None:
        file = self._file
        if file is None:
            return
        try:
            file.append(_ENCODER.encode_lines(list(rows)), durable)
        except OSError as error:
            self._file = None
            self._give_up(file.path, error)

    def _give_up(self, path: Path, error: OSError) -> None:
        self._say(f"{path}: {error.strerror}: if this command is killed, `trace` cannot finish the account of the run")


def open_journal(
    state: Path | None, run: str, now_ns: Callable[[], int], say: Callable[[str], None] = lambda _text: None
) -> Journal:
    """The journal of a new run in the state directory; without one, or where it cannot be written, which is said, it
    is in memory alone. Old ones are removed."""
    if state is None:
        return Journal(now_ns, say)
    path = journal_path(state, run)
    try:
        remove_older(path.parent, now_ns() - KEPT_NS)
        return Journal(now_ns, say, JournalFile.create(path))
    except OSError as error:
        say(f"{path}: {error.strerror}: if this command is killed, `trace` cannot finish the account of the run")
        return Journal(now_ns, say)


def journal_path(state: Path, run: str) -> Path:
    """Where the journal of a run is in a state directory."""
    return state / FOLDER / f"{run}.jsonl"


def read_journal(path: Path) -> tuple[Run, int]:
    """The run of a journal as far as it was sent, and how many events it was to have. Raises InputError for what is no
    journal or holds no event that was sent, Unavailable while it is being written."""
    begun: _Begun | None = None
    events: list[Event] = []
    sending: dict[int, int] = {}
    sent: dict[int, Sent] = {}
    last_ns = 0
    through: Through | None = None
    for number, line in enumerate(journal_lines(path), start=1):
        try:
            row = _DECODER.decode(line)
        except (msgspec.DecodeError, RecursionError) as error:
            raise InputError(f"{path}:{number}: not a line of a journal: {error}", "is it the right file?") from None
        match row:
            case _Begun():
                begun, last_ns = row, row.at_ns
            case _Planned() if begun is not None and row.n == len(events) + 1:
                events.append(Event(begun.run, row.n, row.decision, row.method, row.url, _host(row.url, path, number)))
            case _Sending():
                sending |= dict.fromkeys(range(max(1, row.first), min(row.last, len(events)) + 1), row.at_ns)
                last_ns = max(last_ns, row.at_ns)
            case _AnsweredRow() if 0 < row.n <= len(events):
                event = replace(events[row.n - 1], sent_ns=row.sent_ns)
                sent[row.n] = Sent(event, EgressAnswer(row.status, row.verdict, row.error), row.client, row.at_ns)
                last_ns = max(last_ns, row.at_ns)
            case _Through():
                wrap = Wrap(row.wrap, tuple(row.evidence), row.tool_call)
                through = Through(row.via, row.place, row.proves, row.proves_not, wrap, row.hold)
            case _:
                raise InputError(f"{path}:{number}: a line that does not belong here", "is it the right file?")
    if begun is None or not (sending or sent):
        raise InputError(f"{path}: nothing was sent", "obs-check ended before that: run `verify` or `inject` again")
    return _run(begun.run, events, sending, sent, begun.at_ns, last_ns, through), len(events)


def _host(url: str, path: Path, number: int) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError as error:
        raise InputError(f"{path}:{number}: not a URL: {error}", "is it the right file?") from None


def _run(
    run: str,
    events: Sequence[Event],
    sending: dict[int, int],
    sent: dict[int, Sent],
    start_ns: int,
    last_ns: int,
    through: Through | None,
) -> Run:
    found = []
    for event in events:
        one = sent.get(event.n)
        if one is None and event.n in sending:
            one = Sent(replace(event, sent_ns=sending[event.n]), NOT_KNOWN)
        if one is not None:
            found.append(one)
    return Run(run, tuple(found), whole_seconds(start_ns, last_ns), through)
