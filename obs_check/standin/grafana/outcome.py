"""What the query of one refId came to."""

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import httpx


NO_SERVER = "failed to connect to server - please inspect Grafana server log for details"
"""Of a datasource whose database is not there."""
PLUGIN_ERROR = "An error occurred within the plugin"


class TimeSpan(NamedTuple):
    """Milliseconds since the epoch."""

    from_ms: int
    to_ms: int

    @property
    def length_ms(self) -> int:
        """How long it is."""
        return self.to_ms - self.from_ms


class QueryFailed(Exception):
    """One refId failed: `status` and text as its result shows them; the datasource said so. `frames` say what was
    asked, where the plugin shows that."""

    def __init__(self, status: int, text: str, frames: Sequence[Mapping[str, object]] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.frames = frames

    def to_json(self) -> dict[str, Any]:
        """The result of the refId."""
        result = {"error": self.text, "errorSource": "downstream", "status": self.status}
        return result if self.frames is None else {**result, "frames": self.frames}


class PluginFailed(Exception):
    """A query that the plugin cannot read: Grafana 12.4 answers the whole request with 500 and keeps the text to
    itself."""


def refused_text(response: "httpx.Response") -> str:
    """What a datasource says in a refusal: `message` or `error` of JSON, else the text."""
    try:
        document = json.loads(response.text)
    except ValueError:
        return response.text or f"{response.status_code} {response.reason_phrase}"
    if isinstance(document, dict):
        return str(document.get("message") or document.get("error") or response.text)
    return response.text


def unreached(error: "httpx.HTTPError") -> str:
    """A request that got no answer, in the words of Go's HTTP client."""
    request = error.request
    # Grafana asks Prometheus by POST.
    loki = "/loki/" in request.url.path
    verb, url = ("Get", str(request.url)) if loki else ("Post", str(request.url.copy_with(query=None)))
    inner = str(error).lower()
    reason = "connect: connection refused" if "refused" in inner else inner
    return f'{verb} "{url}": dial tcp {request.url.host}:{request.url.port or 80}: {reason}'


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
