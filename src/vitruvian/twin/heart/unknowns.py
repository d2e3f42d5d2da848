"""What is not known of a person's circulation, and how it enters the parameters of the closed loop.

Each unknown is the logarithm of a factor on what a person of that age, sex and size usually has; only the delay of a
curve is in seconds. Spreads are those of adults in clinics, healthy and ill; they are wide where disease moves them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.model import Values


@dataclass(frozen=True)
class Unknown:
    """One unknown: the parameters multiplied and divided by its factor, spread among people, and its words."""

    name: str
    title: str
    spread: float
    """Standard deviation of its logarithm among people of one age, sex and size."""
    times: tuple[str, ...] = ()
    over: tuple[str, ...] = ()
    source: str = ""


UNKNOWNS = (
    Unknown(
        "resistance", "systemic resistance", 0.25, ("R_systemic",),
        source="assumed: resistance at rest within ± 40 % for nine of ten adults, half to double in disease",
    ),
    Unknown(
        "compliance", "arterial compliance", 0.30, ("C_aorta", "C_systemic_arteries"),
        source="stroke volume over pulse pressure, SD 25–30 %: de Simone G et al. Hypertension 1999;33:800",
    ),
    Unknown(
        "impedance", "resistance of the aortic arch", 0.30, ("R_aortic_arch",),
        source="assumed: characteristic impedance, SD 30 %",
    ),
    Unknown(
        "contractility", "contractility of the left ventricle (Emax)", 0.40, ("Emax_left_ventricle",),
        source="end-systolic elastance, 2.3 ± 1.0 mmHg/mL: Chen CH et al. J Am Coll Cardiol 2001;38:2028",
    ),
    Unknown(
        "size", "size of the left ventricle", 0.20, ("V0_left_ventricle",), ("k_left_ventricle", "Emin_left_ventricle"),
        source="end-diastolic volume, SD 20 % in health: Lang RM et al. J Am Soc Echocardiogr 2015;28:1",
    ),
    Unknown(
        "stiffness", "passive stiffness of the left ventricle", 0.35, ("Emin_left_ventricle",),
        source="end-diastolic pressure–volume relation: Zile MR et al. N Engl J Med 2004;350:1953",
    ),
    Unknown("filling", "stressed blood volume", 0.20, ("stressed",), source="assumed: a fifth of the stressed volume"),
    Unknown(
        "timing", "length of ventricular contraction", 0.10, ("rise_ventricles", "fall_ventricles"),
        source="electromechanical systole at one rate, SD 3 % in health: Weissler AM et al. Circulation 1968;37:149",
    ),
    Unknown(
        "atrium", "contraction of the left atrium", 0.40, ("Emax_left_atrium",),
        source="assumed; E/A of 0.6 to 2 over ages 20–80",
    ),
    Unknown(
        "lung", "pulmonary resistance", 0.35, ("R_lung",),
        source="assumed: 0.5 to 2 Wood units at rest, more in disease",
    ),
    Unknown("delay", "delay of the curve behind the R wave, s", 0.02, source="assumed; site of the sensor"),
)  # fmt: skip
NAMES = tuple(one.name for one in UNKNOWNS)
SPREADS: Float[np.ndarray, " q"] = np.array([one.spread for one in UNKNOWNS])


def person(u: Any, base: Values) -> dict[str, Any]:
    """Parameters of people with unknowns `u` (q, n) on `base`, each (n,); `stressed` becomes the blood volume."""
    p: dict[str, Any] = dict(base)
    for k, one in enumerate(UNKNOWNS):
        factor = jnp.exp(u[k])
        for name in one.times:
            p[name] = p[name] * factor
        for name in one.over:
            p[name] = p[name] / factor
    p["blood_volume"] = p.pop("stressed") + sum(v for name, v in base.items() if name.startswith("V0_"))
    return p
