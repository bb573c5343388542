"""Key and value pairs of a logfmt line, with the faults that Loki's decoder reports.

By hand, because it has to take what go-logfmt takes and report its faults.
"""

import json
import re
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import NamedTuple

_PAIR = re.compile(
    r'[\x00-\x20]*+([^\x00-\x20="]++)(?:="([^"\\]*+)"|=?+([^\x00-\x20="]*+)(?=[\x00-\x20]|\Z))',
)
_SPACE = re.compile(r"[\x00-\x20]*+")
_WORD = re.compile(r'[^\x00-\x20="]*+')
_TO_SPACE = re.compile(r"[^\x00-\x20]*+")
_ESCAPE = re.compile(r"\\.", re.DOTALL)
_QUOTED = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)


def _end(pattern: re.Pattern[str], line: str, at: int) -> int:
    found = pattern.match(line, at)
    return found.end() if found is not None else at


class _Fault(NamedTuple):
    """What is wrong, and the offset; put into words only for the last one of a line."""

    at: int
    what: str


def scan_logfmt(line: str, strict: bool, emit: Callable[[str, str], bool], unneeded: AbstractSet[str]) -> str:
    """Calls `emit(key, value)` a pair and answers the last fault, "" when there is none; `emit` ends it with True. It
    is not called for keys in `unneeded`, which may grow meanwhile.

    A bare key has the empty value. After a fault reading goes on behind the next space, or ends when `strict`.
    """
    fault: _Fault | None = None
    at, length = 0, len(line)
    match = _PAIR.match
    while at < length:
        pair = match(line, at)
        if pair is not None:
            key = pair[1]
            at = pair.end()
            if key in unneeded:
                continue
            if "\ufffd" in key:
                fault = _Fault(at, "invalid key")
                if strict:
                    break
                continue
            if emit(key, pair[2] or pair[3] or ""):
                break
            continue
        key, value, at, wrong = _careful(line, at)
        if wrong:
            fault = wrong
            if strict:
                break
        elif key and emit(key, value):
            break
    if fault is None:
        return ""
    return f"logfmt syntax error at pos {len(line[: fault.at].encode()) + 1} : {fault.what}"


def _careful(line: str, at: int) -> tuple[str, str, int, _Fault | None]:
    """One step where the fast pattern does not fit: key, value, next offset, fault."""
    start = _end(_SPACE, line, at)
    if start >= len(line):
        return "", "", start, None
    end = _end(_WORD, line, start)
    key = line[start:end]
    if not key or line[end] == '"':
        return "", "", _end(_TO_SPACE, line, end), _Fault(end, f"unexpected {_go_char(line[end])}")
    value_at = end + 1
    if line[value_at] != '"':
        end = _end(_WORD, line, value_at)
        return "", "", _end(_TO_SPACE, line, end), _Fault(end, f"unexpected {_go_char(line[end])}")
    quoted = _QUOTED.match(line, value_at)
    if quoted is None:
        return "", "", len(line), _Fault(len(line), "unterminated quoted value")
    try:
        return key, unquoted(quoted[0], controls=True), quoted.end(), None
    except ValueError:
        return "", "", quoted.end(), _Fault(quoted.end(), "invalid quoted value")


def unquoted(quoted: str, controls: bool) -> str:
    """The text of a quoted value: JSON's escapes and one for an apostrophe; half of a surrogate pair is U+FFFD
    (go-logfmt: unquoteBytes). With `controls` bare control characters stand for themselves, as in Loki 3.5's copy of
    it. Raises ValueError."""
    plain = _ESCAPE.sub(lambda escape: escape[0].replace("\\'", "'"), quoted)
    value = str(json.loads(plain, strict=not controls))
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _go_char(char: str) -> str:
    return f"'{char}'"
