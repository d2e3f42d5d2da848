"""What echocardiography reads at a valve or defect: gradients, velocity, what flows back."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.model import Values
from vitruvian.physiology.circulation.beat import Orbit
from vitruvian.physiology.circulation.circuit import Circuit

_FLOWING = 10.0  # mL/s: from here on it counts as forward flow


class ValveFindings(NamedTuple):
    """Of one valve over a beat; every field has the people's shape."""

    mean_gradient: Any  # mmHg, over the time of forward flow
    peak_gradient: Any  # mmHg
    peak_velocity: Any  # m/s, largest forward flow through the effective orifice
    forward: Any  # mL a beat
    regurgitant: Any  # mL a beat
    regurgitant_fraction: Any  # of what flows forward


def valve_findings(circuit: Circuit, orbit: Orbit, p: Values, valve: str) -> ValveFindings:
    """Findings at the path `valve` of the circuit."""
    path = next(one for one in circuit.paths if one.name == valve)
    v = orbit.trace.values
    flow, drop = v[f"Q_{valve}"], v[f"P_{path.source}"] - v[f"P_{path.target}"]
    open_ = flow > _FLOWING
    gradient = jnp.where(open_, drop, 0.0)
    forward = jnp.maximum(flow, 0.0).mean(axis=0) * p["period"]
    back = jnp.maximum(-flow, 0.0).mean(axis=0) * p["period"]
    return ValveFindings(
        mean_gradient=gradient.sum(axis=0) / jnp.maximum(open_.sum(axis=0), 1),
        peak_gradient=gradient.max(axis=0),
        peak_velocity=flow.max(axis=0) / p[f"A_{valve}"] / 100.0,
        forward=forward,
        regurgitant=back,
        regurgitant_fraction=back / jnp.maximum(forward, 1e-9),
    )


def flow_ratio(orbit: Orbit) -> Any:
    """Qp/Qs: flow through the lungs over flow through the body."""
    v = orbit.trace.values
    return v["Q_pulmonary"].mean(axis=0) / v["Q_aortic"].mean(axis=0)
