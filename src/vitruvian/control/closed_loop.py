"""The closed loop: a sensor reads, a policy decides, a pump or pen delivers, the person goes on; minute by minute."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float, Int

from vitruvian.control.policy import Delivery, GlucosePolicy, Seen, Therapy
from vitruvian.core import DataError
from vitruvian.model import Driven, Values, advance
from vitruvian.physiology.glucose import GLARGINE, IDEAL, PERFECT, Depot, Errors, Inputs, LongActing, Pump, Sensor

EATING = 5.0
"""g/min at which carbohydrates against a low are eaten."""


class Plan(NamedTuple):
    """What happens to people whatever is decided; each (minutes, n)."""

    eaten: Float[Array, "m n"]
    """Carbohydrates, g/min."""
    announced: Float[Array, "m n"]
    """Carbohydrates that the person tells at this minute, g."""
    activity: Float[Array, "m n"]
    """Minutes of activity that the person tells at this minute."""
    heart_rate: Float[Array, "m n"]
    """Above rest, 1/min."""
    sensitivity: Float[Array, "m n"]
    """Factor of the person's usual insulin sensitivity."""
    absorption: Float[Array, "m n"]
    """Factor of the person's usual rates of absorption."""
    flow: Float[Array, "m n"]
    """Share of what the pump gives that reaches the person; 0 in an occlusion."""


class Trace(NamedTuple):
    """What happened, minute by minute; each (minutes, n)."""

    glucose: Float[Array, "m n"]
    """In plasma at the end of the minute, mg/dL."""
    sensor: Float[Array, "m n"]
    """Reading at the start of the minute, mg/dL; NaN where there is none."""
    insulin: Float[Array, "m n"]
    """Delivered by pump and pen, U/min; long-acting insulin as it is injected."""
    carbohydrates: Float[Array, "m n"]
    """Eaten, g/min."""
    reason: Int[Array, "m n"]
    """Why the dose of this minute is not what was asked for: a sum of `Reason`, 0 without a safety layer."""


class Setting(NamedTuple):
    """People, their treatment, and what is worn."""

    model: Driven
    parameters: Values
    therapy: Therapy
    sensor: Sensor = PERFECT
    pump: Pump = IDEAL
    long_acting: LongActing = GLARGINE
    pen: bool = False
    """Whether basal insulin came from a pen before the run, too."""


class Now(NamedTuple):
    """Where the run is."""

    body: Any
    depot: Depot
    past: Array  # interstitial glucose of the last minutes, newest first
    reading: Array
    read_at: Array
    to_eat: Array
    basal: Array  # U since the last decision, as the pump counts
    bolus: Array


def unplanned(minutes: int, n: int) -> Plan:
    """Nothing eaten, at rest, usual sensitivity, a pump that works."""
    none, one = jnp.zeros((minutes, n)), jnp.ones((minutes, n))
    return Plan(none, none, none, none, one, one, one)


