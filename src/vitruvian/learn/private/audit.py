"""Looking whether a training keeps its promise: planted people (canaries) and members are told from others, or not.

A privacy proof is about the algorithm on paper; a clip that is left out, or noise of the wrong scale, is found by
attacking the program. One run is enough: each canary takes part by a coin, an attacker guesses from the result who did,
and the number of right guesses bounds epsilon from below (Steinke, Nasr and Jagielski 2023, arXiv:2305.08846). The
bounds are those of jax-privacy. An audit can show that a promise is broken; that it finds nothing proves nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from vitruvian.core import DataError, InputError, UnsupportedError
from vitruvian.learn.private.randomness import Randomness

Attack = Callable[[Bool[np.ndarray, " canaries"]], Float[np.ndarray, " canaries"]]
"""Train with those canaries that take part; a score of each canary, higher where it looks as if it had taken part."""


@dataclass(frozen=True)
class Audit:
    """What an attack showed: epsilon is at least `lowest` with `confidence`, where `claimed` was promised.

    `highest` is what this audit could have shown at most; a claim above it cannot be refuted by so few canaries.
    """

    claimed: float
    delta: float
    lowest: float
    highest: float
    confidence: float
    auroc: float
    tpr_at_1_percent: float
    people: int

    @property
    def holds(self) -> bool:
        """Whether the promise was not refuted."""
        return self.lowest <= self.claimed

    def __str__(self) -> str:
        word = "not refuted" if self.holds else "REFUTED"
        return (
            f"epsilon {self.claimed:.3g} at delta {self.delta:.0e} is {word}: at least {self.lowest:.2f} with "
            f"{self.confidence:.0%} confidence (this audit could show {self.highest:.2f}); AUROC {self.auroc:.3f}"
        )


def audit_canaries(
    attack: Attack, canaries: int, *, claimed: float, delta: float, confidence: float = 0.95, randomness: Randomness
) -> Audit:
    """One training run with half of the canaries, chosen by coins, judged.

    Raises `InputError` for fewer than 20 canaries, `DataError` for scores that are not finite.
    """
    _sane(claimed, delta, confidence)
    if canaries < 20:
        raise InputError("an audit of so few canaries shows nothing", got=canaries, allowed="20 or more")
    included = randomness.coins("canaries").chosen(canaries, 0.5)
    scores = _finite(attack(included), canaries)
    auditor = _auditing().CanaryScoreAuditor(scores[included], scores[~included])
    lowest = auditor.epsilon_one_run(1 - confidence, delta)
    perfect = _auditing().CanaryScoreAuditor(included[included] + 0.0, included[~included] + 0.0)
    highest = perfect.epsilon_one_run(1 - confidence, delta)
    return _judged(auditor, claimed, delta, confidence, float(lowest), float(highest), canaries)


def audit_membership(
    members: Float[np.ndarray, " members"],
    others: Float[np.ndarray, " others"],
    *,
    claimed: float = math.inf,
    delta: float = 1e-5,
    confidence: float = 0.95,
) -> Audit:
    """Scores of people who were in the training set and of people alike who were not (higher looks like a member).

    The bound is that of Clopper and Pearson over all thresholds; it takes each person's membership as independent of
    the others', as for a random split. Raises `DataError` for scores that are not finite.
    """
    _sane(claimed, delta, confidence)
    auditor = _auditing().CanaryScoreAuditor(_finite(members, len(members)), _finite(others, len(others)))
    lowest = auditor.epsilon_clopper_pearson(1 - confidence, delta)
    perfect = _auditing().CanaryScoreAuditor(np.ones(len(members)), np.zeros(len(others)))
    highest = perfect.epsilon_clopper_pearson(1 - confidence, delta)
    people = len(members) + len(others)
    return _judged(auditor, claimed, delta, confidence, float(lowest), float(highest), people)


def _judged(
    auditor: Any, claimed: float, delta: float, confidence: float, lowest: float, highest: float, people: int
) -> Audit:
    auroc, tpr = float(auditor.attack_auroc()), float(auditor.tpr_at_given_fpr(0.01))
    return Audit(claimed, delta, lowest, highest, confidence, auroc, tpr, people)


def _sane(claimed: float, delta: float, confidence: float) -> None:
    if not (claimed > 0 and 0 < delta < 1 and 0.5 < confidence < 1):
        raise InputError(
            "what an audit judges", got=(claimed, delta, confidence), allowed="epsilon > 0, 0 < delta < 1, 0.5 to 1"
        )


def _finite(scores: Any, count: int) -> Float[np.ndarray, " people"]:
    found = np.asarray(scores, float)
    if found.shape != (count,) or count == 0 or not np.isfinite(found).all():
        raise DataError("scores of an attack", got=f"shape {found.shape}", allowed=f"{count} finite numbers")
    return found


def _auditing() -> Any:
    try:
        from jax_privacy import auditing
    except ModuleNotFoundError as error:
        raise UnsupportedError("an audit needs jax-privacy", todo="pip install vitruvian[learn]") from error
    return auditing
