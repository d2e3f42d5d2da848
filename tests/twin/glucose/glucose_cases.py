"""People of another model (UVA/Padova 2008): meals, boluses, a noisy sensor, and what is changed in their days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.model import drive
from vitruvian.physiology.glucose import UVA_PADOVA_2008 as UVA
from vitruvian.physiology.glucose import Inputs, nothing
from vitruvian.twin.glucose import Evidence

_MEALS = ((450, 45.0), (750, 65.0), (960, 20.0), (1140, 65.0))


@jax.jit
def _lived(state: Any, inputs: Inputs, p: dict[str, Any]) -> Any:
    return drive(UVA, state, inputs, p)[1]["interstitial"]


@dataclass(frozen=True)
class World:
    """N people over some days, by minute: what they ate, gave themselves, and their true glucose under the skin."""

    p: dict[str, np.ndarray]
    eaten: np.ndarray
    counted: np.ndarray
    bolus: np.ndarray
    sensitivity: np.ndarray
    glucose: np.ndarray
    people: tuple[Evidence, ...]


def lived(p: dict[str, np.ndarray], eaten: np.ndarray, bolus: np.ndarray, sensitivity: np.ndarray) -> np.ndarray:
    """True glucose at the end of each minute."""
    basal = np.asarray(UVA.basal(p)) / 60.0
    inputs = nothing(*eaten.shape)._replace(
        carbohydrates=jnp.asarray(eaten), insulin=jnp.asarray(bolus + basal), sensitivity=jnp.asarray(sensitivity)
    )
    values = {name: jnp.asarray(x) for name, x in p.items()}
    return np.asarray(_lived(UVA.steady(values), inputs, values))


def some_people(n: int, seed: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Parameters drawn around the published middle, and carbohydrate ratios (g/U) that suit them."""
    chance = np.random.default_rng(seed)
    p = {name: np.full(n, value) for name, value in UVA.typical.items()}
    p["BW"] = np.clip(chance.normal(78, 12, n), 50, 110)
    p["Gb"] = chance.normal(135, 8, n)
    spread = {"Vmx": (0.0537, 0.3), "kp3": (0.0095, 0.3), "kabs": (0.15, 0.4), "kmax": (0.0387, 0.2), "Ib": (100, 0.1)}
    for name, (middle, cv) in spread.items():
        p[name] = middle * np.exp(cv * chance.standard_normal(n))
    p |= {"ka1": np.full(n, 0.0034), "ka2": np.full(n, 0.0159), "kd": np.full(n, 0.0159), "b": np.full(n, 0.78)}
    p["d"] = np.full(n, 0.17)
    balanced = {name: np.asarray(x) for name, x in UVA.balanced(p).items()}
    return balanced, 380.0 / (24.0 * np.asarray(UVA.basal(p)) + 25.0)


def world(p: dict[str, np.ndarray], ratio: np.ndarray, days: int, seed: int, *, counting: float = 0.15) -> World:
    """Days of four meals with sizes, times, counting and bolus times that vary, and sensitivity by time of day."""
    chance = np.random.default_rng(seed)
    n, minutes = len(ratio), days * 1440
    eaten, counted, bolus = (np.zeros((minutes, n)) for _ in range(3))
    for day in range(days):
        for usual, grams in _MEALS:
            for i in range(n):
                at = day * 1440 + int(usual + chance.normal(0, 30)) // 5 * 5
                size = grams * p["BW"][i] / 78.0 * np.exp(0.25 * chance.standard_normal())
                lasts = max(int(size / 5.0), 1)
                eaten[at : at + lasts, i] += size / lasts
                told = size * np.exp(counting * chance.standard_normal())
                counted[at, i] += told
                dose = round(told / ratio[i] * np.exp(0.15 * chance.standard_normal()), 1)
                bolus[at + int(chance.choice([-15, -10, -5, 0, 5, 15])), i] += dose
    hour = np.arange(minutes) / 60.0 % 24.0
    sensitivity = np.repeat((1.0 + 0.15 * np.cos((hour - 15.0) / 12.0 * np.pi))[:, None], n, axis=1)
    glucose = lived(p, eaten, bolus, sensitivity)
    noise = np.zeros((minutes // 5, n))
    last = np.zeros(n)
    for t in range(len(noise)):
        last = 0.85 * last + np.sqrt(1 - 0.85**2) * 6.0 * chance.standard_normal(n)
        noise[t] = last
    basal = np.asarray(UVA.basal(p)) / 12.0
    people = tuple(
        evidence(f"person {i}", np.append(glucose[0, i], glucose[4:-1:5, i]) + noise[:, i], basal[i], bolus[:, i],
                 counted[:, i])
        for i in range(n)
    )  # fmt: skip
    return World(p, eaten, counted, bolus, sensitivity, glucose, people)


def evidence(name: str, glucose: np.ndarray, basal: float, bolus: np.ndarray, counted: np.ndarray) -> Evidence:
    """Evidence of one person from arrays by minute (glucose: by edge)."""
    count = len(glucose)
    none = np.full(count, np.nan)
    return Evidence(
        name, datetime(2026, 1, 1, tzinfo=UTC), 5.0 * np.arange(count) % 1440, glucose,
        bolus.reshape(-1, 5).sum(axis=1), np.full(count, basal), np.zeros(count),
        counted.reshape(-1, 5).sum(axis=1), none, none.copy(), none.copy(),
    )  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One thing done otherwise by person `who` at a step: the bolus by a factor, or later; the meal by a factor."""

    who: int
    step: int
    dose: float = 1.0
    later: int = 0
    meal: float = 1.0


def changes(these: World, first: int, per_person: int, seed: int) -> list[Change]:
    """Some changes of each person after the step `first`, with two hours left."""
    chance = np.random.default_rng(seed)
    found = []
    for i, one in enumerate(these.people):
        steps = np.flatnonzero(one.bolus)
        steps = steps[(steps > first) & (steps < len(one) - 32)]
        for _ in range(per_person):
            step = int(chance.choice(steps))
            meals = np.flatnonzero(one.carbohydrates)
            meal = int(meals[np.abs(meals - step).argmin()])
            kinds = (
                Change(i, step, dose=0.0), Change(i, step, dose=0.5), Change(i, step, dose=1.4),
                Change(i, step, later=30), Change(i, meal, meal=0.5),
            )  # fmt: skip
            found.append(kinds[chance.integers(len(kinds))])
    return found


def truth(these: World, made: list[Change]) -> np.ndarray:
    """True glucose by minute of each change."""
    who = np.array([c.who for c in made])
    eaten, bolus = these.eaten[:, who].copy(), these.bolus[:, who].copy()
    for k, change in enumerate(made):
        step = slice(5 * change.step, 5 * change.step + 5)
        dose = bolus[step, k].copy()
        if change.meal != 1.0:
            at = 5 * change.step
            while eaten[at, k] > 0:
                eaten[at, k] *= change.meal
                at += 1
            continue
        bolus[step, k] = 0.0
        moved = slice(step.start + change.later, step.stop + change.later)
        bolus[moved, k] += change.dose * dose
    # as many at once as there are people: the program is compiled already
    n, found = len(these.people), []
    for first in range(0, len(made), n):
        some = np.minimum(first + np.arange(n), len(made) - 1)
        p = {name: x[who[some]] for name, x in these.p.items()}
        found.append(lived(p, eaten[:, some], bolus[:, some], these.sensitivity[:, who[some]]))
    return np.concatenate(found, axis=1)[:, : len(made)]
