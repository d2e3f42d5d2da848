"""Private trees: they learn, keep their promise to people and their sets, are their own explanation, and are kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.learn import Feature, Rows, Target, load, save
from vitruvian.learn.private import Boosting, PrivateTrees, Randomness, audit_canaries, epsilon_of, fit_private_trees
from vitruvian.learn.private import trees as trees_file

pytest.importorskip("jax_privacy", reason="needs the extra learn")
DELTA = 1e-5
SEED = Randomness.of_seed(1)
EVENT = Target("event", "Event", horizon="P30D")
FEATURES = (
    Feature("a", "A", low=-4, high=4),
    Feature("b", "B", low=0, high=20),
    Feature("c", "C", low=-4, high=4),
    Feature("d", "D", kind="category", categories=("x", "y", "z")),
)


def made(count: int, seed: int) -> tuple[Rows, np.ndarray]:
    """Rows whose margin bends in a, steps in b, and jumps at category z; c tells nothing; a tenth of a is missing."""
    rng = np.random.default_rng(seed)
    x = np.stack([rng.normal(size=count), np.exp(rng.normal(size=count)), rng.normal(size=count)], 1)
    x = np.column_stack([np.clip(x, [-4, 0, -4], [4, 20, 4]), rng.integers(0, 3, count)])
    margin = -2 + 1.2 * x[:, 0] + np.sin(2 * x[:, 0]) + 0.8 * (x[:, 3] == 2) - 0.7 * (x[:, 1] > 1)
    label = rng.uniform(size=count) < 1 / (1 + np.exp(-margin))
    x[rng.uniform(size=count) < 0.1, 0] = np.nan
    return Rows(FEATURES, x), label


def auroc(score: np.ndarray, label: np.ndarray) -> float:
    rank = score.argsort().argsort() + 1.0
    return float((rank[label].mean() - (label.sum() + 1) / 2) / (~label).sum())


@pytest.fixture(scope="module")
def model() -> PrivateTrees:
    rows, label = made(6000, 0)
    people = [f"p{k // 2}" for k in range(6000)]
    return fit_private_trees(rows, label, people, epsilon=1.0, delta=DELTA, target=EVENT, randomness=SEED)


def test_they_learn_at_epsilon_1(model: PrivateTrees) -> None:
    rows, label = made(4000, 1)
    scores = model.predict(rows)
    probability = scores.probability[:, 1]
    assert auroc(probability, label) > 0.79
    assert probability.mean() == pytest.approx(label.mean(), abs=0.03)
    assert epsilon_of(model.spent, DELTA) == pytest.approx(1.0, abs=0.01)
    assert model.seeded
    for event in (0, 1):
        assert scores.sets[label == event, event].mean() > 0.88, "sets keep their promise, on the wide side"
    assert scores.sets.sum(1).mean() < 1.9


def test_they_are_their_own_explanation(model: PrivateTrees) -> None:
    rows, _ = made(500, 2)
    told, scores = model.explain(rows), model.predict(rows)
    assert told.margin == pytest.approx(told.base + told.values.sum(1))
    assert 1 / (1 + np.exp(-told.margin)) == pytest.approx(scores.probability[:, 1])
    weight = np.abs(told.values).mean(0)
    assert weight[0] > 3 * weight[2], "a tells most, c nothing"
    outside = Rows(FEATURES, np.array([[9.0, 1.0, 0.0, 0.0]]))
    assert model.predict(outside).abstained[0]
    assert "outside" in model.predict(outside).why[0]


def test_they_are_kept_as_a_folder(model: PrivateTrees, tmp_path: Path) -> None:
    save(model, tmp_path / "model")
    again, (rows, _) = load(tmp_path / "model"), made(50, 3)
    assert isinstance(again, PrivateTrees)
    assert np.array_equal(again.predict(rows).probability, model.predict(rows).probability)
    assert (again.spent, again.seeded, again.sets) == (model.spent, model.seeded, model.sets)


def test_the_same_seed_is_the_same_model_and_secrets_are_not() -> None:
    rows, label = made(400, 4)
    told: dict[str, Any] = {"epsilon": 1.0, "delta": DELTA, "target": EVENT, "boosting": Boosting(3)}
    models = [fit_private_trees(rows, label, np.arange(400), **told, randomness=one) for one in (SEED, SEED, None)]
    assert np.array_equal(models[0].curves[0], models[1].curves[0])
    assert not np.array_equal(models[0].curves[0], models[2].curves[0])
    assert not models[2].seeded


def test_a_person_with_many_rows_counts_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything that touches people moves by at most 1 (norm) when a person with 500 rows comes."""
    seen: list[np.ndarray] = []

    def watched(sums: np.ndarray, reach: float, noise: float, coins: Any) -> np.ndarray:
        assert reach == 1.0
        seen.append(np.array(sums))
        return sums

    monkeypatch.setattr(trees_file, "noised", watched)
    rows, label = made(300, 5)
    heavy = np.concatenate([rows.values, np.tile(rows.values[:1], (500, 1))])
    more, names = Rows(FEATURES, heavy), [f"{k:03d}" for k in range(300)]
    told: dict[str, Any] = {"epsilon": 1.0, "delta": DELTA, "target": EVENT, "boosting": Boosting(1)}
    fit_private_trees(rows, label, names, **told, randomness=SEED)
    without, seen[:] = list(seen), []
    fit_private_trees(more, np.r_[label, np.ones(500, bool)], names + ["300"] * 500, **told, randomness=SEED)
    looks = 1 + len(FEATURES)  # later ones follow other margins, which noise would hide
    assert len(seen) == 1 + 2 * len(FEATURES)
    for before, after in zip(without[:looks], seen[:looks], strict=True):
        assert np.linalg.norm(after - before) <= 1 + 1e-9


