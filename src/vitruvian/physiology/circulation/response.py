"""How a person's circulation answers what acts on it over minutes: the closed loop with baroreflex and blood volume.

Low-pressure receptors: veins tighten by 110 mL and resistance rises by 1.2 % for each mmHg that right atrial transmural
pressure falls, within 5·atan(x/5) (Heldt T et al. J Appl Physiol 2002;92:1239, doi:10.1152/japplphysiol.00241.2001).
Posture: 700 mL pool below the heart and the carotid sinus stands 20 cm above it when upright (same
paper). Work: conductance, heart rate, contractility and venous
return rise with power so that 100 W about doubles cardiac output (Higginbotham MB et al. Circ Res 1986;58:281,
doi:10.1161/01.RES.58.2.281), and the reflex is reset upwards.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Float

from vitruvian.core import DataError, InputError
from vitruvian.model import Values, check_values
from vitruvian.physiology.circulation import baroreflex
from vitruvian.physiology.circulation.baroreflex import Effect, Reflex
from vitruvian.physiology.circulation.beat import Orbit, orbit
from vitruvian.physiology.circulation.blood import HEMATOCRIT, Blood, blood_of
from vitruvian.physiology.circulation.blood import onward as blood_onward
from vitruvian.physiology.circulation.circuit import Circuit, State
from vitruvian.physiology.circulation.closed_loop import CLOSED_LOOP, TYPICAL_PRESSURES
from vitruvian.physiology.circulation.influences import Course, sampled

_INNER = 10  # steps of the circuit between two of the nerves
_EVERY = 25  # nerve steps between two rows of the result: 1 s
_POOLED = 700.0  # mL
_CAROTID = 20.0 * 0.77  # mmHg of a column of 20 cm
_SLOW = 20.0  # s: posture and work take hold
_PER_WATT = {
    "conductance": 0.008,
    "heart_rate": 0.0045,
    "contractility": 0.006,
    "relaxation": -0.0012,
    "veins": -6.0,
    "centre": 0.15,
}
_SHORTEST = 0.27  # s
_VEINS_PER_MMHG, _RESISTANCE_PER_MMHG, _LOW_RANGE = 110.0, -0.012, 5.0


class _Beat(NamedTuple):
    """Sums and bounds over a beat."""

    time: Any  # s from wave to wave
    sampled: Any  # s over which the sums go: a whole number of steps
    stroke: Any  # mL
    pressure: Any  # mmHg·s
    systolic: Any
    diastolic: Any
    atrium: Any  # mmHg·s
    edv: Any
    esv: Any


class _Now(NamedTuple):
    y: State
    phase: Any
    reflex: Reflex
    blood: Blood
    tilt: Any  # deg, as it has taken hold
    work: Any  # W
    low: Any  # mmHg, by which atrial pressure differs from rest, as the low-pressure receptors feel it
    running: _Beat
    beat: _Beat
    """The last whole one."""


@dataclass(frozen=True)
class Response:
    """One row a second (T,), people as a second axis where there are several."""

    seconds: Float[np.ndarray, T]
    heart_rate: Any  # 1/min
    systolic: Any  # mmHg; this and what follows of the last whole beat
    diastolic: Any
    mean_arterial: Any
    central_venous: Any  # mmHg
    cardiac_output: Any  # L/min
    stroke_volume: Any  # mL
    ejection_fraction: Any
    resistance: Any  # mmHg·s/mL
    blood_volume: Any  # mL
    hematocrit: Any
    urine: Any  # mL since the start

    def mean(self, name: str, start: float, end: float) -> Any:
        """Mean of a field between two moments, s."""
        rows = (self.seconds >= start) & (self.seconds <= end)
        return np.asarray(getattr(self, name))[rows].mean(axis=0)


def respond(
    p: Values,
    acting: Mapping[str, float | Course],
    seconds: float,
    *,
    circuit: Circuit = CLOSED_LOOP,
    rest: Orbit | None = None,
    hematocrit: float = HEMATOCRIT,
) -> Response:
    """The answer of people with resting parameters `p` to what acts (names of `PORTS`) over `seconds`.

    At the start the person is at rest in their periodic beat, which the reflex holds. Raises `InputError` for a port
    out of range, `DataError` where the solution does not stay finite (it says when).
    """
    if not 1.0 <= seconds <= 24 * 3600.0:
        raise InputError("this cannot be the length of a response", got=f"{seconds:g} s", allowed="1 s to 24 h")
    if not 0.1 <= hematocrit <= 0.7:
        raise InputError("this cannot be a hematocrit", got=hematocrit, allowed="a share, 0.1 to 0.7")
    check_values(circuit.parameters, p)
    p = {name: jnp.asarray(value, dtype=float) for name, value in p.items()}
    rest = orbit(circuit, p, circuit.filled_to(p, TYPICAL_PRESSURES)) if rest is None else rest
    rows = int(np.ceil(seconds))
    inputs = sampled(acting, np.arange(rows * _EVERY) * baroreflex.STEP)
    shaped = {name: value.reshape(rows, _EVERY) for name, value in inputs.items()}
    found = {name: np.asarray(x) for name, x in _program(circuit)(p, rest, jnp.asarray(hematocrit), shaped).items()}
    bad = ~np.isfinite(found["mean_arterial"]).reshape(rows, -1).all(axis=1)
    if bad.any():
        at = float(np.flatnonzero(bad)[0])
        raise DataError(
            "the circulation has no solution any more",
            got=f"no number after {at:g} s",
            allowed="finite pressures",
            todo="What acts is too much for this person: lessen it.",
        )
    return Response(seconds=np.arange(1, rows + 1, dtype=float), **found)


@cache
def _program(circuit: Circuit) -> Any:
    return jax.jit(partial(_run, circuit))


def _run(circuit: Circuit, p: Values, rest: Orbit, hematocrit: Any, inputs: dict[str, Any]) -> dict[str, Any]:
    beat_steps = len(rest.trace.phase)
    pressure = rest.trace.values["P_aorta"]
    samples = 20  # of the resting beat, as if every STEP s: it lasts 0.8 s; the mean over the beat is what counts
    pressures = pressure[:: beat_steps // samples][:samples]
    centre, usual = pressure.mean(axis=0), rest.trace.values["P_right_atrium"].mean(axis=0)
    quiet = baroreflex.at_rest(pressures, centre)
    shape = jnp.broadcast_shapes(*(jnp.shape(value) for value in p.values()))
    none = jnp.zeros(shape)
    blood = blood_of(p["blood_volume"] + none, hematocrit)
    start = _Now(rest.start, none, quiet, blood, none, none, none, _fresh(none), _resting(rest, p, none))

    def nerve(now: _Now, u: dict[str, Any]) -> tuple[_Now, None]:
        return _nerve_step(circuit, p, quiet, centre, usual, now, u), None

    def row(now: _Now, u: dict[str, Any]) -> tuple[_Now, dict[str, Any]]:
        now, _ = lax.scan(nerve, now, u)
        return now, _summary(now)

    return lax.scan(row, start, inputs)[1]


def _nerve_step(
    circuit: Circuit, p: Values, quiet: Reflex, centre: Any, usual: Any, now: _Now, u: dict[str, Any]
) -> _Now:
    hold = 1.0 - jnp.exp(-baroreflex.STEP / _SLOW)
    tilt = now.tilt + hold * (u["tilt"] - now.tilt)
    work = now.work + hold * (u["work"] - now.work)
    done = baroreflex.effect(now.reflex, quiet)
    mine = _changed(p, done, tilt, work, now.low, u)
    blood = blood_onward(
        now.blood, baroreflex.STEP, **{k: u[k] for k in ("bleeding", "crystalloid", "colloid", "red_cells", "diuresis")}
    )
    y = {**now.y, circuit.reserve: now.y[circuit.reserve] + blood.volume - now.blood.volume}
    fraction = baroreflex.STEP / _INNER / mine["period"]

    def step(y: State, signals: tuple[Values, Values]) -> tuple[State, tuple[Any, ...]]:
        after, flows = circuit.carried(y, mine, fraction, *signals)
        seen = circuit.seen(y, mine, signals[0])
        keep = tuple(seen[name] for name in ("P_systemic_arteries", "P_aorta", "P_right_atrium", "V_left_ventricle"))
        return after, (*keep, flows["Q_aortic"])

    begin = now.phase + jnp.arange(_INNER).reshape(-1, *(1,) * jnp.ndim(now.phase)) * fraction
    signals = circuit.at(begin, mine), circuit.at(begin + fraction / 2, mine)
    y, (arteries, aorta, atrium, ventricle, flow) = lax.scan(step, y, signals)
    phase = now.phase + _INNER * fraction
    carotid = aorta.mean(axis=0) - _CAROTID * jnp.sin(jnp.deg2rad(tilt))
    reflex = baroreflex.onward(now.reflex, carotid, centre + _PER_WATT["centre"] * work, u["reflex"])
    seen = _Beat(
        now.running.time + baroreflex.STEP,
        now.running.sampled + baroreflex.STEP,
        now.running.stroke + baroreflex.STEP * flow.mean(axis=0),
        now.running.pressure + baroreflex.STEP * arteries.mean(axis=0),
        jnp.maximum(now.running.systolic, arteries.max(axis=0)),
        jnp.minimum(now.running.diastolic, arteries.min(axis=0)),
        now.running.atrium + baroreflex.STEP * atrium.mean(axis=0),
        jnp.maximum(now.running.edv, ventricle.max(axis=0)),
        jnp.minimum(now.running.esv, ventricle.min(axis=0)),
    )
    ended, over = phase >= 1.0, (phase - 1.0) * mine["period"]
    whole, fresh = seen._replace(time=seen.time - over), _fresh(jnp.zeros_like(phase))._replace(time=over)
    running, last = (
        jax.tree.map(lambda x, y: jnp.where(ended, x, y), *pair) for pair in ((fresh, seen), (whole, now.beat))
    )
    low = now.low + hold * (atrium.mean(axis=0) - usual - now.low)
    return _Now(y, phase - jnp.floor(phase), reflex, blood, tilt, work, low, running, last)


def _fresh(none: Any) -> _Beat:
    return _Beat(none, none, none, none, none - jnp.inf, none + jnp.inf, none, none - jnp.inf, none + jnp.inf)


def _resting(rest: Orbit, p: Values, none: Any) -> _Beat:
    v, period = rest.trace.values, p["period"] + none
    arteries, ventricle = v["P_systemic_arteries"], v["V_left_ventricle"]
    return _Beat(
        period,
        period,
        v["Q_aortic"].mean(axis=0) * period,
        arteries.mean(axis=0) * period,
        arteries.max(axis=0) + none,
        arteries.min(axis=0) + none,
        v["P_right_atrium"].mean(axis=0) * period,
        ventricle.max(axis=0) + none,
        ventricle.min(axis=0) + none,
    )


def _changed(p: Values, done: Effect, tilt: Any, work: Any, low: Any, u: dict[str, Any]) -> dict[str, Any]:
    """The person's parameters under reflex, posture, work and drugs."""
    heart = 1.0 + u["sympathetic"] * (done.emax_left - 1.0)
    right = 1.0 + u["sympathetic"] * (done.emax_right - 1.0)
    strong = u["contractility"] * (1.0 + _PER_WATT["contractility"] * work)
    size = p["blood_volume"] / 5300.0  # the paper's person has 5300 mL
    pooled = _POOLED * jnp.sin(jnp.deg2rad(tilt)) + jnp.maximum(_PER_WATT["veins"] * work, -700.0)
    felt = u["reflex"] * _LOW_RANGE * jnp.arctan(low / _LOW_RANGE)
    wide = (1.0 + _RESISTANCE_PER_MMHG * felt) / (1.0 + _PER_WATT["conductance"] * work)
    rate = u["heart_rate"] * (1.0 + _PER_WATT["heart_rate"] * work)
    quick = 1.0 + _PER_WATT["relaxation"] * jnp.minimum(work, 250.0)
    return {
        **p,
        "rise_ventricles": p["rise_ventricles"] * quick,
        "fall_ventricles": p["fall_ventricles"] * quick,
        "Emax_left_ventricle": p["Emax_left_ventricle"] * heart * strong,
        "Emax_right_ventricle": p["Emax_right_ventricle"] * right * strong,
        "R_systemic": p["R_systemic"] * done.resistance * u["resistance"] * wide,
        "R_lung": p["R_lung"] * u["pulmonary_resistance"],
        "V0_systemic_veins": p["V0_systemic_veins"]
        + size * (done.veins + pooled + _VEINS_PER_MMHG * felt + u["veins"]),
        "period": jnp.maximum((p["period"] + done.period) / rate, _SHORTEST),
    }


def _summary(now: _Now) -> dict[str, Any]:
    """One row of the result."""
    beat = now.beat
    output = 0.06 * beat.stroke / beat.time
    mean, atrium = beat.pressure / beat.sampled, beat.atrium / beat.sampled
    return {
        "heart_rate": 60.0 / beat.time,
        "systolic": beat.systolic,
        "diastolic": beat.diastolic,
        "mean_arterial": mean,
        "central_venous": atrium,
        "cardiac_output": output,
        "stroke_volume": beat.stroke,
        "ejection_fraction": 1.0 - beat.esv / beat.edv,
        "resistance": (mean - atrium) / output * 0.06,
        "blood_volume": now.blood.volume,
        "hematocrit": now.blood.hematocrit,
        "urine": now.blood.urine,
    }
