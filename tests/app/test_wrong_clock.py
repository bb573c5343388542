"""Whose clock is wrong: this machine's only where no other system agrees with it."""

import json
import time
from pathlib import Path

import pytest

from obs_check.app.systems.injection import Way
from obs_check.app.systems.load import LoadAccount
from obs_check.app.systems.load_hops import Means
from obs_check.app.verify.inputs import wrong_clock
from obs_check.cli.main import main
from obs_check.errors import Unavailable
from obs_check.follow.tally import Tally
from obs_check.model.clock_offset import CLOCK_SET_S, SameClock
from obs_check.model.window import NS

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


@pytest.mark.parametrize("set_s", [-3600.0, -5.1, -4.9, 0.0, 4.9, 5.1, 3600.0])
def test_a_clock_that_is_set_leaves_the_steady_one(set_s: float) -> None:
    steady_ns, shift_ns = [0], [0]
    clock = SameClock(lambda: 10**18 + steady_ns[0] + shift_ns[0], lambda: steady_ns[0])
    steady_ns[0] += 7200 * NS
    clock.hold()
    shift_ns[0] = round(set_s * NS)
    if abs(set_s) < CLOCK_SET_S:
        clock.hold()
    else:
        with pytest.raises(Unavailable, match=f"set {'ahead' if set_s > 0 else 'back'} by {abs(set_s):,.0f} s"):
            clock.hold()


def test_a_clock_that_was_set_and_set_back_is_told_where_it_was_read() -> None:
    shift_ns = [0]
    clock = SameClock(lambda: 10**18 + shift_ns[0], lambda: 0)
    for set_s in (0, 3600, 0):
        shift_ns[0] = set_s * NS
        assert clock.read() == 10**18 + set_s * NS
    with pytest.raises(Unavailable, match="set ahead by 3,600 s"):
        clock.hold()


@pytest.mark.parametrize("set_s", [-3600, 0, 3600])
def test_a_large_run_claims_nothing_while_the_clock_is_set(
    set_s: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, shift_ns = time.time_ns, [0]

    def run_load(account: LoadAccount, _way: Way, _means: Means) -> None:
        account.tallies = [Tally("A", "file", "abcdef", [], 1)]
        shift_ns[0] = set_s * NS

    monkeypatch.setattr("time.time_ns", lambda: real() + shift_ns[0])
    monkeypatch.setattr("obs_check.app.systems.load.run_load", run_load)
    monkeypatch.setattr("obs_check.app.systems.injection.open_way", lambda *_: None)
    (tmp_path / "c.yaml").write_text("loki: {url: http://127.0.0.1:9}")
    code = main(["verify", "--count", "2", "--config", str(tmp_path / "c.yaml"), "-o", "json"])
    document = json.loads(capsys.readouterr().out)
    told = [f"this machine's clock was set {'ahead' if set_s > 0 else 'back'} by 3,600 s while the run was looked for"]
    assert (code, document["verdict"], document["outages"]) == ((3, "unknown", told) if set_s else (0, "ok", []))
