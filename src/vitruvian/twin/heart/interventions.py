"""What may be done to a circulation, as named changes of its parameters with size, uncertainty and source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float

from vitruvian.core import InputError, UnknownNameError
from vitruvian.twin.heart.unknowns import NAMES

Base = dict[str, Float[np.ndarray, " n"]]


@dataclass(frozen=True)
class Effect:
    """A factor on parameters (`factor`, SD of its logarithm `spread`)."""

    parameters: tuple[str, ...]
    factor: float
    spread: float = 0.0


@dataclass(frozen=True)
class Intervention:
    """One named change; `volume` is added to the blood, mL (SD `volume_spread`); `sets` replaces parameters."""

    name: str
    title: str
    effects: tuple[Effect, ...] = ()
    volume: float = 0.0
    volume_spread: float = 0.0
    sets: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """Parameter → new value and SD of its logarithm."""
    source: str = ""

    def applied(self, base: Base, u: Float[np.ndarray, "n q"], generator: np.random.Generator) -> Base:
        """The base of each draw after it."""
        n, found = len(u), dict(base)
        exponent = generator.standard_normal(n)
        for name, (value, spread) in self.sets.items():
            found[name] = value * np.exp(spread * generator.standard_normal(n))
        for effect in self.effects:
            factor = effect.factor * np.exp(effect.spread * generator.standard_normal(n))
            for name in effect.parameters:
                found[name] = found[name] * factor
        apart = np.log(found["period"] / base["period"])
        for name in ("rise_ventricles", "fall_ventricles"):
            found[name] = found[name] * np.exp(_EXPONENT_SPREAD * apart * exponent)
        change = self.volume + self.volume_spread * generator.standard_normal(n)
        if self.volume:  # the twin's own factor of the stressed volume does not act on what is given or lost
            found["stressed"] = found["stressed"] + change * np.exp(-u[:, NAMES.index("filling")])
        return found


_EXPONENT_SPREAD = 0.25
"""SD of the exponent with which contraction follows the length of the beat (0.5 in the model, 0.3 to 1 in others)."""
_CONTRACTILITY = ("Emax_left_ventricle", "Emax_right_ventricle")
_CATALOGUE = (
    Intervention(
        "beta_blocker", "beta-blocker (metoprolol, full dose)",
        (Effect(("period",), 1.20, 0.06), Effect(_CONTRACTILITY, 0.85, 0.07), Effect(("R_systemic",), 1.05, 0.06)),
        source="heart rate and output fall by a fifth at once, resistance rises a little: Man in 't Veld AJ et al. "
        "Am J Hypertens 1988;1:91; contractility assumed",
    ),
    Intervention(
        "vasodilator", "arterial vasodilator (resistance −25 %)", (Effect(("R_systemic",), 0.75, 0.08),),
        source="assumed: a usual dose lowers systemic resistance by 20 to 30 %",
    ),
    Intervention(
        "vasoconstrictor", "arterial vasoconstrictor (resistance +30 %)", (Effect(("R_systemic",), 1.30, 0.08),),
        source="assumed: a usual dose raises systemic resistance by 20 to 40 %",
    ),
    Intervention(
        "fluid", "crystalloid", source="60 ± 15 % of it is in the vessels when the infusion ends: "
        "Hahn RG. Anesthesiology 2010;113:470",
    ),
    Intervention("haemorrhage", "blood loss", source="as much as is said, at once, before reflexes and refilling"),
    Intervention("pacing", "heart rate by a pacemaker", source="as set"),
    Intervention(
        "mitral_repair", "repair of the mitral valve", sets={"leak_mitral": (0.03, 0.5)},
        source="residual regurgitation mild or less, orifice below 0.2 cm² (assumed 0.03 cm²)",
    ),
    Intervention(
        "aortic_replacement", "replacement of the aortic valve",
        sets={"A_aortic": (1.7, 0.15), "leak_aortic": (0.02, 0.5)},
        source="effective orifice of a transcatheter valve 1.6–1.8 cm²: Hahn RT et al. JACC Cardiovasc Imaging "
        "2019;12:25",
    ),
)  # fmt: skip
INTERVENTIONS = {one.name: one for one in _CATALOGUE}
_KEPT, _KEPT_SPREAD = 0.6, 0.15
_LIMITS = {"fluid": (50.0, 3000.0, "mL"), "haemorrhage": (50.0, 2500.0, "mL"), "pacing": (40.0, 180.0, "/min")}
_USUAL = {"fluid": 500.0, "haemorrhage": 500.0, "pacing": 90.0}
_STRENGTH = (0.1, 2.0)


def intervention(name: str, amount: float | None = None) -> Intervention:
    """A named change: `amount` in mL (fluid, haemorrhage) or beats/min (pacing), else a share of the usual effect.

    Raises `UnknownNameError`, or `InputError` for an amount that nobody gives.
    """
    if name not in INTERVENTIONS:
        raise UnknownNameError("the heart twin knows no such intervention", got=name, allowed=", ".join(INTERVENTIONS))
    found = INTERVENTIONS[name]
    low, high, unit = limits_of(name)
    value = _USUAL.get(name, 1.0) if amount is None else amount
    if not low <= value <= high:
        raise InputError(f"{name}: out of range", got=f"{value:g} {unit}", allowed=f"{low:g} to {high:g} {unit}")
    if name == "pacing":
        return replace(found, title=f"{found.title}, {value:g}/min", sets={"period": (60.0 / value, 0.0)})
    if name == "fluid":
        return replace(
            found, title=f"{value:g} mL of {found.title}", volume=_KEPT * value, volume_spread=_KEPT_SPREAD * value
        )
    if name == "haemorrhage":
        return replace(found, title=f"{value:g} mL of {found.title}", volume=-value)
    if found.sets and value != 1.0:
        raise InputError(f"{name}: has no strength", got=f"{value:g}", todo="Leave the amount out.")
    effects = tuple(replace(e, factor=e.factor**value, spread=e.spread * value) for e in found.effects)
    return replace(found, effects=effects, title=found.title if value == 1.0 else f"{found.title} × {value:g}")


def limits_of(name: str) -> tuple[float, float, str]:
    """Least and largest amount of an intervention, and its unit."""
    return _LIMITS.get(name, (*_STRENGTH, "of the usual effect"))
