"""Times as text, in RFC 3339 and UTC. All are ns since the epoch."""

from datetime import UTC, datetime

from obs_check.model.window import NS


def rfc3339(ts_ns: int) -> str:
    """With nine digits of a second."""
    return f"{_second(ts_ns)}.{ts_ns % NS:09d}Z"


def rfc3339_nano(ts_ns: int) -> str:
    """Go's RFC3339Nano: as many decimals as needed, none for a whole second."""
    fraction = f".{ts_ns % NS:09d}".rstrip("0").rstrip(".")
    return f"{_second(ts_ns)}{fraction}Z"


def _second(ts_ns: int) -> str:
    return f"{datetime.fromtimestamp(ts_ns // NS, UTC):%Y-%m-%dT%H:%M:%S}"
