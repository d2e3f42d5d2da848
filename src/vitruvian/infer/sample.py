"""The posterior of everybody, by the cheapest method that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import numpy as np

from vitruvian.core import InputError
from vitruvian.infer.importance import adapt, importance
from vitruvian.infer.map import map_estimate
from vitruvian.infer.posterior import Posterior
from vitruvian.infer.prior import Prior
from vitruvian.model import EventTable, Model

Method = Literal["auto", "importance", "nuts"]


def posterior(
    model: Model,
    table: EventTable,
    *,
    draws: int = 1000,
    seed: int,
    method: Method = "auto",
    theta: Mapping[str, float] | None = None,
    prior: Prior | None = None,
    starts: int = 1,
) -> Posterior:
    """Posterior of everybody in `table`.

    "importance" takes a t proposal at the mode; "nuts" the No-U-Turn sampler; "auto" importance sampling, then an
    adapted proposal, then the No-U-Turn sampler for those people whose draws are still not reliable.
    Deterministic in `seed`, and for each person whoever else is in the table.
    """
    if method not in ("auto", "importance", "nuts"):
        raise InputError("unknown inference method", got=method, allowed="auto, importance, nuts")
    estimate = map_estimate(model, table, theta=theta, prior=prior, starts=starts, covariance="exact", seed=seed)
    first = importance(model, table, estimate, draws=draws, seed=seed)
    if method == "importance" or (method == "auto" and first.reliable.all()):
        return first
    # numpyro takes a second to import; most people never need it
    from vitruvian.infer.nuts import refine

    if method == "nuts":
        return refine(first, seed=seed, who=np.asarray([m != "prior" for m in first.method]))
    better = adapt(first, seed=seed)
    return better if better.reliable.all() else refine(better, seed=seed, who=~better.reliable)
