"""What a sensor's readings say of glucose and of the flux that nothing explains: a Kalman filter at its steady gain."""

from __future__ import annotations

import functools

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from vitruvian.control.internal_model import EVERY, FADES, RETURN, SENSOR, Body

READING_SD = 9.0  # mg/dL; wider than white noise of a sensor, for its errors are correlated
GLUCOSE_SD = 1.5  # mg/dL per step
DRIFT_SD = 0.16  # mg/dL/min per step


def corrected(body: Body, reading: Float[Array, " n"], known: Bool[Array, " n"]) -> Body:
    """The body after a reading; unchanged where none is known."""
    surprise = jnp.where(known, reading - body.interstitial, 0.0)
    glucose, interstitial, drift = _gain()[0]
    return body._replace(
        glucose=jnp.maximum(body.glucose + glucose * surprise, 20.0),
        interstitial=body.interstitial + interstitial * surprise,
        drift=jnp.clip(body.drift + drift * surprise, -4.0, 4.0),
    )


def spread(steps: int) -> np.ndarray:
    """Standard deviation of forecast glucose after each step, mg/dL."""
    covariance, sd = _gain()[1], []
    for _ in range(steps):
        covariance = _MOVES @ covariance @ _MOVES.T + _NOISE
        sd.append(np.sqrt(covariance[0, 0]))
    return np.array(sd)


@functools.cache
def _gain() -> tuple[np.ndarray, np.ndarray]:
    """Gain of glucose, interstitial glucose and drift, and their covariance after a reading."""
    covariance = np.diag([400.0, 400.0, 1.0])
    for _ in range(2000):
        ahead = _MOVES @ covariance @ _MOVES.T + _NOISE
        gain = ahead[:, 1] / (ahead[1, 1] + READING_SD**2)
        covariance = ahead - np.outer(gain, ahead[1])
    return gain, covariance


_MOVES = np.array(
    [
        [1 - RETURN, 0.0, EVERY],
        [SENSOR * (1 - RETURN / 2), 1 - SENSOR, SENSOR * EVERY / 2],
        [0.0, 0.0, FADES],
    ]
)
_NOISE = np.diag([GLUCOSE_SD**2, 0.01, DRIFT_SD**2])
