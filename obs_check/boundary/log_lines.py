"""Boundary's log read back: what a line says of a request, where a process begins, and which files one invocation left.

Source: boundary v0.9.0. An invocation opens two files, its own and that of the child that it starts, named by the start
(local time) and the process id. The child logs how it starts and no decision. stderr may hold one process after the
other.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from obs_check.model.event import Decision

_NAME = re.compile(r"boundary-(\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d)-\d+\.log")
_VALUE = r'("(?:[^"\\]|\\.)*"|\S+)'
_DECIDED = re.compile(rf"msg=(ALLOW|DENY) method=(\S+) url={_VALUE}(?: host=\S+)?(?: rule={_VALUE})?")
_CHILD = (
    'msg="Executing target command"',
    'msg="boundary CHILD process is started"',
    'msg="Adding TCP connect port"',
)
"""What a child logs first, by jail and level."""
_STARTS = (
    'msg="No allow rules specified',
    'msg="Audit logs are disabled',
    'msg="boundary session started"',
    'msg="Start landjail manager"',
    'msg="Start namespace-jail manager"',
    'msg="Starting HTTP proxy',
)
"""What a process logs when it starts and not later, as far as it has a reason and the level lets it."""


class Decided(NamedTuple):
    """A line about a request: `rule` is that which allowed it, "" for a denial."""

    decision: Decision
    method: str
    url: str
    rule: str


def decided_in(line: str) -> Decided | None:
    """What a line says of a request; None for other lines."""
    found = _DECIDED.search(line)
    if found is None:
        return None
    return Decided("allow" if found[1] == "ALLOW" else "deny", found[2], _plain(found[3]), _plain(found[4] or ""))


def _plain(text: str) -> str:
    """A value without slog's quotes."""
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def is_childs(first_line: str) -> bool:
    """Whether the file that begins with this line is a child's. At `warn` a child's file is empty."""
    return any(start in first_line for start in _CHILD)


def begins_process(line: str) -> bool:
    """Whether a process begins here, or has just begun."""
    return any(start in line for start in _STARTS)


def last_invocation(paths: Iterable[Path]) -> list[Path]:
    """The files of the invocation that was started last: those whose names are at most a second apart."""
    started = {path: _started(path.name) for path in paths}
    known = [at for at in started.values() if at is not None]
    if not known:
        return []
    last = max(known) - timedelta(seconds=1)
    return [path for path, at in started.items() if at is not None and at >= last]


def _started(name: str) -> datetime | None:
    found = _NAME.fullmatch(name)
    try:
        return datetime.strptime(found[1], "%Y-%m-%d_%H-%M-%S") if found else None
    except ValueError:
        return None
