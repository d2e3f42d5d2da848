"""Faults of sensors, pumps, clocks and fingers, put into a run to see what they lead to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import jax.numpy as jnp

from vitruvian.control.closed_loop import Plan
from vitruvian.control.policy import Delivery, GlucosePolicy, Seen, Therapy


class Fault(Protocol):
    """What goes wrong, as the controller sees it or as it happens to the person; times in minutes of the run."""

    def seen(self, observed: Seen) -> Seen:
        """What reaches the controller."""

    def planned(self, plan: Plan) -> Plan:
        """What happens to the person, and what the person tells."""


@dataclass(frozen=True)
class _Nothing:
    """Neither the controller nor the person is affected; faults change one of the two."""

    def seen(self, observed: Seen) -> Seen:
        """As it is."""
        return observed

    def planned(self, plan: Plan) -> Plan:
        """As it is."""
        return plan


@dataclass(frozen=True)
class DropOut(_Nothing):
    """No reading reaches the controller between two times."""

    begins: float
    ends: float

    def seen(self, observed: Seen) -> Seen:
        """The last reading before, growing older."""
        out = (observed.minute >= self.begins) & (observed.minute < self.ends)
        age = jnp.where(out, observed.age + observed.minute - self.begins + 5.0, observed.age)
        return observed._replace(age=age, glucose=jnp.where(out, jnp.nan, observed.glucose))


@dataclass(frozen=True)
class Stuck(_Nothing):
    """The sensor shows one value between two times."""

    begins: float
    ends: float
    value: float

    def seen(self, observed: Seen) -> Seen:
        """The value, always fresh."""
        out = (observed.minute >= self.begins) & (observed.minute < self.ends)
        return observed._replace(
            glucose=jnp.where(out, self.value, observed.glucose), age=jnp.where(out, 0.0, observed.age)
        )


@dataclass(frozen=True)
class MistypedGlucose(_Nothing):
    """Somebody types a wrong reading, 806 for 80 say; it stands until the sensor's next one."""

    at: float
    value: float = 806.0

    def seen(self, observed: Seen) -> Seen:
        """The wrong reading at the decision that follows."""
        now = (observed.minute >= self.at) & (observed.minute < self.at + 5.0)
        return observed._replace(
            glucose=jnp.where(now, self.value, observed.glucose), age=jnp.where(now, 0.0, observed.age)
        )


@dataclass(frozen=True)
class MistypedMeal(_Nothing):
    """Carbohydrates are announced that nobody eats, 806 g for 80 say."""

    at: int
    grams: float = 806.0

    def planned(self, plan: Plan) -> Plan:
        """The announcement in place of whatever was told at that minute."""
        return plan._replace(announced=plan.announced.at[self.at].set(self.grams))


@dataclass(frozen=True)
class DoubleEntry(_Nothing):
    """Every meal that is told in one day is told again some minutes later."""

    day: int
    later: int = 10

    def planned(self, plan: Plan) -> Plan:
        """The announcements, and the same once more."""
        today = slice(self.day * 1440, (self.day + 1) * 1440 - self.later)
        again = slice(self.day * 1440 + self.later, (self.day + 1) * 1440)
        return plan._replace(announced=plan.announced.at[again].add(plan.announced[today]))


@dataclass(frozen=True)
class Occlusion(_Nothing):
    """The pump counts what does not reach the person between two times."""

    begins: int
    ends: int

    def planned(self, plan: Plan) -> Plan:
        """No flow."""
        return plan._replace(flow=plan.flow.at[self.begins : self.ends].set(0.0))


@dataclass(frozen=True)
class ClockJump(_Nothing):
    """The controller's clock is set forward or back at some time: it takes readings for older or of the future."""

    at: float
    by: float

    def seen(self, observed: Seen) -> Seen:
        """Times by the wrong clock."""
        off = jnp.where(observed.minute >= self.at, self.by, 0.0)
        first = (observed.minute >= self.at) & (observed.minute < self.at + 5.0)
        return observed._replace(
            minute=observed.minute + off,
            minute_of_day=jnp.mod(observed.minute_of_day + off, 1440.0),
            age=jnp.where(first, observed.age + off, observed.age),
        )


@dataclass(frozen=True)
class Faulty:
    """`policy` under faults: it sees what they leave. The plan of the run goes through `faulty`."""

    policy: GlucosePolicy
    faults: tuple[Any, ...]

    @property
    def every(self) -> int:
        """Minutes between decisions, the policy's."""
        return self.policy.every

    @property
    def traceable(self) -> bool:
        """Whether the policy is pure JAX; faults are."""
        return self.policy.traceable

    def initial(self, known: Therapy) -> Any:
        """The policy's."""
        return self.policy.initial(known)

    def decide(self, state: Any, observed: Seen) -> tuple[Delivery, Any]:
        """What the policy decides on what it sees."""
        for fault in self.faults:
            observed = fault.seen(observed)
        return self.policy.decide(state, observed)


def faulty(plan: Plan, faults: tuple[Any, ...]) -> Plan:
    """The plan with what the faults do to the person."""
    for fault in faults:
        plan = fault.planned(plan)
    return plan
