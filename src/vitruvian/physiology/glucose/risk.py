"""Risk of a glucose value: the symmetrised scale on which 20 and 600 mg/dL are equally bad, and 112.5 mg/dL is best."""

from __future__ import annotations

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import Source

SOURCE = Source(
    "Kovatchev BP, Cox DJ, Gonder-Frederick LA, Clarke W. Symmetrization of the blood glucose measurement scale and "
    "its applications. Diabetes Care 1997;20:1655",
    doi="10.2337/diacare.20.11.1655",
    status="two transcriptions agree",
)


def symmetrised(glucose: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """f = 1.509·((ln G)^1.084 − 5.381) of glucose in mg/dL: −√10 at 20, 0 at 112.5, √10 at 600; NaN stays NaN."""
    return 1.509 * (jnp.log(jnp.maximum(glucose, 1.0)) ** 1.084 - 5.381)


def low_risk(glucose: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """10·f² below 112.5 mg/dL, 0 above; its mean over all readings is the low blood glucose index."""
    return 10.0 * jnp.minimum(symmetrised(glucose), 0.0) ** 2


def high_risk(glucose: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """10·f² above 112.5 mg/dL, 0 below; its mean over all readings is the high blood glucose index."""
    return 10.0 * jnp.maximum(symmetrised(glucose), 0.0) ** 2
