"""What the query of one refId came to."""

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import httpx


class TimeSpan(NamedTuple):
    """Milliseconds since the epoch."""

    from_ms: int
    to_ms: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.to_ms - self.from_ms


class QueryFailed(Exception):
    """One refId failed: `status` and text as its result shows them; `source` is downstream (the datasource said so)
    or plugin (Grafana did)."""

    def __init__(self, status: int, text: str, source: str = "downstream") -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.source = source

    def to_json(self) -> dict[str, Any]:
        """The result of the refId."""
        return {"status": self.status, "error": self.text, "errorSource": self.source, "frames": []}


def refused_text(response: "httpx.Response") -> str:
    """What a datasource says in a refusal: `message` or `error` of JSON, else the text."""
    try:
        document = json.loads(response.text)
    except ValueError:
        return response.text.strip() or f"{response.status_code} {response.reason_phrase}"
    if isinstance(document, dict):
        return str(document.get("message") or document.get("error") or response.text)
    return response.text


def legend(template: str, labels: Mapping[str, str]) -> str:
    """A legend with `{{label}}` filled in; unknown labels are empty."""
    return re.sub(r"\{\{\s*(.+?)\s*\}\}", lambda m: labels.get(m[1], ""), template)


def number(text: str) -> float:
    """A sample value: `1`, `NaN`, `+Inf`."""
    return float(text)


def samples_of(data: Mapping[str, Any]) -> list[tuple[dict[str, str], list[list[Any]]]]:
    """The (labels, points) of a `data` of Loki or Prometheus that is a scalar, a vector or a matrix."""
    if data["resultType"] == "scalar":
        return [({}, [data["result"]])]
    if data["resultType"] == "vector":
        return [(one["metric"], [one["value"]]) for one in data["result"]]
    return [(one["metric"], one["values"]) for one in data["result"]]
