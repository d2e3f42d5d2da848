"""Averaging over several published models of one drug."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from vitruvian.infer.mixture import Mixture, weigh
from vitruvian.infer.posterior import Posterior


def average(
    posteriors: Sequence[Posterior],
    prior_weights: Sequence[float] | None = None,
    *,
    by: Literal["marginal", "ofv"] = "marginal",
) -> Mixture:
    """Models of one drug, weighed by how well each explains the same data.

    "marginal" weighs by the marginal likelihood p(data | model) from importance sampling; "ofv" by exp(−OFV/2) of the
    individual objective as in Uster et al., Clin Pharmacol Ther 2021;109:175, doi:10.1002/cpt.2065. Without
    `prior_weights` every model starts equal; without data the prior weights stay. `Mixture.between_sd` tells how far
    the models disagree on a quantity.
    """
    prior = [1.0] * len(posteriors) if prior_weights is None else list(prior_weights)
    evidence = None
    if by == "ofv":
        evidence = np.stack([-0.5 * p.estimate.ofv for p in posteriors], axis=1)
        untaught = ~np.asarray(posteriors[0].table.observations.mask).any(axis=1)
        evidence[untaught] = 0.0
    return weigh(posteriors, prior, labels=[p.model.name for p in posteriors], log_evidence=evidence)
