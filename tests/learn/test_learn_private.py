"""Privacy: golden epsilons, exact noise, what a person can change at most, and audits that catch a broken clip."""

from __future__ import annotations

import dataclasses
import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.learn.private import (
    Mechanism,
    Randomness,
    Setting,
    audit_canaries,
    audit_membership,
    audit_training,
    epsilon_of,
    noise_for,
    private_count,
    private_histogram,
    private_mean,
    private_quantile,
    train_private,
)
from vitruvian.learn.private.discrete import discrete_gaussian, discrete_laplace, permute_and_flip
from vitruvian.learn.private.people import owners

pytest.importorskip("jax_privacy", reason="needs the extra learn")
DELTA = 1e-5
SEED = Randomness.of_seed(1)


# dp-accounting 0.6.0, Poisson sampling, delta 1e-5: the rows of the reference sheet on prediction
@pytest.mark.parametrize(
    ("rate", "noise", "times", "rdp", "pld"),
    [(0.01, 1.0, 1000, 2.1014, 1.8282), (256 / 60000, 1.3, 14062, 1.9890, 1.8237)],
)
def test_golden_epsilons(rate: float, noise: float, times: int, rdp: float, pld: float) -> None:
    spent = [Mechanism("gaussian", noise, times, rate)]
    assert epsilon_of(spent, DELTA, by="rdp") == pytest.approx(rdp, abs=5e-5)
    assert epsilon_of(spent, DELTA) == pytest.approx(pld, abs=5e-5)
    assert pld < epsilon_of(spent, DELTA, step=1e-3) < pld * 1.01, "a coarser grid is never too low"


def test_epsilon_of_one_gaussian_is_the_exact_one() -> None:
    """Balle and Wang 2018 (arXiv:1805.06530), theorem 8: delta as a function of epsilon, solved for epsilon."""
    from scipy.optimize import brentq
    from scipy.stats import norm

    def delta(epsilon: float, noise: float) -> float:
        a, b = 1 / (2 * noise), epsilon * noise
        return float(norm.cdf(a - b) - math.exp(epsilon) * norm.cdf(-a - b))

    exact = brentq(lambda epsilon: delta(epsilon, 4.0) - DELTA, 0.01, 10)
    assert epsilon_of([Mechanism("gaussian", 4.0)], DELTA) == pytest.approx(exact, rel=1e-3)
    four = epsilon_of([Mechanism("gaussian", 8.0, times=4)], DELTA)
    assert four == pytest.approx(exact, rel=2e-3), "four looks with twice the noise cost one look"
    assert noise_for(exact, DELTA) == pytest.approx(4.0, rel=1e-3)
    assert noise_for(exact, DELTA, times=4) == pytest.approx(8.0, rel=1e-3)


def test_composition_costs_and_noise_keeps_to_a_target() -> None:
    pure, counted = Mechanism("pure", 2.0), Mechanism("discrete_laplace", 1.0)
    assert epsilon_of([], DELTA) == 0
    assert epsilon_of([pure], 1e-12) == pytest.approx(0.5, abs=1e-3)
    assert epsilon_of([pure, counted], 1e-12) == pytest.approx(1.5, abs=2e-3)
    noise = Setting.for_epsilon(2.0, DELTA, clip=1.0, rate=0.2, steps=30).noise
    for factor, holds in ((1.0, True), (0.98, False)):
        cost = epsilon_of([Mechanism("gaussian", noise * factor, 30, 0.2)], DELTA, step=1e-3)
        assert (cost <= 2.0) is holds
    with pytest.raises(InputError, match="no noise keeps"):
        noise_for(0.4, DELTA, beside=[pure])


def test_wrong_mechanisms_are_refused() -> None:
    for wrong in (("gauss", 1.0), ("pure", 0.0), ("pure", 1.0, 0)):
        with pytest.raises(InputError):
            Mechanism(*wrong)  # type: ignore[arg-type]
    with pytest.raises(UnsupportedError, match="sampling"):
        Mechanism("laplace", 1.0, rate=0.5)
    with pytest.raises(UnsupportedError, match="Rényi"):
        epsilon_of([Mechanism("pure", 1.0)], DELTA, by="rdp")
    with pytest.raises(InputError, match="delta"):
        epsilon_of([], 0.0)
    told = Mechanism("gaussian", 1.5, 3, 0.1)
    assert Mechanism.from_json(told.to_json()) == told
    with pytest.raises(DataError):
        Mechanism.from_json({"kind": "gaussian"})


