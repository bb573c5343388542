"""An answer that is a refusal."""


class LokiRefusal(Exception):
    """Ends a request with `status` and a plain text `body`, as Loki words it."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(body)
        self.status = status
        self.body = body
