"""When to take the next level: the time that is expected to teach most about a quantity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError
from vitruvian.infer.observation import draw_level, log_density
from vitruvian.infer.posterior import systematic
from vitruvian.model import Output


@dataclass(frozen=True)
class NextLevel:
    """Candidate times, the expected posterior standard deviation of the quantity after a level at each, and the best.

    `sd_now` is the standard deviation without a further level; units are those of the quantity and of the times given.
    """

    time: float
    sd_now: float
    times: Float[np.ndarray, " t"]
    expected_sd: Float[np.ndarray, " t"]

    @property
    def reduction(self) -> float:
        """Share of the variance that a level at the best time is expected to remove."""
        best = float(self.expected_sd[int(np.argmin(self.expected_sd))])
        return 1.0 - (best / self.sd_now) ** 2 if self.sd_now > 0 else 0.0


def next_level(
    values: Float[np.ndarray, " s"],
    weight: Float[np.ndarray, " s"],
    predicted: Float[np.ndarray, "s t"],
    times: Float[np.ndarray, " t"],
    output: Output,
    *,
    seed: int,
    outcomes: int = 100,
    draws: int = 500,
) -> NextLevel:
    """Time among `times` at which a level of `output` leaves the smallest expected variance of `values`.

    `values` is the quantity at each posterior draw (an AUC, a trough, a clearance), `predicted` the predictions at the
    candidate times. For each candidate, `outcomes` levels are drawn from the posterior predictive distribution; each
    reweighs the draws, and the variance of `values` that would remain is averaged. Deterministic in `seed`.
    """
    if predicted.shape != (len(values), len(times)) or not len(times):
        raise DataError("predictions for the next level", got=predicted.shape, allowed=(len(values), len(times)))
    if not (np.isfinite(predicted).all() and np.isfinite(values).all()):
        raise DataError("predictions for the next level are not finite")
    generator = np.random.default_rng(seed)
    kept = systematic(np.asarray(weight), draws, generator)
    value, f = np.asarray(values)[kept], np.asarray(predicted)[kept]
    truth = generator.integers(draws, size=outcomes)
    noise = generator.standard_normal(outcomes)
    expected = np.asarray([_remaining(value, f[:, t], output, truth, noise) for t in range(len(times))])
    best = int(np.argmin(expected))
    return NextLevel(float(times[best]), float(value.std()), np.asarray(times), np.sqrt(expected))


def _remaining(value: np.ndarray, f: np.ndarray, output: Output, truth: np.ndarray, noise: np.ndarray) -> float:
    """Expected variance of `value` after one level whose prediction at each draw is `f`."""
    level = draw_level(output.error, f[truth], noise)
    log_weight = log_density(output.error, f[None, :], level[:, None])
    w = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    w = w / w.sum(axis=1, keepdims=True)
    mean = w @ value
    return float(np.mean(w @ value**2 - mean**2))
