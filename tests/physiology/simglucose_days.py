"""Days of simglucose's persons, by simglucose and by this package, under the same scenario."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
from oracle import PERSONS, QUESTS

from vitruvian.control import Plan, Therapy, unplanned
from vitruvian.physiology.glucose import UVA_PADOVA_2008 as MODEL
from vitruvian.physiology.glucose import Inputs, nothing

MEALS = {480: 45.0, 720: 70.0, 1080: 80.0}
EATEN_AT = 5.0


def parameters(names: list[str]) -> dict[str, jnp.ndarray]:
    """Of persons by name, (n,)."""
    return {one.name: jnp.asarray(PERSONS.loc[names, one.name].to_numpy(float)) for one in MODEL.parameters}


def start(names: list[str]) -> object:
    """The state at which simglucose begins."""
    state = MODEL.steady(parameters(names))
    given = {name: PERSONS.loc[names, f"x0_{k:2d}"].to_numpy(float) for k, name in enumerate(state._fields[:13], 1)}
    return state._replace(**{name: jnp.asarray(value) for name, value in given.items()})


def therapy(names: list[str]) -> Therapy:
    """Settings that its basal–bolus controller uses."""
    p, quest = parameters(names), QUESTS.loc[names]
    ratio, correction, daily = (jnp.asarray(quest[column].to_numpy(float)) for column in ("CR", "CF", "TDI"))
    basal = jnp.asarray(PERSONS.loc[names, "u2ss"].to_numpy(float)) * p["BW"] / 100.0
    return Therapy(p["BW"], basal, ratio, correction, jnp.full(len(names), 140.0), daily)


def eating(minutes: int, n: int, meals: dict[int, float] = MEALS) -> np.ndarray:
    """g/min; a meal is eaten at 5 g/min from its announcement on."""
    out = np.zeros((minutes, n))
    for at, grams in meals.items():
        whole = int(grams // EATEN_AT)
        out[at : at + whole] = EATEN_AT
        out[at + whole] = grams - whole * EATEN_AT
    return out


def open_loop(names: list[str], minutes: int, meals: dict[int, float] = MEALS) -> Inputs:
    """Meals, basal insulin, and the bolus of each meal a minute later."""
    told = therapy(names)
    insulin = np.tile(np.asarray(told.basal) / 60.0, (minutes, 1))
    for at, grams in meals.items():
        insulin[at + 1] += grams / np.asarray(told.carbohydrate_ratio)
    return nothing(minutes, len(names))._replace(
        carbohydrates=jnp.asarray(eating(minutes, len(names), meals)), insulin=jnp.asarray(insulin)
    )


def announced_late(minutes: int, n: int, meals: dict[int, float] = MEALS, late: int = 1) -> Plan:
    """Its controller sees a meal one step late."""
    told = np.zeros((minutes, n))
    for at, grams in meals.items():
        told[at + late] = grams
    return unplanned(minutes, n)._replace(eaten=jnp.asarray(eating(minutes, n, meals)), announced=jnp.asarray(told))


def by_simglucose(name: str, inputs: Inputs, person: int, meals: dict[int, float] = MEALS) -> np.ndarray:
    """Its subcutaneous glucose after each minute, open loop."""
    from simglucose.patient.t1dpatient import Action

    patient, insulin = _patient(name), np.asarray(inputs.insulin)[:, person]
    out = []
    for minute, units in enumerate(insulin):
        patient.step(Action(CHO=meals.get(minute, 0.0), insulin=units))
        out.append(patient.observation.Gsub)
    return np.array(out)


def its_loop(name: str, minutes: int, meals: dict[int, float] = MEALS) -> tuple[np.ndarray, np.ndarray]:
    """Its basal–bolus loop with a perfect sensor each minute: glucose after each minute, and U/min."""
    from simglucose.actuator.pump import InsulinPump
    from simglucose.controller.basal_bolus_ctrller import BBController
    from simglucose.simulation.env import T1DSimEnv
    from simglucose.simulation.scenario import CustomScenario

    began = datetime(2026, 1, 5)
    scenario = CustomScenario(began, [(timedelta(minutes=at), grams) for at, grams in meals.items()])
    sensor = SimpleNamespace(sample_time=1, measure=lambda patient: patient.observation.Gsub, reset=lambda: None)
    env = T1DSimEnv(_patient(name), sensor, InsulinPump.withName("Insulet"), scenario)
    controller = BBController()
    seen = env.reset()
    for _ in range(minutes):
        action = controller.policy(seen.observation, seen.reward, seen.done, **seen.info)
        seen = env.step(action)
    return np.array(env.BG_hist[1:]), np.array(env.insulin_hist)


def _patient(name: str) -> object:
    from simglucose.patient.t1dpatient import T1DPatient

    patient = T1DPatient.withName(name)
    patient._params = _plain(name)
    return patient


def _plain(name: str) -> object:
    """Its parameters with quick attributes; rows of pandas are ten times as slow."""
    return _Row(PERSONS.reset_index().set_index("Name", drop=False).loc[name])


class _Row(SimpleNamespace):
    def __init__(self, row: object) -> None:
        super().__init__(**{str(k): (float(v) if k != "Name" else v) for k, v in row.items()})  # type: ignore[attr-defined]
        self.iloc = row.iloc  # type: ignore[attr-defined]
