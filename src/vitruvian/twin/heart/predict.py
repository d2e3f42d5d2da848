"""What would be measured in people with given unknowns, and its slope in them: one program for every person.

A person's heart repeats its beat: the state x at its start solves f(x, u) = beat(x, u) − x = 0. One pass along a beat
carries the derivatives in x and in u; from them follow Newton's step onto the orbit and, by the implicit function
theorem, the slope of every quantity along it. The passes of the search for u and of Newton's search for x are the same.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from vitruvian.model import Values
from vitruvian.physiology.circulation import CLOSED_LOOP, TYPICAL_PRESSURES, Circuit, Valve
from vitruvian.twin.heart.unknowns import NAMES, person

SMOOTH = 0.5
"""mmHg over which a valve opens: soft enough that the slope of what is predicted does not jump from step to step."""
STEPS = 200
"""Steps of a beat; volumes and pressures differ from those at 400 by less than 1 %."""
POINTS = 32
"""Points of a curve over the beat."""
SCALARS = (
    "systolic",
    "diastolic",
    "mean_arterial",
    "edv",
    "esv",
    "ejection_fraction",
    "stroke_volume",
    "log_e_to_a",
    "left_atrial",
    "pulmonary_systolic",
    "central_venous",
    "ejection_time",
    "contraction",
)
"""Quantities of a beat, in the order of what is predicted; then the points of the pressure and of the flow curve."""
COUNT = len(SCALARS) + 2 * POINTS


def soft(circuit: Circuit, smooth: float = SMOOTH) -> Circuit:
    """The circuit with valves that open within `smooth` mmHg."""
    paths = tuple(replace(path, smooth=smooth) if isinstance(path, Valve) else path for path in circuit.paths)
    return replace(circuit, paths=paths)


LOOP = soft(CLOSED_LOOP)
"""The closed loop that is fitted."""
FREE = tuple(name for name in LOOP.states if name != LOOP.reserve)
"""States at the start of a beat; the reserve's follows from the blood volume."""
_SEEN = (
    "P_systemic_arteries",
    "P_pulmonary_arteries",
    "P_left_atrium",
    "P_right_atrium",
    "V_left_ventricle",
    "Q_aortic",
    "Q_mitral",
)


class Pass(NamedTuple):
    """One pass along a beat of n people; quantities are those of the orbit to first order in `off`."""

    off: Float[np.ndarray, " n"]
    """How far the beat is from repeating itself, mL."""
    newton: Float[np.ndarray, "n f"]
    """Newton's step of the state onto the orbit."""
    by_unknown: Float[np.ndarray, "n f q"]
    """Slope of the orbit's state in the unknowns."""
    quantity: Float[np.ndarray, "n m"]
    slope: Float[np.ndarray, "n m q"]


def whole(x: Any, p: Values) -> dict[str, Any]:
    """The state of the loop from its free part `x` (f, n)."""
    y = {name: x[k] for k, name in enumerate(FREE)}
    held = sum(y[one.name] for one in LOOP.stores if one.name != LOOP.reserve)
    return y | {LOOP.reserve: p["blood_volume"] - held}


def first_state(u: Float[Array, "q n"], base: Values) -> Any:
    """Where the search for the orbit begins, (n, f): a resting circulation at usual pressures."""
    p = person(u, base)
    y = LOOP.filled_to(p, TYPICAL_PRESSURES)
    return jnp.stack([y[name] for name in FREE], axis=-1)


def curves(x: Any, u: Any, base: Values, steps: int = STEPS) -> tuple[Any, dict[str, Any]]:
    """The free state a beat later (f, n), and the course (steps, n) of what is seen from outside."""
    p = person(u, base)
    phases = jnp.arange(steps)[:, None] / steps

    def step(y: Any, signals: Any) -> Any:
        after, flows = LOOP.carried(y, p, 1.0 / steps, *signals)
        seen = LOOP.seen(y, p, signals[0]) | flows
        return after, tuple(seen[name] for name in _SEEN)

    signals = LOOP.at(phases, p), LOOP.at(phases + 0.5 / steps, p)
    after, found = lax.scan(step, whole(x, p), signals)
    return jnp.stack([after[name] for name in FREE]), dict(zip(_SEEN, found, strict=True))


