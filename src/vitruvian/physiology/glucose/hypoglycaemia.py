"""Insulin acts more strongly below basal glucose: the risk-dependent gain that several models share."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.core import Source

SOURCE = Source(
    "Dalla Man C, Micheletto F, Lv D, et al. The UVA/Padova type 1 diabetes simulator: new features. "
    "J Diabetes Sci Technol 2014;8:26 (values: Cappon G, et al. IEEE Trans Biomed Eng 2023;70:3227)",
    doi="10.1177/1932296813514502",
    status="one transcription",
)
STRENGTH, SHAPE = 1.4407, 0.8124
"""r1 and r2."""
_FROZEN = 60.0


def low_gain(glucose: Any, basal: Any, strength: Any, shape: Any) -> Any:
    """1 + 10·r1·((ln G)^r2 − (ln Gb)^r2)² below `basal` glucose, 1 above; below 60 mg/dL as at 60."""
    seen = jnp.clip(glucose, _FROZEN, jnp.maximum(basal, _FROZEN))
    deviation = jnp.log(seen) ** shape - jnp.log(jnp.maximum(basal, _FROZEN)) ** shape
    return 1.0 + 10.0 * strength * deviation**2
