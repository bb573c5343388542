"""Boundary's log: the lines of Go's slog text handler, in the files that boundary v0.9.0 creates."""

import json
import os
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import IntEnum
from pathlib import Path
from typing import TextIO

from obs_check.errors import Unavailable
from obs_check.model.event import Decision
from obs_check.model.window import MS, NS

Value = str | int | float

_ESCAPES = {
    "\a": r"\a",
    "\b": r"\b",
    "\f": r"\f",
    "\n": r"\n",
    "\r": r"\r",
    "\t": r"\t",
    "\v": r"\v",
    '"': r"\"",
    "\\": r"\\",
}
_PLAIN = re.compile(r"[!#-<>-~\x7f]+")
"""ASCII that needs no quotes: everything printable but blank, `=` and `"`; slog counts DEL among it."""


class Level(IntEnum):
    """slog's levels with slog's numbers; a line is written when its level is at least the log's."""

    DEBUG = -4
    INFO = 0
    WARN = 4
    ERROR = 8


DECIDED_AT: Mapping[Decision, Level] = {"allow": Level.INFO, "deny": Level.WARN}
"""The level at which boundary v0.9.0 logs a decision."""


def format_line(ts_ns: int, zone: tzinfo, level: Level, message: str, fields: dict[str, Value]) -> str:
    """One line without its newline; `ts_ns` is ns since the epoch, `zone` that of the machine.

    slog's text handler: RFC 3339 with milliseconds (cut, not rounded) and the zone's offset, keys in the order given.
    """
    pairs = {"time": rfc3339_ms(ts_ns, zone), "level": level.name, "msg": message}
    head = " ".join(f"{key}={_quoted(value)}" for key, value in pairs.items())
    return "".join([head, *(f" {_quoted(key)}={_quoted(_text(value))}" for key, value in fields.items())])


def format_json(ts_ns: int, zone: tzinfo, level: Level, message: str, fields: dict[str, Value]) -> str:
    """As format_line, by slog's JSON handler, which no boundary uses today."""
    pairs = {"time": rfc3339_ms(ts_ns, zone), "level": level.name, "msg": message, **fields}
    return json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))


def rfc3339_ms(ts_ns: int, zone: tzinfo) -> str:
    """A time as `2026-11-24T00:21:58.603Z` or with the zone's offset, for example `-05:00`."""
    local = datetime.fromtimestamp(ts_ns // NS, UTC).astimezone(zone)
    minutes = (local.utcoffset() or timedelta()) // timedelta(minutes=1)
    sign = "-" if minutes < 0 else "+"
    offset = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}" if minutes else "Z"
    return f"{local:%Y-%m-%dT%H:%M:%S}.{ts_ns % NS // MS:03d}{offset}"


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How lines are written: in which zone, and whether as JSON."""

    zone: tzinfo = UTC
    json_lines: bool = False


AS_BOUNDARY_DOES = LineStyle()


class BoundaryLogWriter:
    """The log of one boundary invocation; `write` may be called from any thread.

    With a `log_dir` two files are created, as boundary does: the parent's, which gets every line, and that of the
    child it starts, which says at info which command it executes. Without one the lines go to `stderr`. `pids` are
    (parent, child), by default this process's and its next. No line is appended to an older file and nothing is rotated
    or removed.
    """

    def __init__(
        self,
        log_dir: Path | None,
        level: Level,
        now_ns: Callable[[], int],
        stderr: TextIO,
        pids: tuple[int, int] | None = None,
        style: LineStyle = AS_BOUNDARY_DOES,
    ) -> None:
        self.level = level
        self._format = format_json if style.json_lines else format_line
        self._now_ns = now_ns
        self._zone = style.zone
        self._lock = threading.Lock()
        self.path: Path | None = None
        """The parent's file; None when the log goes to stderr."""
        self.child_path: Path | None = None
        self._owned: TextIO | None = None
        self._out = stderr
        if log_dir is not None:
            started = datetime.fromtimestamp(now_ns() // NS, UTC).astimezone(style.zone)
            stem = f"boundary-{started:%Y-%m-%d_%H-%M-%S}"
            parent, child = pids or _free_pids(log_dir, stem)
            self.path, self.child_path = log_dir / f"{stem}-{parent}.log", log_dir / f"{stem}-{child}.log"
            try:
                log_dir.mkdir(mode=0o755, parents=True, exist_ok=True)
                self._owned = self._out = self.path.open("w", encoding="utf-8")
                self.child_path.write_text(self._of_child(), encoding="utf-8")
            except OSError as error:
                self.close()
                raise Unavailable(f"{log_dir}: no boundary log can be written: {error}", "check log_dir") from error

    def _of_child(self) -> str:
        """What boundary v0.9.0's landjail child logs before it runs the command."""
        if self.level > Level.INFO:
            return ""
        fields: dict[str, Value] = {"command": "[agent]"}
        return self._format(self._now_ns(), self._zone, Level.INFO, "Executing target command", fields) + "\n"

    def write(self, level: Level, message: str, **fields: Value) -> None:
        """Write one line at once (flushed), unless its level is below the log's. As Go's slog it says nothing of a
        line that cannot be written."""
        if level < self.level:
            return
        with self._lock:
            if self._out.closed:
                return
            with suppress(OSError):
                self._out.write(self._format(self._now_ns(), self._zone, level, message, fields) + "\n")
                self._out.flush()

    def close(self) -> None:
        """Close the file; later lines are lost, as those of an ended process."""
        with self._lock:
            if self._owned is not None:
                with suppress(OSError):
                    self._owned.close()


def _free_pids(log_dir: Path, stem: str) -> tuple[int, int]:
    """Ids for parent and child. Real invocations never share one; the lab's share a process, and the second within a
    second would otherwise empty the file of the first."""
    parent = os.getpid()
    while any((log_dir / f"{stem}-{pid}.log").exists() for pid in (parent, parent + 1)):
        parent += 2
    return parent, parent + 1


def _text(value: Value) -> str:
    """A value as slog prints it; a float that is whole has no fraction."""
    return str(value).removesuffix(".0") if isinstance(value, float) else str(value)


def _quoted(text: str) -> str:
    """The text, in Go's double quotes where slog's text handler uses them."""
    if _PLAIN.fullmatch(text) or (text and all(map(_needs_none, text))):
        return text
    return go_quote(text)


def go_quote(text: str) -> str:
    """The text as Go's strconv.Quote writes it; undecodable bytes (surrogates) come out as \\xNN."""
    return '"' + "".join(map(_go_escaped, text)) + '"'


def _needs_none(char: str) -> bool:
    if char < "\x80":
        return _PLAIN.fullmatch(char) is not None
    return char.isprintable() and not char.isspace() and char != "\ufffd"


def _go_escaped(char: str) -> str:
    """One character inside the quotes."""
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if char.isprintable():
        return char
    if code < 0x80:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
