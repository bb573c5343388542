"""What the corpus named where programs from PATH take part, kept as tests/real/native.yaml."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.corpus.matrix import Row

_FLAGS = {"boundary": "--version", "grafana": "--version", "prometheus": "--version", "alloy": "--version"}
_VERSION = re.compile(r"\d+\.\d+\.\d+")


def write_table(path: Path, native: Sequence[str], judged: Sequence[Row]) -> None:
    """Put a run into the table: `programs` with their versions, and of each fault what was expected, what was named
    first and how that is judged. Another run of the same programs of the same versions makes room for it."""
    runs: list[dict[str, Any]] = yaml.safe_load(path.read_text("utf-8")) if path.exists() else []
    programs = {name: version_of(name) for name in sorted(native)}
    rows = [_row(row) for row in judged]
    kept = [run for run in runs if run["programs"] != programs]
    path.write_text(
        yaml.safe_dump([*kept, {"programs": programs, "faults": rows}], sort_keys=False, width=200), "utf-8"
    )


def version_of(program: str) -> str:
    """What a program says of its version."""
    done = subprocess.run([program, _FLAGS.get(program, "-version")], capture_output=True, text=True, timeout=30)
    found = _VERSION.search(done.stdout + done.stderr)
    return found[0] if found else "unknown"


def _row(row: Row) -> dict[str, Any]:
    named = {"named": row.named[0]} if row.named else {}
    why = {"why": row.claim} if row.judged == "apart" else {}
    return {
        "fault": "+".join(row.seed.ids) or "none",
        "expected": ", ".join(row.wanted),
        **named,
        "verdict": row.judged,
        **why,
    }
