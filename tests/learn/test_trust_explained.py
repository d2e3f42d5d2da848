"""Explanations in words, what would lower a risk, and whether an explanation would stay the same."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.learn import Contributions, Feature, Rows, Scores, Target
from vitruvian.learn.trust import counterfactual, explained, percent, plausible, plausible_of, shaken, stability

_FEATURES = (
    Feature("age", "Age", "a", low=18, high=100),
    Feature("bp", "Systolic pressure", "mmHg", low=60, high=250, actionable=True),
    Feature("ldl", "LDL cholesterol", "mmol/L", low=0.5, high=12, actionable=True),
    Feature("smoking", "Smoking", kind="category", categories=("never", "former", "current"), actionable=True),
)
_WEIGHT = np.array([0.08, 0.03, 0.4, 0.5])
_MIDDLE = np.array([60.0, 130.0, 3.0, 0.0])
_TARGET = Target("stroke", "Stroke", events=("no", "yes"), horizon="P1Y")


def _people(n: int, seed: int = 0) -> Rows:
    rng = np.random.default_rng(seed)
    columns = [rng.uniform(40, 80, n), rng.normal(135, 18, n), rng.lognormal(1.1, 0.3, n), rng.integers(0, 3, n)]
    return Rows(_FEATURES, np.stack(columns, 1).astype(float))


def _p(rows: Rows) -> np.ndarray:
    return 1 / (1 + np.exp(-(np.where(np.isnan(rows.values), 0, rows.values - _MIDDLE) @ _WEIGHT - 2)))


def _explain(rows: Rows) -> Contributions:
    values = np.where(np.isnan(rows.values), 0, rows.values - _MIDDLE) * _WEIGHT
    base = np.full(len(rows), -2.0)
    return Contributions(rows.features, base, values, base + values.sum(1))


def _scores(rows: Rows, silent: bool = False) -> Scores:
    p = _p(rows)
    n = len(p)
    sets = np.stack([np.ones(n, bool), np.full(n, silent)], 1)
    why = ("At 90 % certainty neither “no” nor “yes” can be ruled out.",) * n if silent else ("",) * n
    return Scores(_TARGET, np.stack([1 - p, p], 1), sets, np.full(n, silent), why)


_USUAL = plausible(_people(400))
_ROW = Rows(_FEATURES, np.array([[54.0, 165.0, 4.1, 2.0]]))


def test_words_for_clinician_and_patient() -> None:
    found = explained(_ROW, _scores(_ROW), _explain(_ROW))
    assert found.clinician == (
        "Stroke within a year: 50 %; 90 % set: {no}. Raised most by Systolic pressure (165 mmHg; +1.05), Smoking "
        "(current; +1.00), LDL cholesterol (4.1 mmol/L; +0.44); lowered most by Age (54 years; -0.48) (log-odds)."
    )
    assert found.patient == (
        "Of 100 people like you, about 50 would have this within a year: stroke. For you, systolic pressure, smoking "
        "and LDL cholesterol push it up, and age pushes it down."
    )
    assert [one.feature.name for one in found.bars] == ["bp", "smoking", "age", "ldl"]


def test_a_model_that_abstains_says_so_to_both() -> None:
    found = explained(_ROW, _scores(_ROW, silent=True), _explain(_ROW))
    assert "{no, yes}. The model does not decide: At 90 % certainty neither" in found.clinician
    assert "too uncertain to rely on for you" in found.patient


def test_missing_and_small_and_the_rest() -> None:
    row = replace(_ROW, values=np.array([[60.0, np.nan, 3.05, 0.0]]))
    found = explained(row, _scores(row), _explain(row), most=2)
    assert "No single value moves it much." in found.clinician
    assert "No single thing about you" in found.patient
    assert (len(found.bars), found.bars[-1].feature.title) == (3, "2 others together")
    assert sum(one.moved for one in found.bars) == pytest.approx(_explain(row).values.sum())
    with pytest.raises(DataError, match="differ"):
        explained(row, _scores(_people(3)), _explain(row))


@pytest.mark.parametrize(
    ("p", "says"), [(0.0004, "below 0.1 %"), (0.034, "3.4 %"), (0.5, "50 %"), (0.9996, "above 99.9 %")]
)
def test_percent_has_the_digits_it_is_worth(p: float, says: str) -> None:
    assert percent(p) == says


def test_the_fewest_and_smallest_changes_that_are_enough() -> None:
    found = counterfactual(_p, _ROW, _USUAL, 0.25)
    assert found.then <= 0.25 < found.now
    assert len(found.steps) == 1
    assert all(one.feature.actionable for one in found.steps)
    two = counterfactual(_p, _ROW, _USUAL, 0.12)
    assert len(two.steps) == 2
    assert two.then <= 0.12
    changed = _ROW.values.copy()
    for one in two.steps:
        changed[0, [f.name for f in _FEATURES].index(one.feature.name)] = one.then
    assert _p(Rows(_FEATURES, changed))[0] == pytest.approx(two.then)


def test_changes_stay_plausible_and_there_may_be_none() -> None:
    none = counterfactual(_p, _ROW, _USUAL, 0.001)
    assert none.steps == ()
    assert none.why.startswith("No plausible change of at most 3 values")
    for target in (0.3, 0.2, 0.1):
        for one in counterfactual(_p, _ROW, _USUAL, target).steps:
            if one.feature.kind == "number":
                seen = _people(400).values[:, [f.name for f in _FEATURES].index(one.feature.name)]
                assert np.quantile(seen, 0.05) - 1e-9 <= one.then <= np.quantile(seen, 0.95) + 1e-9
    assert counterfactual(_p, _ROW, _USUAL, 0.9).why == "The risk is already as low."
    fixed = tuple(replace(one, actionable=False) for one in _FEATURES)
    told = counterfactual(_p, replace(_ROW, features=fixed), _USUAL, 0.2)
    assert told.why == "Nothing that the model knows of this person can be acted on."


def test_a_risk_that_rises_on_the_way_is_no_advice() -> None:
    """Low at 120 and at 165, high between them: the way there leads over a hill."""
    features = (_FEATURES[1],)

    def hill(rows: Rows) -> np.ndarray:
        x = rows.values[:, 0]
        return np.where(x > 160, 0.5, np.where(x > 130, 0.8, 0.1))

    row = Rows(features, np.array([[165.0]]))
    found = counterfactual(hill, row, plausible(Rows(features, np.linspace(100, 180, 200)[:, None])), 0.2)
    assert found.steps == ()


def test_a_counterfactual_in_words_with_its_caution() -> None:
    found = counterfactual(_p, _ROW, _USUAL, 0.12)
    told = explained(_ROW, _scores(_ROW), _explain(_ROW), change=found)
    assert "The model would say" in told.clinician
    assert "no proof" in told.clinician
    assert "question for your care team" in told.patient
    none = counterfactual(_p, _ROW, _USUAL, 0.001)
    assert "nothing you could change" in explained(_ROW, _scores(_ROW), _explain(_ROW), change=none).patient


def test_broken_questions_are_refused() -> None:
    with pytest.raises(DataError, match="one row"):
        counterfactual(_p, _people(2), _USUAL, 0.2)
    with pytest.raises(InputError, match="target"):
        counterfactual(_p, _ROW, _USUAL, 0.0)


def test_stability_is_one_for_the_same_and_low_for_chance() -> None:
    rows = _people(100)
    same = stability([_explain(rows)] * 3, k=2)
    assert (same.rank, same.top, same.sign) == (pytest.approx(1.0), 1.0, 1.0)
    rng = np.random.default_rng(0)
    chance = [replace(_explain(rows), values=rng.normal(size=(100, 4))) for _ in range(6)]
    found = stability(chance, k=2)
    assert abs(found.rank) < 0.1
    assert found.top == pytest.approx(0.5, abs=0.05)
    assert found.sign == pytest.approx(0.5, abs=0.08)
    with pytest.raises(DataError, match="two or more"):
        stability([_explain(rows)])


def test_a_little_noise_moves_a_smooth_explanation_little() -> None:
    rows = _people(100)
    rows.values[0, 2] = np.nan
    found = shaken(_explain, rows, share=0.05)
    assert len(found) == 6
    assert stability(found, k=2).rank > 0.9
    assert (found[1].values[:, 3] == found[0].values[:, 3]).all()  # categories stay
    assert found[1].values[0, 2] == 0.0  # and gaps
    assert stability(shaken(_explain, rows, share=1.0), k=2).rank < stability(found, k=2).rank


def test_what_is_plausible_is_kept_without_the_people() -> None:
    assert set(_USUAL.values) == {"bp", "ldl", "smoking"}  # what can be acted on
    assert plausible_of(json.loads(json.dumps(_USUAL.to_dict()))) == _USUAL
    assert plausible(_people(8)).values == {"smoking": ()}  # of eight people nothing is told
    with pytest.raises(DataError, match="plausible values"):
        plausible_of({"bp": "high"})
