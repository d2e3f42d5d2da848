"""Sensors whose calibration drifts over days, with correlated noise: Facchinetti 2014, Vettoretti 2018 and 2019."""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import Source
from vitruvian.physiology.glucose.sensor import Sensor, autoregression

Polynomial = tuple[float, float, float]
Noise = tuple[float, float, float]
"""First and second coefficient, and variance of the innovations (mg²/dL²)."""
_NONE = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class CalibratedSensor(Sensor):
    """reading = (a0 + a1·t + a2·t²)·IG + b0 + b1·t + b2·t² + AR(2) + AR(2), t in days since the sensor was inserted."""

    low: float = 40.0
    high: float = 400.0
    gain: Polynomial = (1.0, 0.0, 0.0)
    offset: Polynomial = _NONE
    specific: Noise = _NONE
    common: Noise = _NONE
    wear: float = 7.0
    """Days until the next sensor is inserted."""
    noise_every: int = 5
    """Minutes for which the noise was identified."""

    def distortion(self, key: Array, readings: int, n: int) -> tuple[Float[Array, "r n"], Float[Array, "r n"]]:
        """Each person's sensor is at another day of its life at the start."""
        first, second, third = jax.random.split(key, 3)
        day = jnp.arange(readings)[:, None] * self.every / 1440.0 + jax.random.uniform(third, (n,)) * self.wear
        t = jnp.mod(day, self.wear)
        skip = max(1, self.every // self.noise_every)
        noise = jnp.zeros((readings, n))
        for one, (a1, a2, variance) in ((first, self.specific), (second, self.common)):
            if variance > 0:
                noise += autoregression(one, a1, a2, np.sqrt(variance), readings * skip, n)[::skip]
        return _at(self.gain, t), _at(self.offset, t) + noise


def _at(p: Polynomial, t: Float[Array, "r n"]) -> Float[Array, "r n"]:
    return p[0] + t * (p[1] + t * p[2])


# lower triangle: a0, a1, a2, b0, first and second coefficient of the noise, its innovations' SD
_MEAN = (0.942288, 0.00493988, -0.000584875, 6.38260, 1.26041, -0.402223, 3.25164)
_COVARIANCE = (
    (0.0132458,),
    (-0.00395130, 0.00185280),
    (0.000312767, -0.000155803, 0.0000137460),
    (0.157179, -0.102880, 0.00806859, 29.0058),
    (0.00268766, -0.00139023, 0.000120750, 0.124083, 0.0207935),
    (-0.00289046, 0.00115919, -0.000100421, -0.101936, -0.0184311, 0.0187009),
    (-0.00318017, -0.00272849, 0.000111303, 0.600754, -0.0157218, 0.0155233, 0.723568),
)


@dataclass(frozen=True)
class PopulationSensor(Sensor):
    """Each sensor has its own calibration and noise: drift a0 + a1·t + a2·t², offset b0, AR(2) and its SD.

    Drawn from the published normal distribution with `scale` times its covariance, again where the noise would not
    settle or its SD exceed 10 mg/dL.
    """

    low: float = 40.0
    high: float = 400.0
    wear: float = 10.0
    scale: float = 0.9

    def distortion(self, key: Array, readings: int, n: int) -> tuple[Float[Array, "r n"], Float[Array, "r n"]]:
        """Another sensor after each `wear` days; the first is at some day of its life at the start."""
        first, second, third = jax.random.split(key, 3)
        day = jnp.arange(readings)[:, None] * self.every / 1440.0 + jax.random.uniform(third, (n,)) * self.wear
        worn, t = (day // self.wear).astype(int), jnp.mod(day, self.wear)
        count = int(readings * self.every / 1440.0 / self.wear) + 2
        drawn = self.drawn(first, count * n).reshape(count, n, 7)
        a0, a1, a2, b0, one, two, sd = (drawn[worn, jnp.arange(n), k] for k in range(7))
        return a0 + t * (a1 + t * a2), b0 + autoregression(second, one, two, sd, readings, n)

    def drawn(self, key: Array, n: int) -> Float[Array, "n 7"]:
        """Seven numbers a sensor: of 20 draws the first that is allowed, else the mean."""
        lower = np.array([[*row, *[0.0] * (7 - len(row))] for row in _COVARIANCE])
        root = np.linalg.cholesky(self.scale * (lower + np.tril(lower, -1).T))
        draws = jnp.array(_MEAN) + jax.random.normal(key, (20, n, 7)) @ root.T
        one, two, noise = draws[..., 4], draws[..., 5], draws[..., 6]
        settles = (jnp.abs(two) < 1) & (one + two < 0.98) & (two - one < 0.98)
        variance = noise**2 * (1 - two) / ((1 + two) * ((1 - two) ** 2 - one**2))
        allowed = settles & (noise > 0) & (variance < 100.0)
        found = jnp.take_along_axis(draws, jnp.argmax(allowed, axis=0)[None, :, None], axis=0)[0]
        return jnp.where(allowed.any(axis=0)[:, None], found, jnp.array(_MEAN))


def _source(citation: str, doi: str) -> Source:
    return Source(citation, doi=doi, status="one transcription")


FACCHINETTI_2014 = CalibratedSensor(
    "facchinetti_2014", gain=(1.1, 2e-4, 0.0), offset=(-14.8, 0.04, 0.0), specific=(1.013, -0.2135, 14.45),
    common=(1.23, -0.3995, 11.3),
    source=_source("Facchinetti A, et al. Modeling the glucose sensor error. IEEE Trans Biomed Eng 2014;61:620",
                   "10.1109/TBME.2013.2284023"),
)  # fmt: skip
VETTORETTI_2018 = CalibratedSensor(
    "vettoretti_2018", gain=(1.04, 0.02, 0.0), offset=(-8.75, 0.0, 0.0), specific=(1.27, -0.42, 7.64),
    source=_source("Vettoretti M, et al. Type-1 diabetes patient decision simulator. IEEE Trans Biomed Eng 2018",
                   "10.1109/TBME.2017.2746340"),
)  # fmt: skip
VETTORETTI_2019 = CalibratedSensor(
    "vettoretti_2019", gain=(1.048, -0.033, 0.002), offset=(-6.398, 6.179, -0.448), specific=(1.220, -0.331, 3.641),
    common=(1.34, -0.492, 5.538), wear=10.0,
    source=_source("Vettoretti M, et al. Modeling the error of factory-calibrated sensors. EMBC 2019 (Dexcom G6)",
                   "10.1109/EMBC.2019.8856790"),
)  # fmt: skip
VETTORETTI_POPULATION = PopulationSensor(
    "vettoretti_population",
    source=_source("Vettoretti M, et al. Development of an error model for a factory-calibrated CGM sensor with 10-day "
                   "lifetime. Sensors 2019;19:5320", "10.3390/s19235320"),
)  # fmt: skip
