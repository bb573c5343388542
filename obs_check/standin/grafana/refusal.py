"""An answer that is a refusal."""

from typing import Any


class GrafanaRefusal(Exception):
    """Ends a request with the HTTP status `code` and `{"message": ...}`, with `more` beside it."""

    def __init__(self, code: int, message: str, /, **more: object) -> None:
        super().__init__(message)
        self.status = code
        self.body: dict[str, Any] = {"message": message, **more}
