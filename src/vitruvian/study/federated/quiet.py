"""A site's terms with differential privacy: each person's weight is bounded, and noise is added before anybody sees.

Each site adds a share of the noise, so large that the noise of as few sites as a sum needs is enough. The sum is the
Gaussian mechanism on the people of all sites together; each site's own terms are hidden by the secure sum.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int

from vitruvian.learn.private import Mechanism, Randomness
from vitruvian.study.federated.local import Shard
from vitruvian.study.federated.network import Network
from vitruvian.study.federated.plan import Plan, Privacy


def person_means(
    values: Float[np.ndarray, "rows n"], people: Int[np.ndarray, " rows"]
) -> Float[np.ndarray, "people n"]:
    """Means of the rows of each person: a person with many rows weighs one."""
    _, place, count = np.unique(people, return_inverse=True, return_counts=True)
    total = np.zeros((len(count), values.shape[1]))
    np.add.at(total, place.reshape(-1), values)
    return total / count[:, None]


def clipped(values: Float[np.ndarray, "people n"], most: float) -> Float[np.ndarray, "people n"]:
    """Rows whose Euclidean norm is above `most` are shortened to it."""
    norm = np.linalg.norm(values, axis=1, keepdims=True)
    return values * np.minimum(1.0, most / np.maximum(norm, 1e-300))


def noised(
    values: Float[np.ndarray, "people n"], most: float, noise: float, needed: int, randomness: Randomness, *use: str
) -> Float[np.ndarray, " n"]:
    """The sum of clipped rows with this site's share of the noise: `noise` × `most` / √`needed` (sites of a sum)."""
    drawn = randomness.coins(" ".join(("noise", *use))).normal(values.shape[1])
    return clipped(values, most).sum(axis=0) + noise * most / np.sqrt(needed) * drawn


def gradient(
    privacy: Privacy,
    network: Network,
    shard: Shard,
    params: Float[np.ndarray, " size"],
    needed: int,
    randomness: Randomness,
    *use: str,
) -> Float[np.ndarray, " size"]:
    """The noised sum of gradients of people, of whom each takes part by a coin of its own (Poisson sampling)."""
    everyone, place = np.unique(shard.people, return_inverse=True)
    rows = randomness.coins(" ".join(("sample", *use))).chosen(len(everyone), privacy.sampled)[place.reshape(-1)]
    each = network.row_gradients(params, shard.x[rows], shard.y[rows])
    means = person_means(each, shard.people[rows]) if rows.any() else np.zeros((0, network.size))
    return noised(means, privacy.clip, privacy.noise, needed, randomness, *use)


def spent(plan: Plan) -> tuple[Mechanism, ...]:
    """What the whole training tells of a person: the means and deviations once, and every round."""
    if plan.privacy is None:
        return ()
    once = Mechanism("gaussian", plan.privacy.statistics)
    return once, Mechanism("gaussian", plan.privacy.noise, plan.rounds, plan.privacy.sampled)
