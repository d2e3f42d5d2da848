"""The twin's path is the reduced model: the same glucose as its Driven form in steps of one minute."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
import pytest
from glucose_cases import evidence

from vitruvian.model import drive
from vitruvian.physiology.glucose import REDUCED, nothing
from vitruvian.twin.glucose.course import RUN_IN, course_of, meals_of_window, usual
from vitruvian.twin.glucose.identify import paths
from vitruvian.twin.glucose.unknowns import MEAL, PERSON


def at_typical(known_told: float, weight: float) -> tuple[np.ndarray, dict[str, float]]:
    """Unknowns at which the twin has the published typical values, and those values."""
    p = REDUCED.typical | {"BW": weight, "u2ss": 1.0 / 60.0 * 1000.0 / weight, "kabs": 0.012}
    z = np.zeros(len(PERSON) + 3 * 12)
    wanted = {name: p[name] for name in ("Gb", "SG", "p2", "ka2", "kd", "kempt", "kabs")}
    wanted |= {"SI": p["SI"] / known_told, "risk": 1.0, "start": p["Gb"] - 120.0}
    for k, (name, one) in enumerate(PERSON.items()):
        if name in wanted:
            raw = {"plain": float, "log": np.log, "rate": np.log, "square": np.sqrt}[one.scale](wanted[name])
            z[k] = (raw - one.mean) / one.sd
    delay = list(MEAL).index("delay")
    z[len(PERSON) + delay :: 3] = (0.0 - MEAL["delay"].mean) / MEAL["delay"].sd
    return z, p


@pytest.mark.slow
def test_the_path_is_the_reduced_model() -> None:
    minutes, weight = 1440, 75.0
    bolus, eaten = np.zeros(minutes), np.zeros(minutes)
    bolus[[482, 782]], eaten[[482, 782]] = (6.0, 4.0), (60.0, 40.0)
    one = evidence("p", np.full(288, 120.0), 1.0 / 12.0, bolus, eaten)
    known = usual(one, 0, 288, weight)
    course = course_of(one, 0, 288, known, meals_of_window(one, 0, 288))
    z, p = at_typical(known.told, weight)
    mine = np.asarray(paths(jnp.asarray(z[None]), type(course)(*map(jnp.asarray, course))))[RUN_IN:, 0]
    inputs = nothing(minutes)._replace(carbohydrates=jnp.asarray(eaten), insulin=jnp.asarray(bolus + 1.0 / 60.0))
    values = {name: jnp.asarray(value) for name, value in p.items()}
    true = np.asarray(drive(REDUCED, REDUCED.steady(values), inputs, values)[1]["interstitial"])[4::5]
    assert np.ptp(true) > 30.0
    # a dose or meal of one minute is spread over its step of five
    np.testing.assert_allclose(mine, true, atol=0.5)
