"""Pictures of an answer: what they show, files they write, and the time axis."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from vitruvian.core import DataError, SolveError, UnknownNameError
from vitruvian.reports import plot
from vitruvian.reports.time_axis import label
from vitruvian.twin import Answer
from vitruvian.twin.answer import GoalStated


def legend(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_the_curve_shows_past_future_levels_and_target(answer: Answer) -> None:
    figure = plot(answer)
    assert isinstance(figure, Figure)
    names = legend(figure)
    assert names[0] == "target AUC24 400–600 mg·h/L: 16.7–25 on average"
    assert {"recommended: 1250 mg IV over 1 h every 24 h", "standard: 2000 mg IV over 1 h every 24 h"} <= set(names)
    assert {"measured", "measured, does not fit", "so far, fitted to this person"} <= set(names)
    low, high = figure.axes[0].get_xlim()
    assert low < -8.7
    assert high >= 96
    assert figure.axes[0].get_ylim()[1] > 58.1


def test_doses_are_marked_on_the_time_axis(answer: Answer) -> None:
    axes = plot(answer).axes[0]
    marks = {tuple(line.get_xdata()) for line in axes.lines if line.get_marker() == "^"}
    assert marks == {(-21.0,), (3.0, 27.0, 51.0, 75.0), (15.0, 39.0, 63.0, 87.0)}


def test_a_target_of_the_level_itself_is_drawn_where_it_is(answer: Answer) -> None:
    goal = GoalStated("trough", "trough", "concentration", 10.0, 15.0, "mg/L", "at steady state", "x", "y")
    figure = plot(replace(answer, goal=goal))
    assert "target trough 10–15 mg/L" in legend(figure)


def test_a_past_too_coarse_for_its_doses_is_not_drawn(answer: Answer) -> None:
    assert answer.past is not None
    coarse = replace(answer.past, time_h=tuple(12 * t for t in answer.past.time_h))
    assert "so far, fitted to this person" not in legend(plot(replace(answer, past=coarse)))


@pytest.mark.parametrize(("name", "start"), [("x.svg", b"<?xml"), ("x.png", b"\x89PNG"), ("x.pdf", b"%PDF")])
def test_files_are_written_and_the_same_each_time(answer: Answer, tmp_path: Path, name: str, start: bytes) -> None:
    plot(answer, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    assert first.startswith(start)
    plot(answer, tmp_path / name)
    assert (tmp_path / name).read_bytes() == first


def test_what_cannot_be_drawn_is_refused(answer: Answer, refused: Answer, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"\.svg, \.png, \.pdf"):
        plot(answer, tmp_path / "x.xlsx")
    with pytest.raises(DataError, match="no curve"):
        plot(refused)
    assert answer.past is not None
    with pytest.raises(SolveError, match="past"):
        plot(replace(answer, past=replace(answer.past, q50=(inf,) * len(answer.past.q50))))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("first", "last", "most"), [(-20, 72, 6), (-336, 96, 10), (-1440, 672, 10), (0, 9000, 10)])
def test_dates_stand_at_midnight_and_do_not_crowd(first: float, last: float, most: int) -> None:
    axes = Figure().subplots()
    label(axes, "2025-05-14 08:02", first, last)
    ticks = axes.get_xticks()
    assert 1 < len(ticks) <= most
    assert all(round(h * 60 + 8 * 60 + 2) % (24 * 60) == 0 for h in ticks)
    assert "2025" in axes.get_xlabel()