def quantities(seen: dict[str, Any], u: Any, p: Values) -> Any:
    """What a clinician would measure, (m, n), in the order of `SCALARS`, then the two curves."""
    arteries, volume, period = seen["P_systemic_arteries"], seen["V_left_ventricle"], p["period"]
    steps = arteries.shape[0]
    edv, esv = volume.max(axis=0), volume.min(axis=0)
    aortic = seen["Q_aortic"]
    late = (jnp.arange(steps) / steps)[:, None] >= 1.0 - p["lead_atria"] / period
    mitral = seen["Q_mitral"]
    early = jnp.maximum(jnp.where(late, 0.0, mitral).max(axis=0), 1.0)
    atrial = jnp.maximum(jnp.where(late, mitral, 0.0).max(axis=0), 5.0)
    found = {
        "systolic": arteries.max(axis=0),
        "diastolic": arteries.min(axis=0),
        "mean_arterial": arteries.mean(axis=0),
        "edv": edv,
        "esv": esv,
        "ejection_fraction": (edv - esv) / edv,
        "stroke_volume": aortic.mean(axis=0) * period,
        "log_e_to_a": jnp.log(early / atrial),
        "left_atrial": seen["P_left_atrium"].mean(axis=0),
        "pulmonary_systolic": seen["P_pulmonary_arteries"].max(axis=0),
        "central_venous": seen["P_right_atrium"].mean(axis=0),
        "ejection_time": period * jax.nn.sigmoid((aortic - 15.0) / 5.0).mean(axis=0),
        "contraction": (p["rise_ventricles"] + p["fall_ventricles"]) * jnp.sqrt(period),
    }
    delay = u[NAMES.index("delay")] / period
    return jnp.concatenate([jnp.stack([found[n] for n in SCALARS]), _at(arteries, delay), _at(aortic, delay)])


def _at(curve: Any, delay: Any) -> Any:
    """The curve, later by `delay` (share of the beat), at even phases: means over a triangle two points wide each way.

    A sensor smooths; and a mean moves smoothly with the delay although a valve opens from one step to the next.
    """
    steps = curve.shape[0]
    away = (jnp.arange(POINTS)[:, None] / POINTS - (jnp.arange(steps) + 0.5) / steps)[:, :, None] - delay
    away = away - jnp.round(away)
    weight = jnp.maximum(1.0 - POINTS / 2 * jnp.abs(away), 0.0)
    return (weight * curve).sum(axis=1) / weight.sum(axis=1)


@partial(jax.jit, static_argnames="steps")
def along(x: Float[Array, "n f"], u: Float[Array, "n q"], base: Values, steps: int = STEPS) -> tuple[Any, ...]:
    """One pass along the beat of people with unknowns `u` from states `x`: the parts of a `Pass`."""
    f, q = x.shape[1], u.shape[1]

    def both(x: Any, u: Any) -> tuple[Any, Any]:
        after, seen = curves(x, u, base, steps)
        return after - x, quantities(seen, u, person(u, base))

    def slope(direction: Any) -> Any:
        dx, du = direction[:f, None], direction[f:, None]
        return jax.jvp(both, (x.T, u.T), (dx + jnp.zeros_like(x.T), du + jnp.zeros_like(u.T)))

    (change, value), (d_change, d_value) = jax.vmap(slope, out_axes=((None, None), 0))(jnp.eye(f + q))
    change, value = change.T, value.T
    d_change, d_value = jnp.transpose(d_change, (2, 1, 0)), jnp.transpose(d_value, (2, 1, 0))
    right = jnp.concatenate([change[:, :, None], d_change[:, :, f:]], axis=2)
    solved = -jnp.linalg.solve(d_change[:, :, :f], right)
    moved = d_value[:, :, :f] @ solved
    return (
        jnp.abs(change).max(axis=1), solved[:, :, 0], solved[:, :, 1:], value + moved[:, :, 0],
        d_value[:, :, f:] + moved[:, :, 1:],
    )  # fmt: skip
