"""Answers as Loki sends them."""

import json

from starlette.responses import Response

_JSON = "application/json; charset=UTF-8"


def json_response(document: object, status: int = 200, media_type: str = _JSON) -> Response:
    """A document as it stands."""
    return Response(
        json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n", status, media_type=media_type
    )


def success(data: object) -> Response:
    """`data` in Loki's envelope."""
    return json_response({"status": "success", "data": data})
