"""`python -m tests.bench.large [SHARE]`: what large inputs take of CPU and memory, each in a process of its own: 5,000
log files, a dashboard of 2,000 panels, 50,000 streams. A share makes all of them smaller (0.1: a tenth)."""

import copy
import json
import re
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from obs_check.lab.settings import healthy
from obs_check.lab.stack import Lab
from tests.bench.diagnosis import LOKI_PANELS
from tests.peak_memory import run_measured

FILES, PANELS, STREAMS = 5_000, 2_000, 50_000
MOST_MIB, LONGEST_S = 300, 600
STARTED = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Print a row an input; exit 1 above 300 MiB."""
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    files, panels, streams = (max(1, round(number * share)) for number in (FILES, PANELS, STREAMS))
    with tempfile.TemporaryDirectory(prefix="obs-check-bench-") as name:
        root = Path(name)
        peaks = [
            *_files(root / "files", files),
            *_streams(root / "streams", streams),
            *_panels(root / "panels", panels),
        ]
    if max(peaks) > MOST_MIB:
        raise SystemExit(1)


def _files(folder: Path, count: int) -> list[float]:
    """Log files of ten lines each, read by a query and held to a shipper's configuration."""
    folder.mkdir()
    for n in range(count):
        lines = (f"time={_at(10 * n + second)} level=INFO msg=ALLOW host=h{n}.example" for second in range(10))
        (folder / f"boundary-{n:05}.log").write_text("".join(f"{line}\n" for line in lines), "utf-8")
    config = folder / "promtail.yaml"
    glob = f"{folder}/*.log"
    config.write_text(
        f"scrape_configs: [{{job_name: b, static_configs: [{{labels: {{job: b, __path__: '{glob}'}}}}]}}]\n", "utf-8"
    )
    given = ["--file", glob, "--label", "job=b"]
    counted = 'sum by (msg) (count_over_time({job="b"} | logfmt [24h]))'
    return [
        _measure(f"{count:,} files, counted", ["query", counted, "--instant", *given]),
        _measure(f"{count:,} files, lines", ["query", '{job="b"} |= `h7.`', *given]),
        _measure(f"{count:,} files, shipper targets", ["shipper", "targets", "--shipper-config", config, folder]),
    ]


def _streams(folder: Path, count: int) -> list[float]:
    """Lines of which each becomes a series of its own."""
    folder.mkdir()
    file = folder / "boundary.log"
    with file.open("w", encoding="utf-8") as out:
        out.writelines(f"time={_at(n)} level=INFO msg=ALLOW host=h{n}.example\n" for n in range(count))
    given = ["--file", file, "--label", "job=b", "--instant", "-o", "csv"]
    every = 'sum by (host) (count_over_time({job="b"} | logfmt [24h]))'
    by_rows = 'topk(5, sum by (host) (count_over_time({job="b"} | logfmt | label_format a=b [24h])))'
    return [
        _measure(f"{count:,} series", ["query", every, *given]),
        _measure(f"{count:,} series, row engine", ["query", by_rows, *given]),
    ]


def _panels(folder: Path, count: int) -> list[float]:
    """A dashboard of the same few panels again and again, which read nothing."""
    dashboard: dict[str, Any] = healthy(folder).dashboard
    data = [panel for panel in dashboard["panels"] if panel.get("targets") and panel["id"] in LOKI_PANELS]
    dashboard["panels"] = [{**copy.deepcopy(data[n % len(data)]), "id": n + 1} for n in range(count)]
    with Lab(folder) as lab:
        file, config = folder / "large.json", folder / "large.yaml"
        file.write_text(json.dumps(dashboard), "utf-8")
        config.write_text(re.sub(r"^expect:.*\n", "", lab.config_path.read_text("utf-8"), flags=re.M), "utf-8")
        diagnose = ["diagnose", "--config", config, "--dashboard", file, "-o", "json"]
        return [
            _measure(f"{count:,} panels, lint", ["lint", file]),
            _measure(f"{count:,} panels, diagnose", diagnose),
        ]


def _at(second: int) -> str:
    return f"{STARTED + timedelta(seconds=second):%Y-%m-%dT%H:%M:%SZ}"


def _measure(title: str, arguments: Sequence[object]) -> float:
    """Run a command and print its row; MiB at its peak."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ran = run_measured(*arguments, timeout_s=LONGEST_S)
    took_s, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = f"{len(ran.err.splitlines())} lines of progress"
    print(f"{title:<32} exit {ran.code}  {cpu_s:6.1f} CPU s  {took_s:6.1f} s  {ran.mib:4.0f} MiB  {told}", flush=True)
    return ran.mib


if __name__ == "__main__":
    main()
