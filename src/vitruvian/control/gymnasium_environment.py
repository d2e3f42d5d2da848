"""The environment itself; imported by `environment` only, for it needs Gymnasium."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gymnasium
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.control.closed_loop import Now, Plan, Setting, Trace, begun, seen_at, until_next
from vitruvian.control.iob import ADULT, Doses, no_doses
from vitruvian.control.policy import Delivery, Seen, Therapy, delivery
from vitruvian.control.reasons import words
from vitruvian.control.safety import Safe
from vitruvian.core import DataError
from vitruvian.physiology.glucose import high_risk, low_risk

PAST = 12
OBSERVED = (
    *(f"reading {5 * k} minutes ago, mg/dL (0: none)" for k in range(PAST)),
    "insulin on board above profile basal, U",
    "carbohydrates announced now, g",
    "minutes of activity announced now",
    "sine of the time of day",
    "cosine of the time of day",
    "profile basal, U/h",
    "carbohydrate ratio, g/U",
    "correction factor, mg/dL per U",
)
_HIGHEST = np.array([1000.0] * PAST + [200.0, 1000.0, 1440.0, 1.0, 1.0, 100.0, 1000.0, 1000.0], np.float32)
_LOWEST = np.array([0.0] * PAST + [-200.0, 0.0, 0.0, -1.0, -1.0, 0.0, 0.0, 0.0], np.float32)
LARGEST_RATE, LARGEST_BOLUS = 4.0, 0.3


@dataclass(frozen=True)
class _Chosen:
    """The policy that delivers what its state says; the environment puts the action there."""

    every: int = 5
    traceable: bool = True

    def initial(self, known: Therapy) -> Delivery:
        """Profile basal."""
        return delivery(known.basal)

    def decide(self, state: Delivery, observed: Seen) -> tuple[Delivery, Delivery]:
        """The action."""
        return state, state


class GlucoseEnvironment(gymnasium.Env[np.ndarray, np.ndarray]):
    """See `environment`. An episode is terminated below 10 or above 1000 mg/dL and truncated where the plan ends."""

    metadata = {"render_modes": []}  # noqa: RUF012

    def __init__(
        self, setting: Setting, plan: Plan, *, safe: bool, every: int, reward: Callable[[float], float] | None
    ) -> None:
        minutes, people = plan.eaten.shape
        if minutes % every or people != len(setting.therapy.basal):
            raise DataError("the plan does not fit", got=f"{minutes} min, {people} people", allowed="whole steps")
        self.observation_space = gymnasium.spaces.Box(_LOWEST, _HIGHEST, dtype=np.float32)
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self._everybody, self._plans, self._reward = setting, plan, reward or risk
        self._policy: Any = Safe(_Chosen(every)) if safe else _Chosen(every)
        self._safe, self._every, self._minutes = safe, every, minutes

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """A person at rest; `options={"person": k}` chooses who, otherwise one is drawn."""
        super().reset(seed=seed)
        people = len(self._everybody.therapy.basal)
        person = int((options or {}).get("person", self.np_random.integers(people)))
        one = slice(person, person + 1)
        setting = self._everybody
        parameters = jax.tree.map(lambda x: jnp.asarray(x)[..., one], dict(setting.parameters))
        therapy = jax.tree.map(lambda x: jnp.asarray(x, float)[one], setting.therapy)
        self._setting = setting._replace(parameters=parameters, therapy=therapy)
        self._plan = jax.tree.map(lambda x: x[:, one], self._plans)
        key = jax.random.key(int(self.np_random.integers(2**31)))
        self._errors = setting.sensor.errors(key, self._minutes // setting.sensor.every + 2, 1)
        self._now = begun(self._setting, self._errors, setting.model.steady(parameters))
        self._state = self._policy.initial(therapy)
        self._doses = no_doses(1, ADULT, self._every)
        self._past, self._minute = [0.0] * PAST, 0
        return self._look(), {"person": person}

    def step(self, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """The next `every` minutes under an action."""
        if self._minute >= self._minutes:
            raise DataError("the episode is over", got=f"minute {self._minute}", todo="Call reset().")
        delivered, self._state, self._now, trace = _STEP(
            self._statics(), self._setting[1:3], self._errors, self._now, self._state, self._planned(), self._minute,
            jnp.asarray(np.clip(np.nan_to_num(action), -1.0, 1.0), float),
        )  # fmt: skip
        self._minute += self._every
        glucose = float(trace.glucose[-1, 0])
        info = {
            "glucose": glucose,
            "basal": float(delivered.basal[0]),
            "bolus": float(delivered.bolus[0]),
            "carbohydrates": float(trace.carbohydrates.sum()),
            "reasons": words(int(np.broadcast_to(delivered.reason, 1)[0])),
        }
        over = not 10.0 <= glucose <= 1000.0
        return self._look(), self._reward(glucose), over, self._minute >= self._minutes, info

    def _statics(self) -> tuple[Any, ...]:
        return self._setting.model, self._setting[3:], self._policy, self._safe

    def _planned(self) -> Plan:
        """The minutes until the next decision; the last ones again where the plan has ended."""
        first = min(self._minute, self._minutes - self._every)
        return jax.tree.map(lambda x: x[first : first + self._every], self._plan)

    def _look(self) -> np.ndarray:
        """What is observed now; see `OBSERVED`."""
        seen, therapy = _SEEN(self._now, self._planned(), self._minute), self._setting.therapy
        net = seen.basal + seen.bolus - therapy.basal * self._every / 60.0 * (self._minute > 0)
        self._doses = Doses(self._doses.units).then(net)
        fresh = bool(seen.age[0] < self._every) and bool(np.isfinite(seen.glucose[0]))
        self._past = [float(seen.glucose[0]) if fresh else 0.0, *self._past[:-1]]
        angle = 2 * np.pi * float(seen.minute_of_day) / 1440.0
        board = float(self._doses.on_board(ADULT, self._every)[0])
        settings = [float(x[0]) for x in (therapy.basal, therapy.carbohydrate_ratio, therapy.correction)]
        rest = [board, float(seen.meal[0]), float(seen.exercise[0]), np.sin(angle), np.cos(angle), *settings]
        return np.clip(np.array([*self._past, *rest], np.float32), _LOWEST, _HIGHEST)


def risk(glucose: float) -> float:
    """Minus the risk of a glucose value, in units of that of 20 mg/dL."""
    value = np.clip(glucose, 1.0, 1000.0)
    return -float(low_risk(value) + high_risk(value)) / 100.0


def _advanced(
    static: tuple[Any, ...], own: tuple[Any, Therapy], errors: Any, now: Now, state: Any, planned: Plan, minute: Any,
    action: Float[Array, " 2"],
) -> tuple[Delivery, Any, Now, Trace]:  # fmt: skip
    """One step of the loop under an action."""
    model, worn, policy, safe = static
    setting = Setting(model, *own, *worn)
    basal = setting.therapy.basal * LARGEST_RATE * (action[0] + 1) / 2
    bolus = LARGEST_BOLUS * setting.therapy.total_daily * jnp.maximum(action[1], 0.0)
    chosen = delivery(basal, bolus)
    state = state._replace(policy=chosen) if safe else chosen
    given, state = policy.decide(state, seen_at(now, planned, minute, 0))
    now, trace = until_next(setting, errors, now, planned, given, minute)
    return given, state, now, trace


_STEP = jax.jit(_advanced, static_argnums=0)
_SEEN = jax.jit(lambda now, planned, minute: seen_at(now, planned, minute, 0))