def test_exact_samplers_have_their_distributions() -> None:
    coins = SEED.coins("samplers")
    for draw, weight in (
        (lambda: discrete_laplace(Fraction(3, 2), coins), lambda k: math.exp(-abs(k) / 1.5)),
        (lambda: discrete_gaussian(Fraction(7, 4), coins), lambda k: math.exp(-(k**2) / (2 * 1.75**2))),
    ):
        drawn, whole = Counter(draw() for _ in range(4000)), sum(weight(k) for k in range(-60, 61))
        expected = {k: 4000 * weight(k) / whole for k in range(-3, 4)}
        chi = sum((drawn[k] - e) ** 2 / e for k, e in expected.items())
        assert chi < 24.3, "the 99.9 % point of chi-squared with 7 degrees"
    flips = Counter(permute_and_flip([0, 1, 9], Fraction(1), coins) for _ in range(4000))
    stays = math.exp(-1)
    assert flips[1] / 4000 == pytest.approx(stays / 2, abs=0.025), "tried first half of the time"
    normal = coins.normal(20_000)
    assert abs(normal.mean()) < 0.03
    assert normal.std() == pytest.approx(1, abs=0.02)
    assert coins.chosen(10_000, 0.3).mean() == pytest.approx(0.3, abs=0.02)


def test_secret_coins_are_never_the_same_and_seeded_ones_always() -> None:
    secret = Randomness.secret()
    assert secret.coins("a").below(2**64) != secret.coins("a").below(2**64)
    assert SEED.coins("a").below(2**64) == Randomness.of_seed(1).coins("a").below(2**64)
    assert SEED.coins("a").below(2**64) != SEED.coins("b").below(2**64)
    assert not private_count(5, 1.0).seeded
    assert private_count(5, 1.0, randomness=SEED).seeded
    with pytest.raises(InputError):
        Randomness.of_seed(-1)


def test_statistics_are_near_the_truth_and_cost_what_they_say() -> None:
    rng = np.random.default_rng(4)
    ages = rng.normal(60, 15, 5000)
    for delta in (0.0, 1e-6):
        told = [
            (private_count(5000, 1.0, delta=delta, randomness=SEED), 5000),
            (private_mean(ages, 0, 120, 1.0, delta=delta, randomness=SEED), ages.mean()),
        ]
        for found, truth in told:
            assert found.margin is not None
            assert abs(found.value - truth) < 2 * found.margin + 0.01
            assert epsilon_of(found.spent, delta or 1e-12) <= 1.002
    median = private_quantile(ages, 0.5, 0, 120, 1.0, randomness=SEED)
    assert median.value == pytest.approx(np.median(ages), abs=1)
    assert median.margin is None
    counts = private_histogram(["a"] * 900 + ["b"] * 100, ["a", "b", "c"], 1.0, randomness=SEED)
    assert {k: round(v, -2) for k, v in counts.counts.items()} == {"a": 900, "b": 100, "c": 0}
    extreme = private_mean(np.array([1e9, -1e9]), 0, 1, 1.0, randomness=SEED)
    assert 0 <= extreme.value <= 1


def test_one_person_changes_a_count_as_little_as_promised() -> None:
    """Empirical: no outcome is more than e^epsilon times as likely with the person as without."""
    coins, epsilon, runs = SEED.coins("promise"), 1.0, 6000
    noise = Fraction(1)
    with_, without = (Counter(n + discrete_laplace(noise, coins) for _ in range(runs)) for n in (11, 10))
    for value in range(8, 14):
        ratio = math.log(with_[value] / without[value])
        error = math.sqrt(1 / with_[value] + 1 / without[value])
        assert abs(ratio) < epsilon + 4 * error


def test_statistics_refuse_what_they_cannot_answer() -> None:
    with pytest.raises(DataError, match="1 of 2"):
        private_mean(np.array([1.0, np.nan]), 0, 1, 1.0)
    with pytest.raises(InputError, match="bounds"):
        private_mean(np.array([1.0]), 1, 1, 1.0)
    with pytest.raises(DataError, match="1 of 3"):
        private_histogram(["a", "a", "z"], ["a"], 1.0)
    with pytest.raises(InputError, match="budget"):
        private_count(5, 0.0)
    with pytest.raises(InputError, match="quantile"):
        private_quantile(np.array([1.0]), 1.5, 0, 1, 1.0)


