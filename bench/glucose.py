"""Virtual people with type 1 diabetes: the simulator of 2008 over a day of three meals, float64, minute by minute.

The peer is simglucose 0.2.11 in the same run: its adult#001 under its own basal–bolus controller, pump and sensor (one
reading in three minutes), as its users run it. Both must agree on glucose under the same meals and insulin before
either is timed. Rates count CPU seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from bench.timing import Row, best
from vitruvian.control import BasalBolus, Setting, Therapy, run, unplanned
from vitruvian.model import program
from vitruvian.physiology.glucose import BRETON_2008, INSULET, nothing
from vitruvian.physiology.glucose import UVA_PADOVA_2008 as MODEL

DAY = 1440
MEALS = {480: 45.0, 720: 70.0, 1080: 80.0}
PERSON = "adult#001"
TOLERANCE = 0.02
driven = program(MODEL)


def rows(people: int, rounds: int) -> list[Row]:
    """Rates of one person and of cohorts beside simglucose's, and the time of ten times the cohort."""
    parameters = _simglucose()
    agree(parameters, 240)
    peer = 1.0 / _cpu(lambda: its_day(DAY))
    one, many = rate(parameters, 1, 5 * rounds), rate(parameters, people, rounds)
    seconds = 10 * people / rate(parameters, 10 * people, max(2, rounds // 2))
    looped = loop_rate(parameters, people, rounds)
    beside = f"simglucose {peer:.3f} patient-days per CPU-s"
    return [
        _row(
            f"glucose of {people:,} people, one day",
            20_000,
            many / peer,
            f"{many:,.0f} patient-days per CPU-s; {beside}",
        ),
        _row("glucose of one person, one day", 1_000, one / peer, f"{one:,.0f} patient-days per CPU-s; {beside}"),
        Row(
            f"glucose of {10 * people:,} people, one day",
            "<= 4 CPU-s",
            f"{seconds:.2f} CPU-s",
            seconds <= 4.0,
            f"closed loop with sensor, pump and calculated boluses: {looped:,.0f} patient-days per CPU-s, "
            f"{looped / peer:,.0f} x",
        ),
    ]


def _row(work: str, least: float, ratio: float, note: str) -> Row:
    return Row(work, f">= {least:,.0f} x simglucose", f"{ratio:,.0f} x", ratio >= least, note)


def rate(parameters: dict[str, float], people: int, rounds: int) -> float:
    """Patient-days per CPU second, open loop."""
    p, inputs = _people(parameters, people), _inputs(parameters, people, DAY)
    first = MODEL.steady(p)
    return people / best(lambda: jax.block_until_ready(driven(first, inputs, p)), rounds).cpu


def loop_rate(parameters: dict[str, float], people: int, rounds: int) -> float:
    """Patient-days per CPU second, in closed loop with boluses calculated at meals."""
    p, plan = _people(parameters, people), unplanned(DAY, people)
    inputs = _inputs(parameters, people, DAY)
    told = plan.announced.at[jnp.array(list(MEALS))].set(jnp.array(list(MEALS.values()))[:, None])
    plan = plan._replace(eaten=inputs.carbohydrates, announced=told)
    each = partial(jnp.full, (people,))
    therapy = Therapy(p["BW"], MODEL.basal(p), each(10.0), each(8.8), each(140.0), each(50.0))
    setting = Setting(MODEL, p, therapy, BRETON_2008, INSULET)
    policy = BasalBolus(every=3)
    return people / best(lambda: jax.block_until_ready(run(setting, policy, plan, jax.random.key(1))), rounds).cpu


def agree(parameters: dict[str, float], minutes: int) -> None:
    """Raises `AssertionError` where glucose under a meal and insulin differs from simglucose's."""
    from simglucose.patient.t1dpatient import Action, T1DPatient

    inputs = _inputs(parameters, 1, minutes, {10: 45.0})
    ours = driven(MODEL.steady(_people(parameters, 1)), inputs, _people(parameters, 1))[1]["interstitial"][:, 0]
    patient, theirs = T1DPatient.withName(PERSON), []
    for minute, units in enumerate(np.asarray(inputs.insulin)[:, 0]):
        patient.step(Action(CHO=45.0 if minute == 10 else 0.0, insulin=units))
        theirs.append(patient.observation.Gsub)
    # its stored state at rest is rounded
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE)


def its_day(minutes: int) -> None:
    """One day of one person as simglucose's users run it."""
    from simglucose.actuator.pump import InsulinPump
    from simglucose.controller.basal_bolus_ctrller import BBController
    from simglucose.patient.t1dpatient import T1DPatient
    from simglucose.sensor.cgm import CGMSensor
    from simglucose.simulation.env import T1DSimEnv
    from simglucose.simulation.scenario import CustomScenario
    from simglucose.simulation.sim_engine import SimObj

    began = datetime(2026, 1, 5)
    scenario = CustomScenario(began, [(timedelta(minutes=at), grams) for at, grams in MEALS.items()])
    sensor, pump = CGMSensor.withName("Dexcom", seed=1), InsulinPump.withName("Insulet")
    env = T1DSimEnv(T1DPatient.withName(PERSON), sensor, pump, scenario)
    SimObj(env, BBController(), timedelta(minutes=minutes), animate=False).simulate()


def _simglucose() -> dict[str, float]:
    """Makes its modules importable as its tests do, and gives parameters of its person."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "physiology"))
    from oracle import PERSONS

    return {one.name: float(PERSONS.loc[PERSON, one.name]) for one in MODEL.parameters}


def _people(parameters: dict[str, float], n: int) -> dict[str, Any]:
    return {name: jnp.full(n, value) for name, value in parameters.items()}


def _inputs(parameters: dict[str, float], n: int, minutes: int, meals: dict[int, float] = MEALS) -> Any:
    """Meals at 5 g/min, basal insulin, and a unit for 10 g."""
    eaten = np.zeros(minutes)
    insulin = np.full(minutes, float(MODEL.basal(parameters)) / 60.0)
    for at, grams in meals.items():
        eaten[at : at + int(grams // 5)] = 5.0
        insulin[at] += grams / 10.0
    each = [jnp.asarray(np.tile(one[:, None], (1, n))) for one in (eaten, insulin)]
    return nothing(minutes, n)._replace(carbohydrates=each[0], insulin=each[1])


def _cpu(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before
