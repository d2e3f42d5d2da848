"""Random, legal event records of every kind, with many ties in time."""

from __future__ import annotations

import numpy as np

from vitruvian.model import Subject

COVARIATES = ("WT", "F1", "F2", "L1", "L2", "D1", "D2", "R1", "R2")


def random_subject(seed: int) -> Subject:
    """One person's records: EVID 0–4, ADDL, SS 1 and 2, all kinds of RATE, lags, covariates that change."""
    g = np.random.default_rng(seed)
    n = int(g.integers(5, 13))
    time = np.sort(g.choice(np.arange(0, 48, 0.5), n))
    evid = g.choice([0, 0, 0, 1, 1, 1, 2, 3, 4], n)
    evid[-1] = 0
    if not np.isin(evid, (1, 4)).any():
        evid[0] = 1
    amt, rate, ii, addl, ss = (np.zeros(n) for _ in range(5))
    cmt = g.integers(0, 3, n)
    for i in np.flatnonzero(np.isin(evid, (1, 4))):
        amt[i] = g.choice([50.0, 100.0, 120.0])
        rate[i] = g.choice([0.0, 0.0, 10.0, 25.0, 60.0, -1.0, -2.0])
        if g.random() < 0.5:
            ii[i], addl[i] = g.choice([3.0, 4.0, 6.0, 8.0, 12.0]), g.integers(0, 6)
            ss[i] = g.choice([0, 1, 2])
        elif g.random() < 0.15:
            amt[i], rate[i], ss[i] = 0.0, g.choice([5.0, 12.0]), g.choice([1, 2])
    steady = bool(g.random() < 0.5)
    size = 1 if steady else n
    draw = {
        "WT": g.uniform(50, 100, size),
        "F1": g.choice([1.0, 0.5, 1.4], size),
        "F2": g.choice([1.0, 0.0, 0.7], size),
        "L1": g.choice([0.0, 0.5, 1.0, 1.37], size),
        "L2": g.choice([0.0, 0.0, 1.5, 2.21], size),
        "D1": g.choice([2.0, 4.5, 7.0], size),
        "D2": g.choice([1.0, 3.0, 8.2], size),
        "R1": g.choice([20.0, 33.0], size),
        "R2": g.choice([17.0, 40.0], size),
    }
    none = np.full(n, np.nan)
    return Subject(
        str(seed), time, evid, amt, rate, ii, addl.astype(int), ss.astype(int), cmt, none, np.ones(n, int),
        np.zeros(n, int), np.zeros(n, bool), none, np.zeros(n, int),
        {k: np.broadcast_to(v, n).copy() for k, v in draw.items()},
    )  # fmt: skip
