"""A request as it was sent and its answer as it came: what anyone can check a claim against later."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from obs_check.model.secret import hide_secrets, without_secrets

MOST_KEPT = 256 * 1024
"""Bytes of one answer that are kept; of a larger one its size and SHA-256 are."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """`method` and `target` (path with the query string) are the request line, `body` is the JSON that was sent, None
    without one. `bytes` and `sha256` are of the whole answer as UTF-8, without the secrets that are known; `text` is
    that answer, "" where it has more than MOST_KEPT bytes."""

    method: str
    target: str
    body: Any
    status: int
    bytes: int
    sha256: str
    text: str

    def to_json(self) -> dict[str, Any]:
        """{"method", "target", "body", "status", "bytes", "sha256"}; the text stands in the document's `answers`."""
        return {
            "method": self.method,
            "target": self.target,
            "body": self.body,
            "status": self.status,
            "bytes": self.bytes,
            "sha256": self.sha256,
        }


def exchange(method: str, target: str, body: object, status: int, answer: str) -> Exchange:
    """What is kept of an answer; secrets are hidden first, so that its SHA-256 is that of what is kept."""
    text = hide_secrets(answer)
    raw = text.encode("utf-8", "replace")
    kept = raw.decode("utf-8") if len(raw) <= MOST_KEPT else ""
    return Exchange(
        method, hide_secrets(target), without_secrets(body), status, len(raw), sha256(raw).hexdigest(), kept
    )
