"""A question asked of one system, with the answer kept: the unit of proof."""

from dataclasses import dataclass
from typing import Any

from obs_check.model.exchange import Exchange
from obs_check.model.window import Window


@dataclass(frozen=True, slots=True)
class Probe:
    """`system` names who was asked (loki, grafana, shipper, file, egress); `request` is what a person could repeat;
    `answer` is JSON-able and free of secrets; `at_ns` is when it was asked (ns since the epoch); `exchange` is what
    went over the wire, where anything did."""

    system: str
    request: str
    answer: Any
    at_ns: int
    window: Window | None = None
    bytes_read: int = 0
    exchange: Exchange | None = None

    def to_json(self) -> dict[str, Any]:
        """{"system", "request", "window", "answer", "at"}, and `exchange` where there is one; `at` and the window are
        ns since the epoch."""
        return {
            "system": self.system,
            "request": self.request,
            "window": self.window.to_json() if self.window else None,
            "answer": self.answer,
            "at": self.at_ns,
            **({"exchange": self.exchange.to_json()} if self.exchange else {}),
        }
