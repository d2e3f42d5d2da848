"""The arterial baroreflex: from carotid pressure through nerves to resistance, veins, contractility and heart rate.

Ursino M. Am J Physiol 1998;275:H1733 (doi:10.1152/ajpheart.1998.275.5.H1733), Table 3. Firing in spikes/s, times in s.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp
from jax import lax

from vitruvian.core import Source

SOURCE = Source(
    "Ursino M. Interaction between carotid baroregulation and the pulsating heart: a mathematical model. "
    "Am J Physiol 1998;275:H1733, Table 3",
    doi="10.1152/ajpheart.1998.275.5.H1733",
    status="two transcriptions agree",
)
STEP = 0.04
"""Seconds between updates of the nerves."""
_TAU_P, _TAU_Z = 2.076, 6.37
_F_MIN, _F_MAX, _KA = 2.52, 47.78, 11.758
_FES_INF, _FES_0, _FES_MIN, _KES = 2.10, 16.11, 2.66, 0.0675
_FEV_0, _FEV_INF, _FCS_0, _KEV = 3.2, 6.3, 25.0, 7.06
_LONGEST = 5.0


class Effector(NamedTuple):
    """How an organ follows its nerve."""

    gain: float
    delay: float
    tau: float


EFFECTORS = {
    "emax_left": Effector(0.475, 2.0, 8.0),  # mmHg/mL
    "emax_right": Effector(0.282, 2.0, 8.0),
    "r_splanchnic": Effector(0.695, 2.0, 6.0),  # mmHg·s/mL
    "r_other": Effector(0.53, 2.0, 6.0),
    "veins": Effector(-265.4 - 132.5, 5.0, 20.0),  # mL, both venous beds
    "period_sympathetic": Effector(-0.13, 2.0, 2.0),  # s
    "period_vagal": Effector(0.09, 0.2, 1.5),
}
_BASE = {"emax_left": 2.392, "emax_right": 1.412, "r_splanchnic": 2.49, "r_other": 0.78}


class Reflex(NamedTuple):
    """What the reflex remembers; arrays of the people's shape, `past_*` with time as the first axis."""

    lagged: Any  # mmHg
    past_sympathetic: Any  # spikes/s, newest first
    past_vagal: Any
    effects: dict[str, Any]


class Effect(NamedTuple):
    """What the reflex does, relative to the person's rest."""

    emax_left: Any  # factor
    emax_right: Any  # factor
    resistance: Any  # factor
    veins: Any  # mL added to the unstressed volume
    period: Any  # s added


def firing(pressure: Any, centre: Any) -> Any:
    """Afferent firing at filtered carotid `pressure`, half-way at `centre` mmHg."""
    x = jnp.exp((pressure - centre) / _KA)
    return (_F_MIN + _F_MAX * x) / (1.0 + x)


def sympathetic(afferent: Any) -> Any:
    """Efferent sympathetic firing."""
    return _FES_INF + (_FES_0 - _FES_INF) * jnp.exp(-_KES * afferent)


def vagal(afferent: Any) -> Any:
    """Efferent vagal firing."""
    x = jnp.exp((afferent - _FCS_0) / _KEV)
    return (_FEV_0 + _FEV_INF * x) / (1.0 + x)


def _asked(name: str, sympathetic_then: Any, vagal_then: Any) -> Any:
    """Effect that the organ goes to."""
    one = EFFECTORS[name]
    if name == "period_vagal":
        return one.gain * vagal_then
    return one.gain * jnp.log(jnp.maximum(sympathetic_then - _FES_MIN, 0.0) + 1.0)


def at_rest(pressures: Any, centre: Any) -> Reflex:
    """The reflex of a person whose carotid pressure repeats `pressures`, sampled every STEP s: (k, ...)."""
    lead = _TAU_Z / _TAU_P
    filtered = _periodic(pressures)
    f = firing(filtered, centre)
    s, v = sympathetic(f), vagal(f)
    effects = {name: _asked(name, s, v).mean(axis=0) for name in EFFECTORS}
    length = round(_LONGEST / STEP) + 1
    back = -1 - jnp.arange(length) % len(pressures)
    return Reflex(filtered[-1] - lead * pressures[-1], s[back], v[back], effects)


def _periodic(pressures: Any) -> Any:
    """Filtered pressure once the beat has repeated itself."""
    lagged = jnp.broadcast_to((1.0 - _TAU_Z / _TAU_P) * pressures.mean(axis=0), pressures.shape[1:])
    many = jnp.concatenate([pressures] * (1 + round(8 * _TAU_P / (STEP * len(pressures)))))

    def step(x: Any, pressure: Any) -> tuple[Any, Any]:
        x = _lag(x, pressure)
        return x, x + _TAU_Z / _TAU_P * pressure

    return lax.scan(step, lagged, many)[1][-len(pressures) :]


def _lag(x: Any, pressure: Any) -> Any:
    """X = P̃ − (τz/τp)·P follows τp·X' = (1 − τz/τp)·P − X."""
    return x + (1.0 - jnp.exp(-STEP / _TAU_P)) * ((1.0 - _TAU_Z / _TAU_P) * pressure - x)


def onward(reflex: Reflex, pressure: Any, centre: Any, gain: Any = 1.0) -> Reflex:
    """The reflex STEP s later; `gain` weakens what its nerves do (anaesthesia) about their middle."""
    lagged = _lag(reflex.lagged, pressure)
    f = firing(centre + gain * (lagged + _TAU_Z / _TAU_P * pressure - centre), centre)
    s = jnp.concatenate([sympathetic(f)[None], reflex.past_sympathetic[:-1]])
    v = jnp.concatenate([vagal(f)[None], reflex.past_vagal[:-1]])
    effects = {}
    for name, one in EFFECTORS.items():
        k = round(one.delay / STEP)
        old = reflex.effects[name]
        effects[name] = old + (1.0 - jnp.exp(-STEP / one.tau)) * (_asked(name, s[k], v[k]) - old)
    return Reflex(lagged, s, v, effects)


def effect(reflex: Reflex, rest: Reflex) -> Effect:
    """What changed since rest."""
    now, then = reflex.effects, rest.effects

    def factor(name: str) -> Any:
        return (_BASE[name] + now[name]) / (_BASE[name] + then[name])

    return Effect(
        factor("emax_left"),
        factor("emax_right"),
        _together(now) / _together(then),
        now["veins"] - then["veins"],
        sum(now[name] - then[name] for name in ("period_sympathetic", "period_vagal")),
    )


def _together(effects: dict[str, Any]) -> Any:
    """Resistance of splanchnic and other beds in parallel."""
    return 1.0 / sum(1.0 / (_BASE[name] + effects[name]) for name in ("r_splanchnic", "r_other"))
