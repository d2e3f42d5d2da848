"""Therapies and moments that the tests of several policies share."""

from __future__ import annotations

import jax.numpy as jnp
import numpy as np

from vitruvian.control import Seen, Therapy

PEOPLE = 8


def therapy(people: int = PEOPLE) -> Therapy:
    """Adults who need 0.6 to 1.4 U/h."""
    basal = jnp.linspace(0.6, 1.4, people)
    total = 48 * basal
    return Therapy(jnp.full(people, 70.0), basal, 480 / total, 1800 / total, jnp.full(people, 110.0), total)


def seen(glucose, of: Therapy, minute: float = 600.0, **known) -> Seen:
    """A moment with this reading after profile basal, and whatever else is known."""
    none = jnp.zeros_like(of.basal)
    at = jnp.asarray(minute)
    usual = Seen(at, at % 1440, none + glucose, none, none, none, of.basal / 12, none)
    return usual._replace(**{name: none + value for name, value in known.items()})


def followed(policy, of: Therapy, readings, **known):
    """What was delivered at each of several decisions, and the last state; each delivery is seen at the next."""
    state, given, minute = policy.initial(of), [], 600.0
    last = (of.basal / 12, 0 * of.basal)
    for glucose in readings:
        now = seen(glucose, of, minute, **known)._replace(basal=last[0], bolus=last[1])
        delivered, state = policy.decide(state, now)
        given.append(delivered)
        last, minute = (delivered.basal / 12, delivered.bolus), minute + policy.every
    return given, state


def numbers(given) -> np.ndarray:
    """Basal, bolus, long-acting and rescue of each decision; (decisions, 4, n)."""
    return np.array([[np.asarray(part) for part in one] for one in given])
