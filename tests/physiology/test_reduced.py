"""The reduced model: its written equations solved by another solver, and what must hold of them."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np
from scipy.integrate import solve_ivp

from vitruvian.model import program
from vitruvian.physiology.glucose import REDUCED, nothing

MINUTES = 240
P = {name: jnp.full(2, value) for name, value in REDUCED.typical.items()} | {"kabs": jnp.array([0.012, 0.03])}
driven = program(REDUCED)


def day(n: int = 2) -> object:
    insulin = jnp.full((MINUTES, n), float(REDUCED.basal(REDUCED.typical)) / 60.0).at[30].add(5.0)
    carbohydrates = jnp.zeros((MINUTES, n)).at[20:32].set(5.0)
    return nothing(MINUTES, n)._replace(insulin=insulin, carbohydrates=carbohydrates)


def test_against_the_written_equations() -> None:
    """A stiff adaptive solver on the equations as published, restarted at each minute."""
    p = {name: float(value[1]) for name, value in P.items()}
    inputs = day()
    insulin, eaten = np.asarray(inputs.insulin)[:, 1], np.asarray(inputs.carbohydrates)[:, 1]
    late = np.concatenate([np.full(8, insulin[0]), insulin])
    resting = p["u2ss"] / (p["ke"] * p["VI"])
    state = np.array([0, 0, 0, p["u2ss"] / p["kd"], p["u2ss"] / p["ka2"], p["u2ss"] / p["ke"], 0, p["Gb"], p["Gb"]])

    def slope(_: float, x: np.ndarray, u: float, meal: float) -> list[float]:
        s1, s2, gut, i1, i2, ip, action, g, ig = x
        rho = 1.0
        if g < p["Gb"]:
            rho += 10 * p["r1"] * (np.log(max(g, 60.0)) ** p["r2"] - np.log(p["Gb"]) ** p["r2"]) ** 2
        return [
            meal / p["BW"] - p["kempt"] * s1, p["kempt"] * (s1 - s2), p["kempt"] * s2 - p["kabs"] * gut,
            u / p["BW"] - p["kd"] * i1, p["kd"] * i1 - p["ka2"] * i2, p["ka2"] * i2 - p["ke"] * ip,
            -p["p2"] * (action - p["SI"] * (ip / p["VI"] - resting)),
            -(p["SG"] + rho * action) * g + p["SG"] * p["Gb"] + p["f"] * p["kabs"] * gut / p["VG"],
            (g - ig) / p["alpha"],
        ]  # fmt: skip

    theirs = []
    for k in range(MINUTES):
        drawn = (1000 * late[k], 1000 * eaten[k])
        state = solve_ivp(slope, (0, 1), state, "LSODA", args=drawn, rtol=1e-9, atol=1e-9).y[:, -1]
        theirs.append(state[7:9])
    _, out = driven(REDUCED.steady(P), inputs, P)
    ours = np.stack([out["glucose"][:, 1], out["interstitial"][:, 1]], axis=1)
    assert np.ptp(ours) > 50
    np.testing.assert_allclose(ours, theirs, atol=0.01)


def test_kinds_of_meals_add_up() -> None:
    """The same meal as two halves of two kinds: as one meal where kinds are alike, in between where not."""
    inputs = day()
    halves = inputs._replace(carbohydrates=jnp.stack([inputs.carbohydrates / 2] * 2, axis=1))
    alike = P | {name: jnp.stack([P[name]] * 2) for name in ("kempt", "kabs")}
    _, whole = driven(REDUCED.steady(P), inputs, P)
    _, parts = driven(REDUCED.steady(alike), halves, alike)
    np.testing.assert_allclose(parts["glucose"], whole["glucose"], rtol=1e-12)
    mixed = alike | {"kabs": jnp.stack([P["kabs"], P["kabs"][::-1]])}
    _, between = driven(REDUCED.steady(mixed), halves, mixed)
    np.testing.assert_allclose(between["glucose"][:, 0], between["glucose"][:, 1], rtol=1e-12)
    middle, ends = between["glucose"][60], whole["glucose"][60]
    assert ends.min() < middle[0] < ends.max()


def test_insulin_arrives_after_eight_minutes() -> None:
    inputs = day()._replace(carbohydrates=jnp.zeros((MINUTES, 2)))
    _, out = driven(REDUCED.steady(P), inputs, P)
    change = np.asarray(out["insulin"])[:, 0] - float(out["insulin"][0, 0])
    assert np.abs(change[:38]).max() < 1e-9
    assert change[38] > 0
