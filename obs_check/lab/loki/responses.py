"""Answers as Loki sends them."""

import json
from typing import Any

from starlette.responses import Response


def json_response(document: Any, status: int = 200) -> Response:
    """A document as it stands."""
    return Response(
        json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", status, media_type="application/json"
    )


def success(data: Any) -> Response:
    """`data` in Loki's envelope."""
    return json_response({"status": "success", "data": data})
