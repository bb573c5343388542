"""What the check of claims takes for seen."""

from typing import Any

import pytest

from obs_check.app.recompute.claims import unseen_numbers

WINDOW = {"start_ns": 1_795_478_400 * 10**9, "end_ns": 1_795_482_000 * 10**9}
PROBES = [
    {
        "request": "sum(count_over_time({a=`b`} [3600s]))",
        "answer": {"values": [{"value": 20.0}], "files": ["a", "b", "c"]},
        "at": 1_795_482_005 * 10**9,
        "window": WINDOW,
    }
]


@pytest.mark.parametrize(
    ("claim", "missing"),
    [
        ("20 lines in 3 files, as written 0", []),
        ("[3600s] has 20 of 21 lines", ["21"]),
        ("`21` and '22' are cited, 23 is not", ["23"]),
        ("from 2026-11-24 00:00:00 to 2026-11-24 01:00:00", []),
        ("until 2026-11-24 02:00:00", ["2026-11-24 02:00:00"]),
        ("5 s later, 1 h before, 900 s before", ["900 s"]),
        ("boundary-2026.log of v3.5 on 127.0.0.1:80", []),
    ],
)
def test_what_was_seen(claim: str, missing: list[str]) -> None:
    finding: Any = {"claim": claim, "probes": PROBES}
    assert unseen_numbers(finding) == missing
