"""Whose clock is wrong: this machine's only where no other system agrees with it."""

import pytest

from obs_check.app.verify.inputs import wrong_clock

HOUR_MS = 3_600_000.0


@pytest.mark.parametrize(
    ("offsets_ms", "told"),
    [
        ({}, ""),
        ({"grafana": (-900.0, 1100.0)}, ""),
        ({"grafana": (-61_500.0, -59_500.0)}, ""),
        ({"grafana": (-62_000.0, -61_000.0)}, "this machine's clock is at least 61 s ahead of grafana's"),
        (
            {"grafana": (HOUR_MS, HOUR_MS + 2000), "loki": (HOUR_MS - 1000, HOUR_MS + 1000)},
            "this machine's clock is at least 3,599 s behind grafana's and loki's",
        ),
        ({"grafana": (HOUR_MS, HOUR_MS + 2000), "loki": (-1000.0, 1000.0)}, ""),
        ({"grafana": (HOUR_MS, HOUR_MS + 2000), "loki": (-HOUR_MS - 2000, -HOUR_MS)}, ""),
    ],
    ids=["none known", "equal", "about a minute", "ahead", "behind two", "Grafana's alone is wrong", "all differ"],
)
def test_this_machines_clock_is_wrong_where_all_others_say_so(
    offsets_ms: dict[str, tuple[float, float]], told: str
) -> None:
    clocks = [{"system": name, "least_ms": least, "most_ms": most} for name, (least, most) in offsets_ms.items()]
    assert wrong_clock(clocks) == told
