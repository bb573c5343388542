"""The files that the bench reads: boundary's own log and coderd's log, the same for the same counts but for times."""

import random
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from obs_check.boundary.coderd import json_line
from obs_check.boundary.log import Level, Value, format_line
from obs_check.model.times import rfc3339_nano

SPAN_NS = 1800 * 10**9
"""The lines of a file are spread over this time, ascending."""
BOUNDARY = {"job": "boundary", "namespace": "coder-workspaces"}
CODERD = {"namespace": "coder", "pod": "coder-0"}
HOSTS = [f"host{n}.example" for n in range(40)]
OWNERS = ["ann", "bo", "joe", "kim"]


def write_boundary(path: Path, count: int, end_ns: int) -> None:
    """`count` lines ending before `end_ns` (ns since the epoch); a third of them denials."""
    with path.open("w") as file:
        for ts, chance in _moments(count, end_ns):
            host, denied = chance.choice(HOSTS), chance.random() < 1 / 3
            fields: dict[str, Value] = {
                "method": chance.choice(["GET", "POST", "CONNECT"]),
                "url": f"https://{host}/simple/{chance.randrange(1000)}/",
                "host": host,
            }
            if not denied:
                fields["rule"] = f"domain={host}"
            line = format_line(ts, UTC, Level.WARN if denied else Level.INFO, "DENY" if denied else "ALLOW", fields)
            file.write(f"{line}\n")


def write_coderd(path: Path, count: int, end_ns: int) -> None:
    """`count` JSON lines of coderd ending before `end_ns`, all of them audit records, a third of them denials."""
    with path.open("w") as file:
        for ts, chance in _moments(count, end_ns):
            host, denied, owner = chance.choice(HOSTS), chance.random() < 1 / 3, chance.choice(OWNERS)
            fields = {
                "owner": owner,
                "workspace_name": f"{owner}-lab",
                "agent_name": "main",
                "decision": "deny" if denied else "allow",
                "workspace_id": "5d0c7a1e-0b43-4c0a-9a52-6f1d3a0f7c11",
                "template_id": "9b1f4a5c-3a0e-4b56-8f0d-2d5f0f9f6a22",
                "template_version_id": "c3e0d9b7-77a1-4f0d-8a8c-51a9f6a1be33",
                "http_method": "GET",
                "http_url": f"https://{host}/pkg/{chance.randrange(1000)}",
                "event_time": rfc3339_nano(ts),
            }
            if not denied:
                fields["matched_rule"] = f"domain={host}"
            file.write(f"{json_line(ts, fields)}\n")


def _moments(count: int, end_ns: int) -> Iterator[tuple[int, random.Random]]:
    chance = random.Random(count)
    step = SPAN_NS // count
    for n in range(count):
        yield end_ns - (count - n) * step, chance
