"""A study of virtual people: the same for all policies, resumable, and at full size better than by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.study import headline, run_loop_study
from vitruvian.study.glucose_loop import LOOP, MANUAL


def test_a_study_is_resumed_and_the_same(tmp_path: Path) -> None:
    study = headline(people=4, days=1)
    told: list[int] = []
    first = run_loop_study(study, tmp_path, told.append)
    assert sum(told) == 6
    (tmp_path / f"child-{LOOP}.npz").unlink()  # stopped before the last part was written
    again = run_loop_study(study, tmp_path)
    for key, glucose in first.glucose.items():
        assert np.array_equal(glucose, again.glucose[key]), key
    table = first.table()
    assert table["adult", LOOP]["in_range"].people == 4
    assert set(first.differences()) == {"adult", "adolescent", "child"}
    with pytest.raises(DataError, match="another study"):
        run_loop_study(headline(people=4, days=1, seed=2), tmp_path)


def test_studies_without_people_are_refused() -> None:
    with pytest.raises(DataError):
        headline(people=0)


@pytest.mark.slow
def test_the_headline() -> None:
    """300 people, 14 days: the targets for adults; every stratum better than by hand in range, and no more lows."""
    result = run_loop_study(headline())
    adults = result.table()["adult", LOOP]
    assert adults["in_range"].mean >= 80.0
    assert adults["below_70"].mean <= 2.0
    assert adults["below_54"].mean <= 0.3
    for stratum, difference in result.differences(LOOP, MANUAL).items():
        assert difference["in_range"].mean > 0, stratum
        assert difference["below_70"].mean <= 0, stratum
