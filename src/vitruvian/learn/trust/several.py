"""Many questions of the same data: p-values that allow for how many there were."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def holm(p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Adjusted p-values (Holm S. Scand J Stat 1979;6:65); NaN (not asked) stays NaN and is not counted."""
    found = np.full(len(p), np.nan)
    asked = np.flatnonzero(np.isfinite(p))
    order = asked[np.argsort(p[asked], kind="stable")]
    scaled = p[order] * np.arange(len(order), 0, -1)
    found[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return found
