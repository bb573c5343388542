"""`python -m tests.bench.load [EVENTS [PER_S]]`: a large run through the lab, of which each hop disturbs one event in a
thousand in each way: what it takes, and whether exactly those are named.

The lab's boundary, coderd, shipper, Loki and Grafana are one Python process, this one; obs-check is another. What each
takes of the CPU for an event is printed, with obs-check's memory.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from typing import Any

from obs_check.lab.stack import Lab
from tests.disturbed import Disturbance, Hop, Kind, disturbed

EVERY = 1000
DELAY_S = 12.0
BEHIND = 200
"""Records that pass a reordered one: it is displaced where its answer came before the last of them was sent."""
WAYS: tuple[tuple[Hop, Kind], ...] = (
    ("egress", "drop"),
    ("file", "drop"),
    ("file", "double"),
    ("file", "delay"),
    ("file", "reorder"),
    ("coderd", "drop"),
    ("coderd", "double"),
    ("coderd", "delay"),
    ("coderd", "reorder"),
    ("shipper", "drop"),
)


def main() -> None:
    """Run it, print what came out, exit 1 where an event is missing or doubled in the account, or named that was not
    disturbed."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.load", description=__doc__)
    parser.add_argument("events", nargs="?", type=int, default=100_000)
    parser.add_argument("per_s", nargs="?", type=float, default=1000.0)
    options = parser.parse_args()
    disturbances = [Disturbance(hop, kind, 7 + 90 * at, EVERY) for at, (hop, kind) in enumerate(WAYS)]
    with disturbed(disturbances, DELAY_S, BEHIND), Lab() as lab:
        command = ["verify", "--count", str(options.events), "--rate", str(options.per_s), "-o", "json"]
        env = {**os.environ, "OBS_CHECK_STATE": str(lab.directory / "state")}
        started, lab_s = time.perf_counter(), time.process_time()
        process = subprocess.Popen(
            [sys.executable, "-m", "obs_check", *command, "--config", str(lab.config_path), "--deadline", "3600"],
            stdout=subprocess.PIPE,
            env=env,
        )
        assert process.stdout is not None
        document = json.loads(process.stdout.read())
        _, _, used = os.wait4(process.pid, 0)
        took, lab_s = time.perf_counter() - started, time.process_time() - lab_s
    load = document["load"]
    print(f"{load['sent']} events sent, {load['sent_per_s']} a second of {options.per_s:g} asked for")
    cpu_s = used.ru_utime + used.ru_stime
    each = f"{1000 * cpu_s / load['sent']:.2f} ms of CPU an event, the lab {1000 * lab_s / load['sent']:.2f} ms"
    print(f"obs-check: {used.ru_maxrss / 1024:.0f} MiB at most, {each}; {took:.0f} s in all")
    for row in document["hops"]:
        print(
            f"{row['path']} {row['hop']:7} {row['seen']} of {row['sent']}  p50 {row['latency_ms']} p95 {row['p95_ms']} "
            f"max {row['max_ms']} ms  late {len(row['late'])}"
        )
    same = [_same(*one) for one in _wanted(document, disturbances)]
    if not all(same):
        raise SystemExit(1)


def _wanted(document: dict[str, Any], disturbances: list[Disturbance]) -> list[tuple[str, set[str], set[str]]]:
    """What was named at a hop, and what was done up to there."""
    did = {(one.hop, one.kind): one.tags for one in disturbances}
    rows = {(row["path"], row["hop"]): row for row in document["hops"]}
    found = []
    for path, own in (("A", "file"), ("B", "coderd")):
        hop: Any = own
        lost = did["egress", "drop"]
        found.append((f"{path} egress missing", set(rows[path, "egress"]["missing"]), lost))
        lost = lost | did[hop, "drop"]
        found.append((f"{path} {own} missing", set(rows[path, own]["missing"]), lost))
        found.append((f"{path} {own} duplicate", set(rows[path, own]["duplicate"]), did[hop, "double"]))
        displaced = did[hop, "delay"] | did[hop, "reorder"]
        found.append((f"{path} {own} displaced", set(rows[path, own]["displaced"]), displaced))
        found.append((f"{path} loki missing", set(rows[path, "loki"]["missing"]), lost | did["shipper", "drop"]))
    return found


def _same(what: str, named: set[str], did: set[str]) -> bool:
    print(f"{what}: {len(named)} named, {len(did)} done: {'exactly those' if named == did else 'DIFFERS'}")
    return named == did


if __name__ == "__main__":
    main()