# -- training -----------------------------------------------------------------------------------------------------

PEOPLE, FEATURES = 300, 5
RNG = np.random.default_rng(0)
X = RNG.normal(size=(2 * PEOPLE, FEATURES))
WINDOWS = {"x": X, "y": (X[:, 0] > 0).astype(float)}
WHOSE = np.repeat(np.arange(PEOPLE), 2)
SETTING = Setting(1.0, 2.5006, 0.2, 30, windows=2, microbatch=32, learning_rate=0.1)  # epsilon 2


def losses(parameters: Any, windows: Any) -> Any:
    import jax.numpy as jnp

    margin = windows["x"] @ parameters
    return jnp.logaddexp(0, margin) - windows["y"] * margin


def test_training_learns_within_its_budget() -> None:
    run = train_private(losses, np.zeros(FEATURES), WINDOWS, WHOSE, SETTING, randomness=SEED)
    right = ((X @ np.asarray(run.parameters) > 0) == (WINDOWS["y"] > 0)).mean()
    assert right > 0.85
    assert 1.98 < run.epsilon(DELTA) <= 2.0
    assert run.seeded
    assert run.people == PEOPLE
    assert run.mean_batch == pytest.approx(60, abs=6), "people, not windows, are drawn"
    again = train_private(losses, np.zeros(FEATURES), WINDOWS, WHOSE, SETTING, randomness=SEED)
    assert np.array_equal(run.parameters, again.parameters)
    secret = train_private(losses, np.zeros(FEATURES), WINDOWS, WHOSE, SETTING)
    assert not np.array_equal(run.parameters, secret.parameters)
    assert not secret.seeded


def test_a_person_with_a_thousand_windows_moves_the_sum_by_the_clip() -> None:
    import jax

    from vitruvian.learn.private.sgd import clipped_sum

    setting = dataclasses.replace(SETTING, windows=1000, microbatch=1)
    summed = jax.jit(clipped_sum(losses, setting))
    rows = {"x": np.full((2, 1000, FEATURES), 1e6), "y": np.zeros((2, 1000))}
    weights = np.full((2, 1000), 1 / 1000)
    one = summed(np.zeros(FEATURES), rows, weights, np.array([False, True]))
    both = summed(np.zeros(FEATURES), rows, weights, np.array([False, False]))
    assert np.linalg.norm(one) == pytest.approx(1.0)
    assert np.linalg.norm(both) == pytest.approx(2.0)


def test_batches_are_drawn_by_person_with_at_most_so_many_windows() -> None:
    whose = owners(["a", "b", "a", "c", "a", "c"])
    rows, weights = whose.rows_of(np.array([0, 1, 2]), 2, SEED.coins("rows"))
    assert set(rows[0]) < {0, 2, 4}
    assert rows[1][0] == 1
    assert set(rows[2]) == {3, 5}
    assert weights.tolist() == [[0.5, 0.5], [1.0, 0.0], [0.5, 0.5]]
    assert whose.weight().tolist() == pytest.approx([1 / 3, 1, 1 / 3, 1 / 2, 1 / 3, 1 / 2])
    assert whose.weight(2).tolist() == pytest.approx([1 / 3, 1 / 2, 1 / 3, 1 / 2, 1 / 3, 1 / 2])
    with pytest.raises(DataError, match="1 of 2 rows"):
        owners(["a", ""])


def test_batches_are_never_cut_and_nobody_is_in_one_twice() -> None:
    from vitruvian.learn.private.sgd import _batch

    whose, coins = owners([f"p{k:03d}" for k in range(100)]), SEED.coins("batches")
    sizes = []
    for _ in range(200):
        rows, weights, nobody = _batch(whose, coins, dataclasses.replace(SETTING, rate=0.3, windows=1, microbatch=8))
        there = rows[~nobody, 0]
        assert len(set(there)) == len(there)
        assert (weights.sum(1) == 1).all()
        assert len(nobody) % 8 == 0
        at = nobody.reshape(8, -1).T.ravel()  # in the order of microbatches
        assert not (at[:-1] & ~at[1:]).any(), "nobody's places come last"
        sizes.append(len(there))
    assert np.mean(sizes) == pytest.approx(30, abs=1.5)
    assert np.var(sizes) == pytest.approx(21, rel=0.4), "a coin for each person, not batches of one size"
    rows, _, nobody = _batch(whose, coins, dataclasses.replace(SETTING, rate=1.0, windows=1, microbatch=8))
    assert sorted(rows[~nobody, 0]) == list(range(100))


