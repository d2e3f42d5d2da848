"""Page of a forecast contest: the best first at each horizon, and the verdict as it is."""

from __future__ import annotations

import re
from pathlib import Path

from test_glucose_agp import text

from vitruvian.reports import contest_page, contest_report
from vitruvian.study import Contest
from vitruvian.study.glucose_forecast import BASELINES, LEARNED, TWIN, Score


def contest(ours: float) -> Contest:
    """Baselines with errors 30, 31 … mg/dL, the twin with its learner with `ours`."""
    scores = []
    for minutes in (30, 60, 120):
        scores += [Score(name, minutes, 900, 30.0 + k, 0.2, None) for k, name in enumerate(BASELINES)]
        scores += [Score(TWIN, minutes, 900, 33.5, 0.21, 0.88), Score(LEARNED, minutes, 900, ours, 0.19, 0.9)]
    return Contest("person <7>", 25, tuple(scores))


def test_the_verdict_is_told_plainly(tmp_path: Path) -> None:
    assert "At 60 min the twin with its learner beats every baseline" in text(contest_page(contest(25.0)))
    page = contest_page(contest(30.5))
    assert "does not beat the last value baseline (30.50 and 30.00 mg/dL)" in text(page)
    assert "person &lt;7&gt;" in page
    assert not re.search(r"https?://", page)
    assert contest_report(contest(25.0), tmp_path / "c.html").stat().st_size > 3_000


def test_the_best_stands_first() -> None:
    rows = re.findall(r'<th scope="row">([^<]+)</th>', contest_page(contest(30.5)))
    one = len(BASELINES) + 2
    assert len(rows) == 3 * one
    assert rows[:3] == [BASELINES[0], LEARNED, BASELINES[1]]
    assert rows[one - 1] == BASELINES[-1]
