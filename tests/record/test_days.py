"""Sources that say the same twice, and days as they were lived."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl
import pytest

from vitruvian.core import InputError
from vitruvian.record.days import days
from vitruvian.record.fact import NO_OFFSET, Samples
from vitruvian.record.sample_frame import FLAGS, flag_text, sample_frame
from vitruvian.record.source_priority import ranked, share, with_priority
from vitruvian.tables.signals import signals

MINUTE, HOUR = 60_000, 3_600_000
NOW = 1_800_000_000_000


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def frame(
    signal: str, source: str, rows: list[tuple[int, int, int, float]], unit: str = "1", text: str = ""
) -> pl.DataFrame:
    start, end, offset, value = (np.array(column) for column in zip(*rows, strict=True))
    batch = Samples("p", signal, source, unit, start, end, offset, value, np.arange(len(rows)), (text,) * len(rows))
    return sample_frame(batch, 1, NOW)


def test_steps_of_watch_and_phone_are_not_counted_twice() -> None:
    t = at("2025-03-01T10:00")
    watch = frame("steps", "Anton's Apple Watch", [(t, t + 10 * MINUTE, 0, 500.0)])
    phone = frame("steps", "Anton's iPhone", [(t - 10 * MINUTE, t + 10 * MINUTE, 0, 900.0)])
    scale = frame("steps", "SomeApp", [(t + 5 * MINUTE, t + 5 * MINUTE, 0, 40.0), (t + HOUR, t + HOUR, 0, 7.0)])
    both = with_priority(pl.concat([phone, scale, watch]))
    counted = dict(zip(both["source"].to_list(), both["counted"].to_list(), strict=True))
    assert both.height == 4  # rows are kept
    assert counted["Anton's Apple Watch"] == 500.0
    assert counted["Anton's iPhone"] == pytest.approx(450.0)  # half of its time is the watch's
    assert both["counted"].sum() == pytest.approx(500 + 450 + 7)
    mine = with_priority(pl.concat([phone, watch]), ["iphone"])
    assert mine["counted"].sum() == pytest.approx(900.0)


def test_priority_of_sources() -> None:
    names = ["Zepp", "Anna's iPhone", "Anna's Apple Watch", "Pixel 8", "Pixel Watch 2", "Garmin Forerunner 255"]
    order = ["Anna's Apple Watch", "Garmin Forerunner 255", "Pixel Watch 2", "Anna's iPhone", "Pixel 8", "Zepp"]
    assert ranked(names) == order
    assert ranked(names, ["zepp"])[0] == "Zepp"
    with pytest.raises(InputError, match="empty"):
        ranked(names, [" "])


def test_share_against_counting_minute_by_minute() -> None:
    rng = np.random.default_rng(5)
    for _ in range(30):
        n = 12
        start = rng.integers(0, 60, n)
        end = start + rng.integers(1, 20, n)
        rank = rng.integers(0, 3, n)
        expected = []
        for k in range(n):
            free = [
                m
                for m in range(start[k], end[k])
                if not any(rank[j] < rank[k] and start[j] <= m < end[j] for j in range(n))
            ]
            expected.append(len(free) / (end[k] - start[k]))
        np.testing.assert_allclose(share(start, end, rank), expected, atol=1e-12)


def test_days_are_local_and_lose_nothing_when_travelling() -> None:
    # Berlin 23:30 (UTC+2) to 00:30, then a flight to New York (UTC-4), then a night that clocks go back
    rows = [
        (at("2025-09-01T21:30"), at("2025-09-01T22:30"), 120, 600.0),  # half before, half after local midnight
        (at("2025-09-02T03:30"), at("2025-09-02T03:40"), -240, 50.0),  # 23:30 on the first, in New York
        (at("2025-10-26T00:30"), at("2025-10-26T00:40"), 120, 10.0),  # 02:30 summer time
        (at("2025-10-26T01:30"), at("2025-10-26T01:40"), 60, 20.0),  # 02:30 again, winter time
        (at("2025-11-01T23:59"), at("2025-11-01T23:59"), NO_OFFSET, 3.0),
    ]
    table = days(frame("steps", "watch", rows), signals()["steps"])
    found = dict(zip(table["date"].to_list(), table["value"].to_list(), strict=True))
    assert found == {
        date(2025, 9, 1): pytest.approx(350.0),
        date(2025, 9, 2): pytest.approx(300.0),
        date(2025, 10, 26): pytest.approx(30.0),
        date(2025, 11, 1): 3.0,
    }


def test_days_of_a_sum_add_up_whatever_the_offsets() -> None:
    rng = np.random.default_rng(3)
    start = rng.integers(at("2025-01-01T00:00"), at("2025-02-01T00:00"), 400)
    length = rng.integers(0, 40 * HOUR, 400)
    offset, value = rng.integers(-48, 57, 400) * 15, rng.integers(0, 300, 400).astype(float)
    rows = list(zip(start.tolist(), (start + length).tolist(), offset.tolist(), value.tolist(), strict=True))
    spread = frame("steps", "watch", rows)
    assert days(spread, signals()["steps"])["value"].sum() == pytest.approx(spread["raw"].sum())


def test_doubtful_samples_are_left_out_of_a_day_and_counted_as_such() -> None:
    good = frame("heart_rate", "watch", [(at("2025-03-01T10:00"), at("2025-03-01T10:00"), 0, 60.0)], "/min")
    mad = frame("heart_rate", "watch", [(at("2025-03-01T11:00"), at("2025-03-01T11:00"), 0, 900.0)], "/min")
    wrong = frame("heart_rate", "watch", [(at("2025-03-02T11:00"), at("2025-03-02T11:00"), 0, 60.0)], "kg")
    table = days(pl.concat([good, mad, wrong]), signals()["heart_rate"])
    assert table.select("value", "samples", "left_out").rows() == [(60.0, 1, 1), (None, 0, 1)]


def test_a_night_counts_for_the_day_it_ends_on() -> None:
    asleep = frame("sleep", "watch", [(at("2025-03-01T22:00"), at("2025-03-02T01:00"), 0, np.nan)], "", "asleep")
    deep = frame("sleep", "watch", [(at("2025-03-02T01:00"), at("2025-03-02T05:00"), 0, np.nan)], "", "deep")
    awake = frame("sleep", "watch", [(at("2025-03-02T05:00"), at("2025-03-02T05:30"), 0, np.nan)], "", "awake")
    bed = frame("sleep", "iPhone", [(at("2025-03-01T21:00"), at("2025-03-02T06:00"), 0, np.nan)], "", "InBed")
    table = days(pl.concat([asleep, deep, awake, bed]), signals()["sleep"])
    assert table.select("date", "value").rows() == [(date(2025, 3, 2), 7 * 60.0)]


@pytest.mark.parametrize(
    ("signal", "unit", "value", "start", "offset", "flags", "canonical"),
    [
        ("glucose", "mmol/L", 5.0, 0, 0, "", 90.078),  # 180.156 g/mol
        ("body_temperature", "[degF]", 98.6, 0, 0, "", 37.0),
        ("glucose", "kg", 5.0, 0, 0, "wrong_unit", np.nan),
        ("glucose", "", 5.0, 0, 0, "no_unit", np.nan),
        ("glucose", "mg/dL", np.nan, 0, 0, "no_value", np.nan),
        ("glucose", "mg/dL", 5000.0, 0, 0, "implausible", 5000.0),
        ("glucose", "mg/dL", 100.0, NOW + 48 * HOUR, 0, "future", 100.0),
        ("glucose", "mg/dL", 100.0, 0, NO_OFFSET, "no_offset", 100.0),
        ("mood", "{score}", 3.0, 0, 0, "unknown_signal", 3.0),
        ("sleep", "", np.nan, 0, 0, "", np.nan),
    ],
)
def test_canonical_value_and_flags(
    signal: str, unit: str, value: float, start: int, offset: int, flags: str, canonical: float
) -> None:
    one = frame(signal, "x", [(start, start, offset, value)], unit)
    assert flag_text(one["flags"][0]) == flags
    assert one["value"][0] == pytest.approx(canonical, nan_ok=True)
    assert one["raw"][0] == pytest.approx(value, nan_ok=True)
    assert len(FLAGS) <= 8