def run(setting: Setting, policy: GlucosePolicy, plan: Plan, key: Array, start: int = 0, body: Any = None) -> Trace:
    """All people of `setting` under `policy`; `start` is the minute of the day at which the plan begins.

    Begins at rest under basal insulin, or at the state `body`. Raises `DataError` where the plan does not fit, or a
    value that is not finite appears. A policy that is not traceable is asked from Python at each decision.
    """
    minutes, n = plan.eaten.shape
    if minutes % policy.every:
        raise DataError("a plan needs whole steps of its policy", got=f"{minutes} min", allowed=f"n x {policy.every}")
    errors = setting.sensor.errors(key, minutes // setting.sensor.every + 2, n)
    body = setting.model.steady(setting.parameters) if body is None else body
    trace = (_traced if policy.traceable else _asked)(setting, policy, plan, errors, start, body)
    if not bool(jnp.isfinite(trace.glucose).all()):
        at = np.argwhere(~np.isfinite(np.asarray(trace.glucose)))[0]
        raise DataError("glucose is not finite", got=f"person {at[1]} at minute {at[0]}", todo="See the parameters.")
    return trace


def _traced(setting: Setting, policy: GlucosePolicy, plan: Plan, errors: Errors, start: int, body: Any) -> Trace:
    arrays = (setting.parameters, setting.therapy, plan, errors, start, body)
    return _program(setting.model, *setting[3:], policy, *arrays)


@partial(jax.jit, static_argnums=(0, 1, 2, 3, 4, 5))
def _program(
    model: Driven, sensor: Sensor, pump: Pump, slow: LongActing, pen: bool, policy: GlucosePolicy, p: Any,
    therapy: Therapy, plan: Plan, errors: Errors, start: Any, body: Any,
) -> Trace:  # fmt: skip
    setting = Setting(model, p, therapy, sensor, pump, slow, pen)
    blocks = jax.tree.map(lambda x: x.reshape(-1, policy.every, *x.shape[1:]), plan)

    def step(carry: Any, block: Any) -> Any:
        now, state = carry
        k, planned = block
        seen = seen_at(now, planned, k * policy.every, start)
        given, state = policy.decide(state, seen)
        now, trace = until_next(setting, errors, now, planned, given, k * policy.every)
        return (now, state), trace

    first = begun(setting, errors, body)
    counted = (jnp.arange(plan.eaten.shape[0] // policy.every), blocks)
    _, trace = lax.scan(step, (first, policy.initial(therapy)), counted)
    return jax.tree.map(lambda x: x.reshape(-1, x.shape[-1]), trace)


def _asked(setting: Setting, policy: GlucosePolicy, plan: Plan, errors: Errors, start: int, body: Any) -> Trace:
    go = jax.jit(lambda p, now, planned, given, minute: until_next(
        setting._replace(parameters=p), errors, now, planned, given, minute))  # fmt: skip
    therapy = jax.tree.map(np.asarray, setting.therapy)
    now, state, traces = begun(setting, errors, body), policy.initial(therapy), []
    for minute in range(0, plan.eaten.shape[0], policy.every):
        planned = jax.tree.map(lambda x, m=minute: x[m : m + policy.every], plan)
        seen = jax.tree.map(np.asarray, seen_at(now, planned, minute, start))
        given, state = policy.decide(state, seen)
        given = Delivery(*(jnp.asarray(one, float) for one in given))
        now, trace = go(setting.parameters, now, planned, given, minute)
        traces.append(trace)
    return jax.tree.map(lambda *parts: jnp.concatenate(parts), *traces)


def begun(setting: Setting, errors: Errors, body: Any) -> Now:
    """Where a run begins, from the state `body`."""
    there = setting.model.observe(body, setting.parameters)["interstitial"]
    none = jnp.zeros_like(there)
    past = jnp.broadcast_to(there, (setting.sensor.delay + 1, *there.shape))
    daily = 24.0 * setting.therapy.basal if setting.pen else none
    now = Now(body, setting.long_acting.settled(daily), past, none + jnp.nan, none - 1e6, none, none, none)
    return _sense(setting.sensor, errors, now, 0)


def seen_at(now: Now, planned: Plan, minute: Any, start: Any) -> Seen:
    """What a policy sees at this minute of the run; `planned` are the minutes until its next decision."""
    return Seen(
        minute=jnp.asarray(minute, float),
        minute_of_day=jnp.mod(jnp.asarray(minute + start, float), 1440.0),
        glucose=now.reading,
        age=jnp.minimum(minute - now.read_at, 1e6),
        meal=planned.announced.sum(0),
        exercise=planned.activity.sum(0),
        basal=now.basal,
        bolus=now.bolus,
    )


def _sense(sensor: Sensor, errors: Errors, now: Now, minute: Any) -> Now:
    """The newest reading, where one is due and comes."""
    k = minute // sensor.every
    due = (minute % sensor.every == 0) & ~errors.missing[k]
    shown = sensor.read(now.past[-1], errors.gain[k], errors.offset[k])
    return now._replace(
        reading=jnp.where(due, shown, now.reading), read_at=jnp.where(due, jnp.asarray(minute, float), now.read_at)
    )


def until_next(
    setting: Setting, errors: Errors, now: Now, planned: Plan, given: Delivery, minute: Any
) -> tuple[Now, Trace]:
    """The minutes until the next decision."""
    rate, bolus = setting.pump.rate(given.basal) / 60.0, setting.pump.bolus(given.bolus)
    injected = jnp.maximum(jnp.nan_to_num(given.long_acting), 0.0)
    none = jnp.zeros_like(bolus)
    reason = jnp.broadcast_to(jnp.asarray(given.reason, int), none.shape)
    now = now._replace(to_eat=now.to_eat + jnp.maximum(jnp.nan_to_num(given.rescue), 0.0), basal=none, bolus=none)

    def one(now: Now, x: tuple[Any, Plan]) -> tuple[Now, Trace]:
        j, planned = x
        at_once = jnp.where(j == 0, bolus, 0.0)
        slow = jnp.where(j == 0, injected, 0.0)
        released, depot = setting.long_acting.minute(now.depot, slow)
        rescue = jnp.minimum(now.to_eat, EATING)
        inputs = Inputs(
            carbohydrates=planned.eaten + rescue,
            insulin=(rate + at_once) * planned.flow + released,
            long_acting=slow,
            glucagon=none,
            heart_rate=planned.heart_rate,
            sensitivity=planned.sensitivity,
            absorption=planned.absorption,
        )
        body = advance(setting.model, now.body, inputs, setting.parameters, 1.0)
        found = setting.model.observe(body, setting.parameters)
        fresh = jnp.where(now.read_at == minute + j, now.reading, jnp.nan)
        trace = Trace(found["glucose"], fresh, rate + at_once + slow, inputs.carbohydrates, reason)
        past = jnp.concatenate([found["interstitial"][None], now.past[:-1]])
        later = now._replace(
            body=body, depot=depot, past=past, to_eat=now.to_eat - rescue, basal=now.basal + rate,
            bolus=now.bolus + at_once,
        )  # fmt: skip
        return _sense(setting.sensor, errors, later, minute + j + 1), trace

    count = planned.eaten.shape[0]
    return lax.scan(one, now, (jnp.arange(count), planned))
