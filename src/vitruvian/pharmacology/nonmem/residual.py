"""The residual error of an output, found from values of the code: which declared form reproduces them exactly?"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from vitruvian.model import ResidualError

_EXACT = 1e-9  # relative; the forms are exact or absent, this only covers rounding


def residual_error(
    f: Float[np.ndarray, " m"], slopes: Float[np.ndarray, "m e"], sigma: Float[np.ndarray, "e e"]
) -> ResidualError | None:
    """Form whose SD equals √(dY/dε · Σ · dY/dεᵀ) at all samples; None if there is none.

    `f` are predictions, `slopes` the derivatives of Y to each ε at ε = 0, `sigma` their covariance.
    """
    sd = np.sqrt(np.maximum(np.einsum("mi,ij,mj->m", slopes, sigma, slopes), 0.0))
    if np.all(sd == 0):
        return ResidualError("none")
    if _same(sd, np.full_like(sd, sd.mean())):
        return ResidualError("additive", additive=float(sd.mean()))
    ratio = sd / np.where(f == 0, 1.0, np.abs(f))
    if _same(ratio, np.full_like(ratio, np.median(ratio))):
        return ResidualError("proportional", proportional=float(np.median(ratio)))
    for form, x, y in (("combined_sum", f, sd), ("combined_squares", f**2, sd**2)):
        a, b = _line(x, y)
        if a >= 0 and b >= 0 and _same(y, a + b * x):
            additive, proportional = (a, b) if form == "combined_sum" else (a**0.5, b**0.5)
            return ResidualError(form, additive=additive, proportional=proportional)  # type: ignore[arg-type]
    return None


def _same(x: np.ndarray, y: np.ndarray) -> bool:
    return bool(np.all(np.abs(x - y) <= _EXACT * np.maximum(np.abs(x), np.abs(y)) + 1e-300))


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Line through the point with the smallest and the one with the largest x (no fit: it is exact or wrong)."""
    low, high = int(np.argmin(x)), int(np.argmax(x))
    b = float((y[high] - y[low]) / (x[high] - x[low])) if x[high] != x[low] else 0.0
    return float(y[low] - b * x[low]), b
