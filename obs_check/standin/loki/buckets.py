"""Rate limits: a bucket of bytes that fills with time."""


class Bucket:
    """`rate` bytes a second flow in, up to `burst` bytes; it starts full."""

    def __init__(self, rate: int, burst: int, now_ns: int) -> None:
        self._rate = rate
        self._burst = burst
        self._level = float(burst)
        self._at = now_ns

    def take(self, size: int, now_ns: int) -> bool:
        """Take `size` bytes if they are there, else nothing."""
        passed = max(0, now_ns - self._at) / 1_000_000_000
        self._level = min(float(self._burst), self._level + passed * self._rate)
        self._at = now_ns
        if size > self._level:
            return False
        self._level -= size
        return True
