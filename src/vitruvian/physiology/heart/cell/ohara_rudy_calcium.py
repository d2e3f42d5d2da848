"""Calcium of O'Hara and Rudy 2011: CaMK, release and uptake by the sarcoplasmic reticulum, buffers."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.physiology.heart.cell.cell import Gate
from vitruvian.physiology.heart.cell.ohara_rudy_space import (
    CALCIUM_SPREADS,
    JSR_TO_NSR,
    JSR_TO_SS,
    MYO_FILLS,
    NSR_TO_MYO,
    SS_FILLS,
    SS_TO_MYO,
    spread,
)

RELEASE_TIME = 4.75  # ms
PHOSPHORYLATED_LONGER = 1.25


class Reticulum(NamedTuple):
    """What papers of the family set differently."""

    half: float = 1.5  # mM of junctional calcium at half release
    release: float = 1.0
    uptake: float = 0.004375  # mM/ms
    leak: float = 0.0039375  # mM/ms
    refill: float = 100.0  # ms


class Moved(NamedTuple):
    """Fluxes of calcium, mM/ms of the compartment they leave (uptake: of the network reticulum)."""

    release: Any
    uptake: Any
    refill: Any


def camk(y: Any) -> tuple[Any, Any]:
    """d/dt of trapped CaMK, and the share of each target that active CaMK phosphorylates."""
    bound = 0.05 * (1.0 - y.CaMKt) / (1.0 + 0.0015 / y.cass)
    active = bound + y.CaMKt
    return 0.05 * bound * active - 0.00068 * y.CaMKt, active / (active + 0.15)


def release_gates(y: Any, ICaL: Any, sr: Reticulum, more: float = 1.0) -> dict[str, Gate]:
    """Release, plain and phosphorylated, that follows the calcium current into the subspace; `more` times as much."""
    driven = -0.5 * RELEASE_TIME * more * ICaL / (1.0 + (sr.half / y.cajsr) ** 8)
    time = RELEASE_TIME / (1.0 + 0.0123 / y.cajsr)
    return {
        "Jrelnp": Gate(driven, 1.0 / jnp.maximum(time, 0.001)),
        "Jrelp": Gate(PHOSPHORYLATED_LONGER * driven, 1.0 / jnp.maximum(PHOSPHORYLATED_LONGER * time, 0.001)),
    }


def moved(y: Any, phosphorylated: Any, release: Any, uptake: Any, sr: Reticulum) -> Moved:
    """Fluxes of the reticulum; `release` and `uptake` scale them."""
    plain = sr.uptake * y.cai / (y.cai + 0.00092)
    gained = 2.75 * sr.uptake * y.cai / (y.cai + 0.00092 - 0.00017)
    return Moved(
        sr.release * release * ((1.0 - phosphorylated) * y.Jrelnp + phosphorylated * y.Jrelp),
        uptake * ((1.0 - phosphorylated) * plain + phosphorylated * gained) - sr.leak * y.cansr / 15.0,
        (y.cansr - y.cajsr) / sr.refill,
    )


def free_myoplasm(cai: Any, calmodulin: float = 0.05) -> Any:
    """Share of calcium that stays free beside calmodulin and troponin."""
    return 1.0 / (1.0 + calmodulin * 0.00238 / (0.00238 + cai) ** 2 + 0.07 * 0.0005 / (0.0005 + cai) ** 2)


def free_subspace(cass: Any) -> Any:
    """Share that stays free beside anionic sites of the two membranes."""
    return 1.0 / (1.0 + 0.047 * 0.00087 / (0.00087 + cass) ** 2 + 1.124 * 0.0087 / (0.0087 + cass) ** 2)


def free_junctional(cajsr: Any) -> Any:
    """Share that stays free beside calsequestrin."""
    return 1.0 / (1.0 + 10.0 * 0.8 / (0.8 + cajsr) ** 2)


def calcium_slopes(y: Any, into_myo: Any, into_ss: Any, flux: Moved, calmodulin: float) -> dict[str, Any]:
    """d/dt of calcium everywhere; `into_…` are inward currents of calcium charge, A/F."""
    apart = spread(y.cass, y.cai, CALCIUM_SPREADS)
    myo = into_myo * MYO_FILLS / 2.0 - flux.uptake * NSR_TO_MYO + apart * SS_TO_MYO
    subspace = into_ss * SS_FILLS / 2.0 + flux.release * JSR_TO_SS - apart
    return {
        "cai": free_myoplasm(y.cai, calmodulin) * myo,
        "cass": free_subspace(y.cass) * subspace,
        "cansr": flux.uptake - flux.refill * JSR_TO_NSR,
        "cajsr": free_junctional(y.cajsr) * (flux.refill - flux.release),
    }


def calcium_decay(y: Any, calmodulin: float) -> dict[str, Any]:
    """How fast subspace and myoplasm follow what flows, 1/ms."""
    return {
        "cass": free_subspace(y.cass) / CALCIUM_SPREADS,
        "cai": free_myoplasm(y.cai, calmodulin) * SS_TO_MYO / CALCIUM_SPREADS,
    }
