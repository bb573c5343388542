"""Answers of a Grafana without what is one server's own, so that two can be compared."""

from typing import Any

import httpx

NOT_COMPARED = {"stats", "id", "version", "commit", "traceID"}
"""Keys whose values are a server's own."""


def shown(answer: httpx.Response) -> tuple[int, Any]:
    """Status and body, without what is a server's own and what Prometheus has beside its check."""
    try:
        return answer.status_code, plain(answer.json())
    except ValueError:
        return answer.status_code, answer.text


def plain(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("name") == "id" and "typeInfo" in value:
        return "id of a line"
    return {key: plain(inner) for key, inner in value.items() if key not in NOT_COMPARED}


def settled(document: Any) -> Any:
    """The results without the ids of lines, which are each server's hash, and with frames in one order: Grafana asks
    for range and instant at once."""
    for result in document.get("results", {}).values() if isinstance(document, dict) else ():
        if "frames" in result:
            result["frames"].sort(key=lambda frame: str(frame["schema"].get("meta", {}).get("type", "")))
        for frame in result.get("frames") or ():
            if "id of a line" in frame["schema"]["fields"]:
                frame["data"]["values"].pop()
    return document
