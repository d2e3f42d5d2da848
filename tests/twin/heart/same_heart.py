"""People of the twin's own model, measured with 5 % noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.linalg import qr

from vitruvian.twin.heart.fitting import ON_ORBIT, Fit, Seen, minimise, orbits, rest
from vitruvian.twin.heart.predict import POINTS, SCALARS
from vitruvian.twin.heart.unknowns import NAMES, SPREADS
from vitruvian.twin.heart.usual import usual

CLINIC = (
    "systolic",
    "diastolic",
    "edv",
    "esv",
    "stroke_volume",
    "ejection_fraction",
    "log_e_to_a",
    "contraction",
)
NOISE = 0.05
POINT = NOISE / np.sqrt(85 / POINTS)
"""Of a point of a curve that is sampled at 100 Hz with 5 % of noise in each sample."""


class Found(NamedTuple):
    """Fits of people, and what is true of them."""

    fit: Fit
    truth: np.ndarray
    sd: np.ndarray
    order: tuple[int, ...]
    """Unknowns from the most sensitive on, each by what those before it cannot do: QR with pivoting.

    Olufsen MS, Ottesen JT. J Math Biol 2013;67:39 (doi:10.1007/s00285-012-0535-8).
    """
    true_objective: np.ndarray
    seen: Seen


def fitted(count: int, *, curves: bool, seed: int) -> Found:
    """People drawn from the prior, measured with noise, and fitted without the truth."""
    generator = np.random.default_rng(seed)
    base = {name: np.full(count, value) for name, value in usual().items()}
    base["period"] = 60.0 / np.clip(generator.normal(70, 10, count), 45, 110)
    truth = generator.standard_normal((count, len(NAMES))) * SPREADS
    _, found = orbits(rest(truth, base), truth, base, limit=30)
    assert (found.off < ON_ORBIT).all()
    exact, first = found.quantity, len(SCALARS)
    sd = NOISE * np.abs(exact)
    sd[:, SCALARS.index("log_e_to_a")] = NOISE
    sd[:, first : first + POINTS] = POINT * exact[:, first : first + POINTS].mean(axis=1, keepdims=True)
    sd[:, first + POINTS :] = POINT * exact[:, first + POINTS :].max(axis=1, keepdims=True)
    value = exact + sd * generator.standard_normal(exact.shape)
    there = np.isin(np.arange(exact.shape[1]), [SCALARS.index(name) for name in CLINIC])
    there[first:] = curves
    precision = np.tile(np.diag(SPREADS**-2.0), (count, 1, 1))
    seen = Seen(value, there / sd, np.zeros_like(truth), precision)
    fit = minimise(seen, base)
    sds = np.sqrt(np.einsum("nqq->nq", np.linalg.inv(fit.hessian)))
    heart = [k for k, name in enumerate(NAMES) if name != "delay"]  # the delay of a curve is none of the heart
    scaled = (found.slope * seen.weight[:, :, None] * SPREADS).reshape(-1, len(NAMES))[:, heart]
    order = tuple(heart[k] for k in qr(scaled, mode="r", pivoting=True)[1])
    own = seen.weight * (seen.value - exact)
    true_objective = 0.5 * (own**2).sum(axis=1) + 0.5 * ((truth / SPREADS) ** 2).sum(axis=1)
    return Found(fit, truth, sds, order, true_objective, seen)
