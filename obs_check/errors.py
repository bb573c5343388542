"""Every error a user can meet, with the exit code it ends the process with.

    ObsCheckError                 message + hint; never shown with a traceback
    ├── UsageError          (2)   wrong usage, configuration or input
    │   ├── ConfigError           obs-check.yaml, promtail or boundary configuration
    │   ├── InputError            a file or a dashboard that cannot be read for what it should be
    │   └── QueryError            a query that does not parse or is refused; carries the place
    │       └── EvaluationError   a query that fails on the series it finds (Loki answers 500)
    ├── Unavailable         (3)   a system did not answer: nothing is claimed about the pipeline
    │   └── Refused               a system answered, but with a refusal (status and its own words kept)
    └── NotAllowed          (4)   401 or 403

Exit 0 (all verdicts ok), 1 (a finding), 70 (an error of obs-check itself), 129, 130 and 143 (ended by a signal) have no
class here.
"""

import errno
from typing import ClassVar

NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a system says where a file cannot become larger: the disk, a quota, a limit of the process."""


def with_room(error: OSError, hint: str) -> str:
    """The remedy for a file that could not be written: where there was no room, that comes first."""
    return f"make room, or {hint}" if error.errno in NO_ROOM else hint


class ObsCheckError(Exception):
    """Base of all errors that reach a user: `message` names the thing and the place, `hint` the remedy. Only words that
    are another's (a query's, see below) go without one."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class UsageError(ObsCheckError):
    """Wrong usage, configuration or input."""


class ConfigError(UsageError):
    """A configuration file that does not say what it has to."""


class InputError(UsageError):
    """A file, dashboard or log that cannot be read for what it should be."""


class QueryError(UsageError):
    """A query that does not parse or that Loki would refuse, in Loki's words; the commands add the remedy that they
    know for these.

    `text` is the whole query; `start` and `end` are character offsets into it (end exclusive), or None where the
    error has no place (for example a limit that the whole query exceeds).
    """

    def __init__(
        self, message: str, text: str = "", start: int | None = None, end: int | None = None, hint: str = ""
    ) -> None:
        super().__init__(message, hint)
        self.text = text
        self.start = start
        self.end = end

    def caret(self) -> str:
        """The line of the query that holds the error, with carets under the place; empty without a place."""
        if self.start is None:
            return ""
        line_start = self.text.rfind("\n", 0, self.start) + 1
        line_end = self.text.find("\n", self.start)
        line = self.text[line_start : line_end if line_end >= 0 else len(self.text)]
        column = self.start - line_start
        width = max(1, min((self.end or self.start + 1) - self.start, len(line) - column))
        return f"{line}\n{' ' * column}{'^' * width}"


class EvaluationError(QueryError):
    """A query that is well formed and fails while it is evaluated, for example on two partners for one series."""


class Unavailable(ObsCheckError):
    """A system did not answer (refused connection, time-out, 5xx)."""

    exit_code = 3


class Refused(Unavailable):
    """A system answered a request with a refusal; `status` is the HTTP status and `body` its own words."""

    def __init__(self, message: str, status: int, body: str, hint: str) -> None:
        super().__init__(message, hint)
        self.status = status
        self.body = body


class NotAllowed(ObsCheckError):
    """401 or 403: the token is missing, wrong or lacks a permission."""

    exit_code = 4
