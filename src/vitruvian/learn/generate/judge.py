"""Are made-up people like real ones, and do they give real ones away?

Discriminator: can a classifier tell them apart (0.5: it cannot). Conditionals: of held-out real people, given what went
before, where does the next value lie among the made-up ones. Membership: are people whom the generator learned from
nearer to its people than others are (0.5: they are not; Chen D et al. GAN-Leaks, 2020, doi:10.1145/3372297.3417238).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, UnsupportedError
from vitruvian.learn.generate.courses import CourseGenerator
from vitruvian.learn.generate.visits import Courses
from vitruvian.learn.trust import Interval, bootstrap, share

_FOLDS = 5
_AT_ONCE = 500


def discriminator(
    real: Float[np.ndarray, "people columns"], made: Float[np.ndarray, "made columns"], seed: int = 0
) -> Interval:
    """AUROC of gradient-boosted trees that tell made-up rows from real ones, cross-validated; 0.5 is the best."""
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError as error:
        raise UnsupportedError("the discriminator needs scikit-learn", todo="pip install vitruvian[learn]") from error
    if real.shape[1:] != made.shape[1:]:
        raise DataError("real and made-up rows differ", got=f"{real.shape} and {made.shape}")
    x, y = np.concatenate([real, made]), np.repeat([0, 1], [len(real), len(made)])
    fold = np.random.default_rng(seed).permutation(len(x)) % _FOLDS
    p = np.empty(len(x))
    for k in range(_FOLDS):
        trees = HistGradientBoostingClassifier(max_iter=60, max_leaf_nodes=15, random_state=seed)
        p[fold == k] = trees.fit(x[fold != k], y[fold != k]).predict_proba(x[fold == k])[:, 1]
    return bootstrap(p, y, draws=300, seed=seed)


@dataclass(frozen=True)
class Conditional:
    """One feature or event at one visit: how many held-out people, the share within the middle 50 and 90 % of made-up
    values; of an event the expected and the observed share (then `middle` and `wide` are None)."""

    visit: str
    name: str
    people: int
    middle: Interval | None = None
    wide: Interval | None = None
    expected: float | None = None
    observed: Interval | None = None

    @property
    def calibrated(self) -> bool:
        """Whether the intervals hold what they should."""
        if self.observed is not None and self.expected is not None:
            return self.observed.low <= self.expected <= self.observed.high
        held = ((self.middle, 0.5), (self.wide, 0.9))
        return all(one is not None and one.low <= level <= one.high for one, level in held)


def conditionals(
    generator: CourseGenerator, held_out: Courses, draws: int = 200, seed: int = 0
) -> tuple[Conditional, ...]:
    """Each feature and event at each visit, of real people whom the generator has not seen."""
    below, expected = generator.chances(held_out, draws, seed)
    found = []
    for k, visit in enumerate(held_out.visits):
        for j, feature in enumerate(held_out.features):
            part = below[:, k, j]
            part = part[np.isfinite(part)]
            if len(part):
                middle, wide = (share(np.abs(part - 0.5) <= half) for half in (0.25, 0.45))
                found.append(Conditional(visit, feature.name, len(part), middle, wide))
        here = held_out.there[:, k]
        for j, event in enumerate(held_out.events):
            if here.any():
                seen = share(held_out.happened[here, k, j])
                found.append(
                    Conditional(visit, event, int(here.sum()), None, None, float(expected[here, k, j].mean()), seen)
                )
    return tuple(found)


@dataclass(frozen=True)
class Membership:
    """An attack by distance: AUROC of telling those learned from from others, and how many made-up rows are copies."""

    auroc: Interval
    copies: int

    @property
    def sentence(self) -> str:
        """What the audit says."""
        if self.auroc.low > 0.5 or self.copies:
            return f"People can be recognised: AUROC {self.auroc}, {self.copies} copies. Do not release."
        return f"Nobody was recognised by distance: AUROC {self.auroc}, no copies. Stronger attacks were not tried."


def membership(
    made: Float[np.ndarray, "made columns"], learned_from: Float[np.ndarray, "people columns"],
    others: Float[np.ndarray, "others columns"], seed: int = 0,
) -> Membership:  # fmt: skip
    """Audit made-up rows. `others` are of the same kind as those learned from, but were not learned from.

    Raises DataError where either has fewer than 30 people.
    """
    if min(len(learned_from), len(others)) < 30:
        raise DataError("too few people for an audit", got=f"{len(learned_from)} and {len(others)}", allowed="30 each")
    everybody = np.concatenate([learned_from, others])
    center, spread = np.nanmean(everybody, axis=0), np.nanstd(everybody, axis=0)
    spread = np.where(spread > 0, spread, 1.0)

    def standard(rows: np.ndarray) -> np.ndarray:
        gone = ~np.isfinite(rows)
        return np.concatenate([np.where(gone, 0.0, (rows - center) / spread), gone], axis=1)

    far = _nearest(standard(everybody), standard(made))
    inside = np.repeat([1, 0], [len(learned_from), len(others)])
    order = np.argsort(np.argsort(-far, kind="stable"), kind="stable") / len(far)
    known = {row.tobytes() for row in np.nan_to_num(learned_from, nan=-1e300)}
    copies = sum(row.tobytes() in known for row in np.nan_to_num(made, nan=-1e300))
    return Membership(bootstrap(order, inside, seed=seed, draws=500), copies)


def _nearest(rows: Float[np.ndarray, "rows c"], made: Float[np.ndarray, "made c"]) -> Float[np.ndarray, " rows"]:
    """Distance of each row to the nearest made-up one."""
    lengths = (made**2).sum(1)
    found = [
        (lengths - 2 * one @ made.T).min(1) + (one**2).sum(1) for one in np.array_split(rows, len(rows) // _AT_ONCE + 1)
    ]
    return np.sqrt(np.maximum(np.concatenate(found), 0.0))
