"""Discrimination and calibration from counts of scores: sites add their histograms, and no score leaves a site."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from vitruvian.learn.trust import Conformal
from vitruvian.study.federated.network import probability

REACH, WIDTH = 8.0, 0.02
"""Log-odds are counted between ±REACH in steps of WIDTH; beyond, in the last."""
BINS = round(2 * REACH / WIDTH)
UNKNOWN = Conformal(0.9, np.full((1, 2), np.inf), np.zeros((1, 2), int))
"""Where nothing was held out: both events are in every set, and a model abstains."""
NORMAL_95 = 1.959963984540054


@dataclass(frozen=True)
class Evaluation:
    """Of all held-out rows together. AUROC with a 95 % interval (DeLong), Brier score, mean predicted and observed."""

    rows: int
    events: int
    auroc: float
    low: float
    high: float
    brier: float
    predicted: float
    observed: float
    sets: Conformal
    """Class by class at 90 %, from the same counts: limits are rounded up to a bin, so the promise holds."""


def counted(margin: Float[np.ndarray, " rows"], y: Float[np.ndarray, " rows"]) -> Float[np.ndarray, " terms"]:
    """A site's terms: counts of scores of rows without and with event, squared errors, predicted, observed, rows."""
    place = np.clip(((margin + REACH) / WIDTH).astype(int), 0, BINS - 1)
    p = probability(margin)
    counts = [np.bincount(place[y == event], minlength=BINS) for event in (0.0, 1.0)]
    return np.concatenate([*counts, [((p - y) ** 2).sum(), p.sum(), y.sum(), len(y)]])


def evaluation_of(total: Float[np.ndarray, " terms"]) -> Evaluation:
    """From the sum of `counted` over sites; not a number where no row, or every row, has the event."""
    counts = np.rint(total[: 2 * BINS]).astype(np.int64).reshape(2, BINS)
    error, predicted, observed, rows = total[2 * BINS :]
    rows = max(round(rows), 1)
    area, low, high = auroc_of(counts[0], counts[1])
    summed = (float(error / rows), float(predicted / rows), float(observed / rows))
    return Evaluation(rows, round(observed), area, low, high, *summed, _sets(counts))


def auroc_of(without: Int[np.ndarray, " bins"], with_event: Int[np.ndarray, " bins"]) -> tuple[float, float, float]:
    """Area and 95 % interval: DeLong's variance of binned scores (Biometrics 44 (1988) 837), on the logit scale."""
    m, n = int(with_event.sum()), int(without.sum())
    if m < 2 or n < 2:
        return np.nan, np.nan, np.nan
    below = (np.cumsum(without) - without / 2) / n
    above = (m - np.cumsum(with_event) + with_event / 2) / m
    area = float(below @ with_event / m)
    spread = [((v - area) ** 2 @ c) / (k - 1) / k for v, c, k in ((below, with_event, m), (above, without, n))]
    if not 0 < area < 1:
        return area, area, area
    middle, half = np.log(area / (1 - area)), NORMAL_95 * np.sqrt(sum(spread)) / (area * (1 - area))
    low, high = probability(np.array([middle - half, middle + half]))
    return area, float(low), float(high)


def _sets(counts: Int[np.ndarray, "2 bins"], level: float = 0.9) -> Conformal:
    """The limit of 1 - probability of each class: the ⌈(n + 1) level⌉-th smallest of its n scores, or none."""
    edges = probability(-REACH + WIDTH * np.arange(BINS + 1))
    edges[0], edges[-1] = 0.0, 1.0
    limits = np.full((1, 2), np.inf)
    for event, scores, wrongness in ((0, counts[0], edges[1:]), (1, counts[1][::-1], 1 - edges[:-1][::-1])):
        rank = int(np.ceil((scores.sum() + 1) * level))
        if rank <= scores.sum():
            limits[0, event] = wrongness[np.searchsorted(np.cumsum(scores), rank)]
    return Conformal(level, limits, counts.sum(axis=1)[None])
