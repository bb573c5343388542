"""One tagged request and the decision that is expected for it."""

import re
from dataclasses import dataclass
from typing import Literal

Decision = Literal["allow", "deny"]

TAG = re.compile(r"obs=(?P<run>[a-z0-9]{4,16})-(?P<n>\d+)-(?P<decision>allow|deny)")
"""The tag as it stands in a URL, a file line, a coderd line or a panel's frame. Its run id is short enough for a DNS
label together with number and decision.

A query parameter is the one attribute that both paths carry and that boundary's rules never match; `&` would be
escaped in coderd's JSON, so the tag is the only parameter.
"""


@dataclass(frozen=True, slots=True)
class Event:
    """One request of a run. `decision` is the expected one, `decided` that of the firewall where it is another;
    `sent_ns` is the clock when it was sent (ns since the epoch), 0 before that."""

    run: str
    n: int
    decision: Decision
    method: str
    url: str
    host: str
    sent_ns: int = 0
    decided: Decision | None = None

    @property
    def outcome(self) -> Decision:
        """What the records of it say: the firewall's decision, as far as it is known to be another than expected."""
        return self.decided or self.decision

    @property
    def tag(self) -> str:
        """The tag's value, for example `k3f9a2-7-deny`."""
        return f"{self.run}-{self.n}-{self.decision}"


def find_tags(text: str, run: str) -> list[str]:
    """The tags of one run that occur in a text, in order, for example `["k3f9a2-1-allow"]`."""
    return [f"{m['run']}-{m['n']}-{m['decision']}" for m in TAG.finditer(text) if m["run"] == run]
