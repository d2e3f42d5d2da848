"""The twin against truth that another model made: what is identified, replays of changed days, their bands."""

from __future__ import annotations

import numpy as np
import pytest
from glucose_cases import Change, World, changes, truth, world
from scipy.stats import binomtest

from vitruvian.physiology.glucose import virtual_people
from vitruvian.twin.glucose import GlucoseTwin, Replay, identify_all, moved_dose, replay, with_dose, with_meal

TWO_HOURS = 24


def replayed(twin: GlucoseTwin, change: Change) -> Replay:
    e = twin.evidence
    if change.meal != 1.0:
        other = with_meal(e, change.step, change.meal * e.carbohydrates[change.step])
    elif change.later:
        other = moved_dose(e, change.step, change.later)
    else:
        other = with_dose(e, change.step, change.dose * e.bolus[change.step])
    return replay(twin, other, first=change.step, last=change.step + TWO_HOURS)


def scored(these: World, twins: list[GlucoseTwin], made: list[Change]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Relative errors, whether the 90 % band holds the truth, errors of nothing changed; by change and step."""
    true = truth(these, made)
    errors, inside, unchanged = [], [], []
    for k, change in enumerate(made):
        found = replayed(twins[change.who], change)
        at = 5 * (change.step + 1 + np.arange(TWO_HOURS)) - 1
        t, was = true[at, k], these.glucose[at, change.who]
        if t.min() < 40.0:
            continue  # no person is left there
        errors.append(np.abs(found.median - t) / t)
        inside.append((t >= found.quantiles[:, 0]) & (t <= found.quantiles[:, -1]))
        unchanged.append(np.abs(was - t) / t)
    return np.array(errors), np.array(inside), np.array(unchanged)


def test_two_hours_of_a_changed_day(few: tuple[World, list[GlucoseTwin]]) -> None:
    these, twins = few
    errors, inside, unchanged = scored(these, twins, changes(these, 60, 6, seed=1))
    assert len(errors) >= 15
    assert errors.mean() <= 0.10
    assert errors.mean() < 0.8 * unchanged.mean()  # the change itself is foreseen, not only the day as it was
    assert inside.mean() >= 0.75


def test_a_replay_of_what_was_done_is_what_was_read(few: tuple[World, list[GlucoseTwin]]) -> None:
    these, twins = few
    same = replay(twins[0], twins[0].evidence)
    seen = these.people[0].glucose[1:]
    np.testing.assert_allclose(same.median[:-1], seen, atol=12.0)
    assert np.abs(same.median[:-1] - seen).mean() < 4.0


@pytest.mark.slow
def test_a_hundred_virtual_people() -> None:
    """Must hold: identified with the reduced model on UVA/Padova people, 2-hour replays within 10 % MARD, and 90 %
    bands that hold the truth of 85–95 % (one random moment a person, so that the tests are independent)."""
    stratum = virtual_people("adult", 110, seed=11)
    p = {name: np.asarray(x) for name, x in stratum.parameters.items()}
    these = world(p, stratum.settings.carbohydrate_ratio * 1.15, 2, seed=12)
    alive = np.flatnonzero(these.glucose.min(axis=0) > 45.0)
    twins: dict[int, GlucoseTwin] = {}
    for part in np.array_split(alive, 5):
        some = [these.people[i] for i in part]
        found = identify_all(some, weights=list(p["BW"][part]), draws=100, starts=2, seed=3)
        twins |= dict(zip(part.tolist(), found, strict=True))
    made = [c for c in changes(these, 288, 1, seed=13) if c.who in twins]
    errors, inside, unchanged = scored(these, [twins.get(i) for i in range(110)], made)  # type: ignore[misc]
    assert len(errors) >= 100
    assert errors.mean() <= 0.10
    assert errors.mean() < unchanged.mean()
    moment = np.random.default_rng(14).integers(TWO_HOURS, size=len(inside))
    held = int(inside[np.arange(len(inside)), moment].sum())
    low, high = binomtest(held, len(inside)).proportion_ci(0.95)
    print(
        f"MARD {errors.mean():.3f} (unchanged {unchanged.mean():.3f}), cover {inside.mean():.3f}, {low:.2f}–{high:.2f}"
    )
    assert 0.85 <= inside.mean() <= 0.95
    assert low <= 0.95
    assert high >= 0.85
