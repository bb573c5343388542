"""Time grammar, intervals and steps."""

from datetime import UTC, datetime

import pytest

from obs_check.errors import InputError
from obs_check.panel.interval import (
    browser_interval,
    format_interval,
    interval_to_ms,
    loki_step,
    prometheus_step,
    round_interval,
)
from obs_check.panel.timerange import Calendar, TimeRange, panel_range, parse_time, time_range

# A Tuesday.
NOW = int(datetime(2026, 11, 24, 6, 30, 15, 123000, tzinfo=UTC).timestamp() * 1000) * 1_000_000
UTC_CALENDAR = Calendar()
DAY = 86_400_000
MIN = 60_000


def shown(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").removesuffix("+00:00")


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("now", "2026-11-24T06:30:15.123", "2026-11-24T06:30:15.123"),
        ("now-6h", "2026-11-24T00:30:15.123", "2026-11-24T00:30:15.123"),
        ("now-7d/d", "2026-11-17T00:00:00.000", "2026-11-17T23:59:59.999"),
        ("now/w", "2026-11-22T00:00:00.000", "2026-11-28T23:59:59.999"),
        ("now-1M", "2026-10-24T06:30:15.123", "2026-10-24T06:30:15.123"),
        ("now/M", "2026-11-01T00:00:00.000", "2026-11-30T23:59:59.999"),
        ("now/Q", "2026-10-01T00:00:00.000", "2026-12-31T23:59:59.999"),
        ("now/y", "2026-01-01T00:00:00.000", "2026-12-31T23:59:59.999"),
        ("now/fy", "2026-02-01T00:00:00.000", "2027-01-31T23:59:59.999"),
        ("now/fQ", "2026-11-01T00:00:00.000", "2027-01-31T23:59:59.999"),
        ("2026-03-31||-1M", "2026-02-28T00:00:00.000", "2026-02-28T00:00:00.000"),
        ("2026-11-24T00:00:00Z", "2026-11-24T00:00:00.000", "2026-11-24T00:00:00.000"),
        ("1795478500000", "2026-11-24T00:01:40.000", "2026-11-24T00:01:40.000"),
        ("now/h-5m", "2026-11-24T05:55:00.000", "2026-11-24T06:54:59.999"),
    ],
)
def test_grammar(text: str, start: str, end: str) -> None:
    calendar = Calendar(fiscal_start=1)
    assert shown(parse_time(text, NOW, calendar, is_end=False)) == start
    assert shown(parse_time(text, NOW, calendar, is_end=True)) == end


def test_days_and_weeks_follow_the_dashboard() -> None:
    assert shown(parse_time("now/d", NOW, Calendar("America/New_York"), is_end=False)) == "2026-11-24T05:00:00.000"
    assert shown(parse_time("now/w", NOW, Calendar(week_start="monday"), is_end=False)) == "2026-11-23T00:00:00.000"


@pytest.mark.parametrize("text", ["now-", "now-6x", "now-123456d", "yesterday", "", "now/"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="not understood"):
        parse_time(text, NOW, UTC_CALENDAR, is_end=False)


@pytest.mark.parametrize("name", ["Mars/Base", "/etc/passwd", "../../etc/passwd", "a" * 5000, "a\x00b"])
def test_an_unknown_zone_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is not known"):
        parse_time("now/d", NOW, Calendar(name), is_end=False)


def test_now_delay_moves_the_end_only() -> None:
    assert shown(time_range("now-1h", "now", NOW, UTC_CALENDAR, "15s").to_ms) == "2026-11-24T06:30:00.123"


def test_panel_overrides() -> None:
    whole = time_range("now-1d", "now", NOW, UTC_CALENDAR)
    assert panel_range(whole, True, "6h", "", NOW, UTC_CALENDAR)[0].length_ms == 6 * 60 * MIN
    assert panel_range(whole, False, "6h", "", NOW, UTC_CALENDAR)[0] == whole
    shifted = panel_range(whole, True, "", "1d", NOW, UTC_CALENDAR)[0]
    assert shifted == TimeRange(whole.from_ms - DAY, whole.to_ms - DAY)
    assert panel_range(whole, True, "nonsense", "", NOW, UTC_CALENDAR) == (whole, "invalid time override 'nonsense'")


@pytest.mark.parametrize(
    ("ms", "want"),
    [(9, 1), (10, 10), (14, 10), (1499, 1000), (1500, 2000), (90_000 - 1, MIN), (90_000, 2 * MIN), (DAY, DAY)],
)
def test_ladder(ms: int, want: int) -> None:
    assert round_interval(ms) == want


@pytest.mark.parametrize(
    ("below", "want"),
    [
        (10, 1),
        (15, 10),
        (35, 20),
        (75, 50),
        (150, 100),
        (350, 200),
        (750, 500),
        (1500, 1000),
        (3500, 2000),
        (7500, 5000),
        (12_500, 10_000),
        (17_500, 15_000),
        (25_000, 20_000),
        (45_000, 30_000),
        (90_000, MIN),
        (210_000, 2 * MIN),
        (450_000, 5 * MIN),
        (750_000, 10 * MIN),
        (1_050_000, 15 * MIN),
        (25 * MIN, 20 * MIN),
        (45 * MIN, 30 * MIN),
        (90 * MIN, 60 * MIN),
        (150 * MIN, 120 * MIN),
        (270 * MIN, 180 * MIN),
        (540 * MIN, 360 * MIN),
        (DAY, 720 * MIN),
        (7 * DAY, DAY),
        (21 * DAY, 7 * DAY),
        (42 * DAY, 30 * DAY),
        (400 * DAY, 365 * DAY),
    ],
)
def test_the_whole_ladder(below: int, want: int) -> None:
    assert round_interval(below - 1) == want


@pytest.mark.parametrize(
    ("width", "minutes"),
    [(225, 30), (403, 30), (404, 20), (576, 20), (577, 15), (806, 15), (807, 10), (1344, 10), (1345, 5), (2600, 5)],
)
def test_seven_days_by_width(width: int, minutes: int) -> None:
    assert browser_interval(7 * DAY, width) == (minutes * MIN, f"{minutes}m")


def test_an_interval_off_the_ladder_is_cut_in_text() -> None:
    interval = browser_interval(60 * MIN, 1000, "90s")
    assert (interval.ms, interval.text, interval.truncated) == (90_000, "1m", True)


@pytest.mark.parametrize(
    ("text", "ms"), [("1.5h", 60 * MIN), ("30", 30_000), (">10s", 10_000), ("5ms", 5), ("x", None)]
)
def test_interval_texts(text: str, ms: int | None) -> None:
    assert interval_to_ms(text) == ms


@pytest.mark.parametrize(("ms", "text"), [(500, "500ms"), (90_000, "1m"), (DAY, "1d"), (90 * DAY, "90d"), (0, "1ms")])
def test_interval_text(ms: int, text: str) -> None:
    assert format_interval(ms) == text


def test_steps() -> None:
    assert loki_step(300_000, 7 * DAY) == 300_000
    assert loki_step(1000, 7 * DAY) == 54_982
    assert loki_step(300_000, DAY, "1m", 2) == 120_000
    assert prometheus_step(300_000, 7 * DAY, 1846) == (300_000, 315_000)
    assert prometheus_step(15_000, 60 * MIN, 1846, scrape_interval="30s").rate_interval_ms == 120_000
