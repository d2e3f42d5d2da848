"""What a clinician reads from a beat: pressures, volumes, output, filling."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax.numpy as jnp

from vitruvian.model import Values
from vitruvian.physiology.circulation.beat import Orbit


class Indices(NamedTuple):
    """Of a beat of the closed loop; every field has the people's shape."""

    heart_rate: Any  # 1/min
    systolic: Any  # mmHg, in the systemic arteries
    diastolic: Any  # mmHg
    mean_arterial: Any  # mmHg
    central_venous: Any  # mmHg, mean of the right atrium
    wedge: Any  # mmHg, mean of the left atrium
    pulmonary_systolic: Any  # mmHg
    pulmonary_mean: Any  # mmHg
    edv: Any  # mL, largest volume of the left ventricle
    esv: Any  # mL, its smallest
    stroke_volume: Any  # mL, through the aortic valve, forward less backward
    ejection_fraction: Any  # share
    cardiac_output: Any  # L/min
    e_wave: Any  # mL/s, largest early flow through the mitral valve
    a_wave: Any  # mL/s, largest flow in atrial contraction


def indices(orbit: Orbit, p: Values) -> Indices:
    """Indices of the periodic beat of people with `p`."""
    v = orbit.trace.values
    period = p["period"]
    arteries, ventricle = v["P_systemic_arteries"], v["V_left_ventricle"]
    edv, esv = ventricle.max(axis=0), ventricle.min(axis=0)
    stroke = v["Q_aortic"].mean(axis=0) * period
    early, late = _filling(orbit, p)
    return Indices(
        heart_rate=60.0 / period,
        systolic=arteries.max(axis=0),
        diastolic=arteries.min(axis=0),
        mean_arterial=arteries.mean(axis=0),
        central_venous=v["P_right_atrium"].mean(axis=0),
        wedge=v["P_left_atrium"].mean(axis=0),
        pulmonary_systolic=v["P_pulmonary_arteries"].max(axis=0),
        pulmonary_mean=v["P_pulmonary_arteries"].mean(axis=0),
        edv=edv,
        esv=esv,
        stroke_volume=stroke,
        ejection_fraction=(edv - esv) / edv,
        cardiac_output=stroke / period * 0.06,
        e_wave=early,
        a_wave=late,
    )


def _filling(orbit: Orbit, p: Values) -> tuple[Any, Any]:
    """Largest mitral flow before and after the atria begin to contract."""
    flow = orbit.trace.values["Q_mitral"]
    phase = orbit.trace.phase.reshape((-1, *([1] * (flow.ndim - 1))))
    begins = 1.0 - p["lead_atria"] / p["period"]
    late = phase >= begins
    return jnp.where(late, 0.0, flow).max(axis=0), jnp.where(late, flow, 0.0).max(axis=0)
