"""What is not known exactly of a drug's block, as samples: IC50, Hill coefficients and hERG kinetics."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core import InputError, Source
from vitruvian.systems.cardiac_safety.band import DEVIATIONS
from vitruvian.systems.cardiac_safety.drug import Binding, CardiacDrug

SAMPLES = 100
"""Samples of a drug unless asked otherwise."""

IC50_FACTOR, HILL_FACTOR = 2.0, 1.3
AFFINITY_FACTOR, UNBINDING_FACTOR = 1.25, 1.5
"""90 % of the values lie within the published one divided and multiplied by this, where no interval is published."""
SOURCE = Source(
    "IC50: laboratories differ by 4 to 10 times between quartiles at worst (Kramer 2020), less within one laboratory "
    "(Elkins 2013, doi:10.1016/j.vascn.2013.04.007); affinity at hERG: as wide as the published intervals of its IC50 "
    "(Chang 2017, doi:10.3389/fphys.2017.00917); the factors are set here",
    doi="10.1038/s41598-020-62344-w",
    status="assumption",
)


@dataclass(frozen=True)
class Sampled:
    """One drug `size` times over: (n,) arrays of IC50 in nM and Hill coefficient by current, and of hERG kinetics."""

    drug: CardiacDrug
    size: int
    ic50: Mapping[str, np.ndarray]
    hill: Mapping[str, np.ndarray]
    binding: Mapping[str, np.ndarray] | None


def published(drug: CardiacDrug) -> Sampled:
    """The drug once, at the published numbers."""
    ic50 = {name: np.array([one.ic50]) for name, one in drug.potency.items()}
    hill = {name: np.array([one.hill]) for name, one in drug.potency.items()}
    return Sampled(drug, 1, ic50, hill, _kinetics(drug.binding, np.ones(1), np.ones(1)))


def sampled(drug: CardiacDrug, number: int = SAMPLES, *, seed: int = 0) -> Sampled:
    """`number` draws; each number log-normal around the published one, its two sides by the ends of its 90 % interval.

    A drug's draws depend on the seed and its name alone. Raises `InputError` for fewer than one.
    """
    if number < 1:
        raise InputError("samples of a drug", got=number, allowed="1 or more")
    rng = np.random.default_rng([seed, zlib.crc32(drug.name.casefold().encode())])
    ic50, hill = {}, {}
    for name, one in drug.potency.items():
        ic50[name] = _two_sided(rng, number, one.ic50, one.ic50_interval, IC50_FACTOR)
        hill[name] = _two_sided(rng, number, one.hill, one.hill_interval, HILL_FACTOR)
    affinity = _two_sided(rng, number, 1.0, None, AFFINITY_FACTOR)
    unbinding = _two_sided(rng, number, 1.0, None, UNBINDING_FACTOR)
    return Sampled(drug, number, ic50, hill, _kinetics(drug.binding, affinity, unbinding))


def _two_sided(
    rng: np.random.Generator, number: int, middle: float, interval: tuple[float, float] | None, factor: float
) -> np.ndarray:
    low, high = interval or (middle / factor, middle * factor)
    z = rng.standard_normal(number)
    return middle * np.exp(z * np.where(z < 0.0, np.log(middle / low), np.log(high / middle)) / DEVIATIONS)


def _kinetics(binding: Binding | None, affinity: np.ndarray, unbinding: np.ndarray) -> dict[str, np.ndarray] | None:
    """Kinetics with `affinity` times the concentration of half binding and `unbinding` times the rate of unbinding."""
    if binding is None:
        return None
    return {
        "Kmax": np.full_like(affinity, binding.Kmax),
        "Ku": binding.Ku * unbinding,
        "n": np.full_like(affinity, binding.n),
        "halfmax": binding.halfmax * affinity**binding.n,
        "Vhalf": np.full_like(affinity, binding.Vhalf),
    }
