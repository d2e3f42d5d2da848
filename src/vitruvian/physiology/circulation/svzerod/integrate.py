"""Generalised-alpha steps of a system from a state, differentiable in both directions.

Jansen 2000 (doi:10.1016/S0045-7825(00)00203-6), as svZeroDSolver uses it: constant predictor, what depends on time
alone evaluated once a step, Newton's method until no residual exceeds the tolerance.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from vitruvian.physiology.circulation.svzerod.assemble import Drivers, System
from vitruvian.physiology.circulation.svzerod.newton import (
    Problem,
    Rule,
    State,
    constants,
    small,
    solver,
    straighten,
)


class Stepped(NamedTuple):
    """States after each step (T, variables), Newton steps taken (T,), and whether each converged (T,).

    `residual` is that of every equation at the first step that did not; zero where all did.
    """

    states: State
    newton: Any
    converged: Any
    residual: Any


def advance(
    system: System, values: Any, origin: State, start: State, rule: Rule, t: Any, where: Mapping[str, Any], rest: Any
) -> Stepped:
    """Steps from `start`, one for each time `t[1:]`, s, at which the equations must hold; NaN is no step.

    `t[0]` and `origin` are the time and the state that blocks remember the run by. Curves are at their mean where
    `rest` (T,) is true. A step that does not converge ends the run: the states after it stay as they were.
    """
    courses = system.drivers(values, jnp.where(jnp.isnan(t), 0.0, t), where, rest)
    p = system.given(values, origin, jax.tree.map(lambda course: course[0], courses))
    u = jax.tree.map(lambda course: course[1:], courses)
    first = Problem(p, jax.tree.map(lambda course: course[0], u), rule, start)
    straight, constant = jax.lax.stop_gradient((straighten(system, first), constants(system, p, u)))
    solve = solver(system)

    def one(carry: tuple[State, Any, Any], given: tuple[Any, Drivers, Any]) -> Any:
        old, failed, residual = carry
        time, now, constant = given
        live = ~jnp.isnan(time) & ~failed
        allowed = rule._replace(newton=jnp.where(live, rule.newton, 0.0))
        found = solve(Problem(p, now, allowed, old), straight, constant)
        bad = live & ~small(found.residual, rule)
        state = jax.tree.map(lambda new, last: jnp.where(live & ~bad, new, last), found.state, old)
        kept = jnp.where(bad, found.residual, residual)
        return (state, failed | bad, kept), (state, found.steps, ~bad)

    none = jnp.zeros(len(system.variables))
    begun = (start, jnp.array(False), none)
    (_, _, residual), (states, steps, converged) = jax.lax.scan(one, begun, (t[1:], u, constant))
    return Stepped(states, steps, converged, residual)
