"""Page of a closed-loop study: demands, intervals in the same people, zones, published systems; error grids."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from test_glucose_agp import text

from vitruvian.control import BasalBolus
from vitruvian.core import DataError, UnknownNameError
from vitruvian.physiology.glucose import PARKES
from vitruvian.reports.glucose_error_grid import error_grid_figure, plot_error_grid
from vitruvian.reports.glucose_loop import comparison, goals, loop_page, loop_report
from vitruvian.study import LoopResult, LoopStudy

STRATA = ("adult", "child")


def result(shift: float = 30.0, low: float = 0.0) -> LoopResult:
    """Six people of two strata for two days: a daily wave 50 high; `shift` lower with the loop, `low` h at 60."""
    wave = 150.0 + 50.0 * np.sin(2 * np.pi * np.arange(576) / 288)[:, None] + np.arange(6.0)
    looped = wave - shift
    looped[: int(12 * low)] = 60.0
    glucose = {}
    for stratum in STRATA:
        glucose[stratum, "manual"], glucose[stratum, "closed loop"] = wave, looped
    same = {key: np.full(6, 40.0) for key in glucose}
    study = LoopStudy({"manual": BasalBolus()}, strata=STRATA, people=6, days=2)
    return LoopResult(study, glucose, same, same)


def test_differences_are_those_of_the_same_people() -> None:
    found = comparison(result(), "closed loop", "manual", seed=3)
    assert found.people == {"adult": 6, "child": 6}
    assert found.days == 2.0
    mean = found.differences["adult"]["mean"]
    assert mean == pytest.approx((-30.0, -30.0, -30.0, 6))  # paired: each person is 30 lower, so nothing is open
    wide = found.reached["adult", "manual"]["mean"]
    assert wide.high - wide.low > 1.0


def test_what_is_demanded_is_told_and_what_is_missed_too() -> None:
    good = {words: reached for words, _, reached in goals(comparison(result(28.0), "closed loop", "manual", 1))}
    assert all(good.values())
    assert len(good) == 7
    page = text(loop_page(result(28.0, low=2.0)))
    assert "Not reached: Adults: below 70 at most 2 %" in page
    assert "Adults: not more time below 70" in page
    worse = goals(comparison(result(-30.0), "closed loop", "manual", 1))
    assert ("Children: more time in range than manual", False) in [(words, reached) for words, _, reached in worse]


def test_the_page_stands_alone() -> None:
    page = loop_page(result(), about=["Seed 7 & <made up>"])
    assert page == loop_page(result(), about=["Seed 7 & <made up>"])
    assert "Seed 7 &amp; &lt;made up&gt;" in page
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert "<script" not in page
    assert page.count('role="img"') == 3
    told = text(page)
    assert "Closed loop keeps adults in range" in told
    assert "6 adults, 6 children, all virtual, 2 days" in told
    assert "MiniMed 780G" in told
    assert "[unverified]" in told
    assert "−30 (−30 to −30)" in told


def test_a_policy_that_was_not_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="manual, closed loop"):
        loop_page(result(), ours="magic")
    assert loop_report(result(), tmp_path / "new" / "loop.html").stat().st_size > 20_000


def test_forecasts_on_a_grid(tmp_path: Path) -> None:
    came = np.linspace(45, 390, 200)
    foretold = came * np.linspace(0.6, 1.5, 200)
    foretold[3] = np.nan
    figure = error_grid_figure(came, foretold)
    (axes,) = figure.axes
    told = [t.get_text() for t in axes.texts]
    share = PARKES.shares(came, foretold)
    assert f"A {share['A']:.1f} %" in " ".join(told)
    assert axes.get_title(loc="left").endswith("199 pairs")
    drawn = sum(len(c.get_offsets()) for c in axes.collections)
    assert drawn == 199
    for grid in ("clarke", "parkes", "dts"):
        assert plot_error_grid(came, foretold, tmp_path / f"{grid}.svg", grid, "mmol/L").stat().st_size > 5_000
    with pytest.raises(UnknownNameError):
        error_grid_figure(came, foretold, "park")
    with pytest.raises(DataError, match="no pairs"):
        error_grid_figure(np.array([np.nan]), np.array([100.0]))
