"""Isolation forest over the signs of samples (Liu FT, Ting KM, Zhou Z-H. ICDM 2008), by scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from vitruvian.core import UnsupportedError


def learned_forest(
    past: Float[np.ndarray, "n k"], *, trees: int = 100, seed: int = 0
) -> Callable[[Float[np.ndarray, "m k"]], Float[np.ndarray, " m"]]:
    """How easily rows are told apart from the past by random cuts: from signs to 0 (usual) … 1 (alone).

    Raises UnsupportedError where scikit-learn is not installed.
    """
    try:
        from sklearn.ensemble import IsolationForest
    except ImportError as error:
        raise UnsupportedError(
            "isolation forests need scikit-learn", todo="Install it: pip install vitruvian[learn]."
        ) from error
    forest = IsolationForest(n_estimators=trees, random_state=seed, n_jobs=1).fit(past)
    return lambda rows: -np.asarray(forest.score_samples(rows))