@contextmanager
def broken_clip(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The clip left out; nobody's gradient is still nothing."""
    import jax
    import jax.numpy as jnp
    from jax_privacy import clipping

    def unclipped(tree: Any, **told: Any) -> tuple[Any, Any]:
        return jax.tree.map(lambda x: jnp.where(told["return_zero"], 0, x), tree), jnp.zeros(())

    with monkeypatch.context() as patched:
        patched.setattr(clipping, "clip_pytree", unclipped)
        yield


def test_an_audit_catches_a_broken_clip(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {"delta": DELTA, "canaries": 200, "randomness": SEED}
    begin = np.zeros(FEATURES)
    sound = audit_training(losses, begin, WINDOWS, WHOSE, SETTING, **told)
    assert sound.holds
    assert sound.claimed == pytest.approx(2.0, abs=0.02)
    assert sound.highest > sound.claimed, "it could have shown more"
    assert 0.5 < sound.auroc < 0.9
    with broken_clip(monkeypatch):
        broken = audit_training(losses, begin, WINDOWS, WHOSE, SETTING, **told)
    assert not broken.holds
    assert broken.lowest > 2.5
    assert "REFUTED" in str(broken)


@pytest.mark.slow
def test_an_audit_catches_too_little_noise() -> None:
    quiet = dataclasses.replace(SETTING, noise=0.1)
    told: dict[str, Any] = {"delta": DELTA, "canaries": 200, "claimed": 2.0, "randomness": SEED}
    assert not audit_training(losses, np.zeros(FEATURES), WINDOWS, WHOSE, quiet, **told).holds


def test_membership_audit_bounds_what_an_attack_shows() -> None:
    rng = np.random.default_rng(3)
    none = audit_membership(rng.normal(size=400), rng.normal(size=400), claimed=1.0)
    assert none.holds
    assert none.lowest < 0.3
    assert none.auroc == pytest.approx(0.5, abs=0.05)
    told = audit_membership(rng.normal(4, 1, 400), rng.normal(size=400), claimed=1.0)
    assert not told.holds
    assert told.lowest <= told.highest
    with pytest.raises(DataError, match="finite"):
        audit_membership(np.array([np.nan]), np.array([0.0]))
    with pytest.raises(InputError, match="20 or more"):
        audit_canaries(lambda included: included + 0.0, 5, claimed=1.0, delta=DELTA, randomness=SEED)


def test_a_promise_that_holds_is_not_refuted_by_chance() -> None:
    """Randomised response at epsilon 1 itself, 20 times at 95 %: refuted at most three times (chance 1.6 %)."""
    refuted = 0
    for seed in range(20):
        told = Randomness.of_seed(seed)
        truth = 1 / (1 + math.exp(-1.0))

        def attack(included: np.ndarray, told: Randomness = told, truth: float = truth) -> np.ndarray:
            kept = told.coins("response").chosen(len(included), truth)
            return np.where(kept, included, ~included) + 0.0

        refuted += not audit_canaries(attack, 500, claimed=1.0, delta=1e-6, randomness=told).holds
    assert refuted <= 3


def test_training_refuses_what_is_wrong() -> None:
    with pytest.raises(InputError, match="hide among"):
        train_private(losses, np.zeros(FEATURES), {"x": X[:2], "y": WINDOWS["y"][:2]}, ["a", "a"], SETTING)
    with pytest.raises(DataError, match="differ in number"):
        train_private(losses, np.zeros(FEATURES), WINDOWS, WHOSE[:-1], SETTING)
    with pytest.raises(InputError, match="setting"):
        dataclasses.replace(SETTING, rate=0.0)
    with pytest.raises(InputError, match="above 0"):
        dataclasses.replace(SETTING, clip=0.0)