def test_an_audit_catches_noise_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each canary has a column of its own; what the curve says of it tells whether it took part."""
    count, canaries = 400, 60
    rng = np.random.default_rng(0)
    label = rng.uniform(size=count) < 0.5
    columns = tuple(Feature(f"c{k}", f"C{k}", kind="category", categories=("no", "me")) for k in range(canaries))

    def attack(included: np.ndarray) -> np.ndarray:
        planted = np.flatnonzero(included)
        values = np.zeros((count + len(planted), canaries))
        values[count + np.arange(len(planted)), planted] = 1
        told: dict[str, Any] = {"epsilon": 0.5, "delta": DELTA, "target": EVENT, "boosting": Boosting(8, leaves=2)}
        whole = np.r_[label, np.ones(len(planted), bool)]
        model = fit_private_trees(Rows(columns, values), whole, np.arange(len(values)), **told, randomness=SEED)
        return np.array([curve[1] for curve in model.curves])

    def judged() -> Any:
        return audit_canaries(attack, canaries, claimed=0.5, delta=DELTA, randomness=Randomness.of_seed(5))

    assert judged().holds
    real = trees_file.noised
    monkeypatch.setattr(trees_file, "noised", lambda sums, reach, noise, coins: real(sums, reach, noise / 1e4, coins))
    broken = judged()
    assert not broken.holds
    assert broken.lowest > 1


def test_what_cannot_be_private_is_refused() -> None:
    rows, label = made(60, 6)
    told: dict[str, Any] = {"epsilon": 1.0, "delta": DELTA, "target": EVENT}
    loose = Rows((Feature("a", "A"), *FEATURES[1:]), rows.values)
    with pytest.raises(DataError, match="numbers without bounds; got a"):
        fit_private_trees(loose, label, np.arange(60), **told)
    with pytest.raises(DataError, match="differ in number"):
        fit_private_trees(rows, label[:-1], np.arange(60), **told)
    with pytest.raises(InputError, match="hide among"):
        fit_private_trees(rows, label, ["one"] * 60, **told)
    with pytest.raises(InputError, match="settings"):
        Boosting(rounds=0)
