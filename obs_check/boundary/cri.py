"""What a container runtime puts before each line of a log (CRI), and a shipper takes off with its `cri` stage."""

import re

from obs_check.model.times import rfc3339_nano

CRI = re.compile(r"^\d{4}-\d\d-\d\dT\S+ (?:stdout|stderr) [FP](?::\S*)? ")
"""A time, a stream, tags of which the first is F or P."""


def cri_prefix(ts_ns: int, stream: str = "stderr", *, partial: bool = False) -> str:
    """The prefix of a line, or of a part of one that goes on; `ts_ns` is ns since the epoch."""
    return f"{rfc3339_nano(ts_ns)} {stream} {'P' if partial else 'F'} "
