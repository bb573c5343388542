"""The three verdicts. An outage is never a finding about the pipeline: it is `unknown`."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """What is claimed about a hop, a panel or a whole run."""

    OK = "ok"
    FAIL = "fail"
    UNKNOWN = "unknown"

    @property
    def exit_code(self) -> int:
        """0 all ok, 1 something is broken, 3 nothing can be claimed."""
        return {Verdict.OK: 0, Verdict.FAIL: 1, Verdict.UNKNOWN: 3}[self]


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of the whole: a failure that was proved outweighs what is unknown."""
    seen = set(verdicts)
    for verdict in (Verdict.FAIL, Verdict.UNKNOWN):
        if verdict in seen:
            return verdict
    return Verdict.OK
