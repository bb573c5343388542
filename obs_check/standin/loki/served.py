"""What the lab's Loki was asked so far, as the server sees it."""

from dataclasses import dataclass


@dataclass(slots=True)
class Served:
    """`queries` on /query and /query_range that were answered, and the bytes of lines that they read."""

    queries: int = 0
    bytes: int = 0

    def add(self, bytes_read: int) -> None:
        """One more query."""
        self.queries += 1
        self.bytes += bytes_read
