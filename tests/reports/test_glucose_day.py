"""One day: its sentence, its meals and insulin, its picture; days without this or that."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from glucose_people import person
from test_glucose_agp import text

from vitruvian.core import InputError
from vitruvian.reports.glucose_day import Expected, day_page, day_report, happenings
from vitruvian.reports.glucose_scale import broken


def test_the_day_in_one_sentence_and_as_a_table() -> None:
    told = text(day_page(person(3), "2026-03-03"))
    assert (
        "Tuesday 3 March 2026: in range 100 %, 175 g carbohydrates, 17.5 U fast insulin, 14 U long-acting insulin."
        in told
    )
    assert "08:00 45 g carbohydrates, 4.5 U fast insulin" in told
    assert "22:00 14 U long-acting insulin" in told


def test_glucose_at_a_meal_and_two_hours_later() -> None:
    """In the wave of the made-up person: 130 − 45·cos(2π·8/12) at 8:00, −45·cos(2π·10/12) at 10:00."""
    rows = happenings(person(1), np.arange(288))
    assert [r.clock for r in rows] == ["08:00", "12:30", "19:00", "22:00"]
    assert (rows[0].then, rows[0].later) == pytest.approx((152.5, 107.5))


def test_entries_minutes_apart_are_one_meal() -> None:
    day = person(1)
    day.bolus[8 * 12 + 2] = 1.0
    day.bolus[9 * 12] = 2.0
    rows = happenings(day, np.arange(288))
    assert [r.what for r in rows[:2]] == ["45 g carbohydrates, 5.5 U fast insulin", "2 U fast insulin"]


def test_a_day_outside_is_refused() -> None:
    with pytest.raises(InputError, match="2026-03-02 to 2026-03-04"):
        day_page(person(3), "2026-03-05")
    with pytest.raises(InputError, match="written as a date"):
        day_page(person(3), "tomorrow")
    with pytest.raises(InputError, match=r"\.html, \.pdf"):
        day_report(person(1), "2026-03-02", "day.txt")


def test_a_day_without_readings_or_anything_else_is_drawn() -> None:
    empty = person(2)
    for one in (empty.carbohydrates, empty.bolus, empty.long_acting):
        one[:] = 0.0
    empty.glucose[:288] = empty.heart_rate[:] = empty.steps[:] = np.nan
    page = day_page(empty, "2026-03-02")
    assert "no glucose readings" in text(page)
    assert "Insulin" not in re.sub(r"Meals and insulin", "", text(page))


def test_a_forecast_is_drawn_where_it_belongs() -> None:
    quantiles = np.full((24, 5), 150.0) + np.array([-40, -20, 0, 20, 40])
    page = day_page(person(2), "2026-03-03", ahead=[Expected(288 + 10, quantiles, "expected at 00:50")])
    assert "Dashed: expected at 00:50" in text(page)
    assert page.count("expected at 00:50") > 1
    assert not re.search(r"https?://(?!www\.w3\.org)", page)


@pytest.mark.parametrize("kind", ["pdf", "svg", "png", "html"])
def test_files(tmp_path: Path, kind: str) -> None:
    path = day_report(person(1), "2026-03-02", tmp_path / f"day.{kind}", "mmol/L")
    assert path.stat().st_size > 5_000


def test_lines_are_left_open_at_gaps() -> None:
    x, y = broken(np.array([0.0, 0.25, 0.5, 1.25, 1.5]), np.array([100, np.nan, 110, 120, 130.0]))
    np.testing.assert_array_equal(x, [0.0, 0.5, np.nan, 1.25, 1.5])
    np.testing.assert_array_equal(y, [100.0, 110.0, np.nan, 120.0, 130.0])
    none, _ = broken(np.arange(3.0), np.full(3, np.nan))
    assert len(none) == 0
