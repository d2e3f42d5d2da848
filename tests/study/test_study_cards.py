"""Cards say what was measured: every number of the evaluation is in them, and nothing is claimed by hand."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import Source
from vitruvian.learn import Contributions, Feature, Learned, Manifest, Rows, Scores, Target
from vitruvian.learn.trust import (
    Card,
    Scored,
    class_conditional,
    drift,
    markdown,
    mitigations,
    outcomes,
    stability,
)
from vitruvian.reports import card_report
from vitruvian.study.cards import data_sheet, model_card
from vitruvian.study.learning import Examples, Judged, judge

_FEATURES = (
    Feature("age", "Age", "a", low=18, high=100),
    Feature("bp", "Pressure", "mmHg", actionable=True),
    Feature("ward", "Ward | bed", kind="category", categories=("a", "b<script>")),
)


class _Plain(Learned):
    """A logistic model of two numbers."""

    name, title, version, features = "plain", "A plain model", "3", _FEATURES
    target = Target("death", "Death", events=("survives", "dies"), horizon="P30D")
    sources = (Source("Nobody. Journal of None 2026;1:1"),)
    manifest = Manifest({"set_a.csv": "0" * 32}, "abcdef", 7, 800, {"numpy": "2.4"}, "2026-01-01T00:00:00+00:00",
                        {"task": "plain", "long": "x" * 500})  # fmt: skip

    def predict(self, rows: Rows) -> Scores:
        raise NotImplementedError

    def explain(self, rows: Rows) -> Contributions:
        values = rows.values * np.array([0.05, 0.03, 0.0])
        return Contributions(rows.features, np.zeros(len(rows)), values, values.sum(1))


def _examples(seed: int = 0, n: int = 800) -> Examples:
    rng = np.random.default_rng(seed)
    values = np.column_stack([rng.uniform(30, 90, n), rng.normal(130, 20, n), rng.integers(0, 2, n)]).astype(float)
    label = rng.random(n) < _risk(values)
    values[rng.random(n) < 0.25, 1] = np.nan
    ids = tuple(f"r{k}" for k in range(n))
    return Examples(Rows(_FEATURES, values, ids), label, ids, {"set_a.csv": "0" * 32}, {"too young": 12}, {})


def _risk(values: np.ndarray) -> np.ndarray:
    x = 0.05 * (values[:, 0] - 70) + 0.03 * (np.nan_to_num(values[:, 1], nan=130) - 130)
    return 1 / (1 + np.exp(1.0 - x))


def _judged(examples: Examples) -> Judged:
    p = _risk(examples.rows.values)
    sets = class_conditional(outcomes(p), examples.label).sets(outcomes(p))
    ward = [("a", "b<script>")[int(one)] for one in examples.rows.values[:, 2]]
    floors = {"everybody alike": np.full(len(p), 0.3) + 1e-3 * p}
    return judge("set b", p, examples.label, examples.people, sets, level=0.9, threshold=0.3, floors=floors,
                 groups={"Ward": ward}, draws=60)  # fmt: skip


@pytest.fixture(scope="module")
def card() -> Card:
    examples, model = _examples(), _Plain()
    p, group = _risk(examples.rows.values), examples.rows.values[:, 2].astype(str)
    half = np.arange(len(p)) < 400
    ways = mitigations(
        Scored(p[half], examples.label[half], group[half]),
        Scored(p[~half], examples.label[~half], group[~half]),
        draws=30,
    )
    return model_card(
        model, [_judged(examples)], use="To weigh among other things.", limits=("Made-up people.",),
        stable=stability([model.explain(examples.rows)] * 2, k=2), ways=ways,
        drift=drift(examples.rows, _examples(1).rows, permutations=20),
    )  # fmt: skip


def test_every_part_is_there_with_its_numbers(card: Card) -> None:
    text, judged = markdown(card), _judged(_examples())
    titles = re.findall(r"^## (.*)$", text, re.M)
    assert titles == [
        "Model", "Use", "Limits", "Performance: set b", "Calibration: set b", "Prediction sets: set b",
        "Fairness: set b", "Mitigation compared", "Stability of explanations", "Drift", "Features", "Origin",
    ]  # fmt: skip
    for one in (judged.measures["auroc"], judged.calibration.slope, *judged.coverage.by_event, judged.groups[0].auroc):
        assert str(one) in text
    assert f"{judged.n:,} rows of {judged.people:,} people, {judged.events:,} events." in text
    assert "Made-up people." in text
    assert "reweighed" not in text  # no way is told that was not tried
    assert "| too few |" not in text


def test_what_is_no_gain_is_not_called_one(card: Card) -> None:
    (row,) = [one for one in markdown(card).splitlines() if one.startswith("| everybody alike")]
    assert "may be nought" in row  # of AUROC: the floor ranks alike
    assert row.count("may be nought") == 1


def test_origin_and_marks_in_names(card: Card) -> None:
    text = markdown(card)
    assert "| data: set_a.csv | " + "0" * 32 in text
    assert "xxxx" not in text  # settings longer than a line are the model's, not the card's
    assert "Ward \\| bed" in text


def test_the_page_stands_alone_and_runs_nothing(card: Card, tmp_path: Path) -> None:
    page = card_report(card, tmp_path / "card.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "b&lt;script&gt;" in page
    assert "<script" not in page
    assert "src=" not in page


def test_the_data_sheet_says_what_is_in_and_what_is_not() -> None:
    examples = _examples()
    text = markdown(data_sheet("Stays", examples, why="To learn.", collected="Made up.", rights="None."))
    n, events = len(examples), int(examples.label.sum())
    assert f"{n:,} rows of {n:,} people; {events:,} events ({100 * events / n:.1f} %)." in text
    missing = np.isnan(examples.rows.values[:, 1]).mean()
    assert f"| Pressure | mmHg | {np.nanmedian(examples.rows.values[:, 1]):.4g}" in text
    assert f"{100 * missing:.1f} % |" in text
    assert "| too young | 12 |" in text
    assert "Nothing." in text  # doubtful
