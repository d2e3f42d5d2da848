"""A forecast as a page: its sentence, the warning of a low, over midnight and past the end of the evidence."""

from __future__ import annotations

import re

import numpy as np
import pytest
from glucose_people import person
from test_glucose_agp import text

from vitruvian.reports import forecast_page
from vitruvian.twin import Band
from vitruvian.twin.answer import Interval
from vitruvian.twin.glucose.forecast import Ahead


def ahead(at: str, fall: float) -> Ahead:
    """Four hours from 120 mg/dL, falling by `fall` mg/dL an hour, with a band that widens by 20 mg/dL an hour."""
    hours = np.arange(1, 49) / 12
    curves = [120.0 - fall * hours + width * hours for width in (-20.0, -8.0, 0.0, 8.0, 20.0)]
    band = Band(tuple(hours), *(tuple(c) for c in curves), unit="mg/dL", output="glucose")
    horizons = {
        m: Interval(curves[2][m // 5 - 1], curves[0][m // 5 - 1], curves[4][m // 5 - 1], "mg/dL") for m in (30, 60, 120)
    }
    return Ahead("person-7", at, 120.0, horizons, band)


def test_the_sentence() -> None:
    page = forecast_page(person(2), ahead("2026-03-03 23:45", 5.0))
    told = text(page)
    assert "120 mg/dL now; in 30 min 118 (108–128); in 60 min 115 (95–135); in 120 min 110 (70–150)." in told
    assert "expected at 23:45" in page
    assert not re.search(r"https?://(?!www\.w3\.org)", page)


@pytest.mark.parametrize(
    ("fall", "words"),
    [
        (0.0, "possible from 155 minutes on"),  # 120 − 20·h falls below 70 after 2.5 h
        (-10.0, "unlikely: less than 1 in 20"),
        (25.0, "to be expected in 125 minutes"),  # 120 − 25·h falls below 70 after 2 h
    ],
)
def test_a_low_is_told(fall: float, words: str) -> None:
    assert words in text(forecast_page(person(2), ahead("2026-03-03 23:45", fall)))


def test_in_mmol_and_from_the_middle_of_a_day() -> None:
    early = person(2)
    early.glucose[300:] = np.nan
    told = text(forecast_page(early, ahead("2026-03-03 00:45", 0.0), "mmol/L"))
    assert "6.7 mmol/L now" in told
    assert "low (below 3.9 mmol/L)" in told
    assert "19:00 60 g carbohydrates" in told
