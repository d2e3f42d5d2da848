"""One step of generalised-alpha, solved by Newton's method; its derivative by the implicit function theorem.

Equations whose coefficients never change are solved once for all steps: each Newton step then has as many unknowns as
there are equations that bend, and goes through the same iterates as one on all equations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.physiology.circulation.svzerod.assemble import Drivers, System


class State(NamedTuple):
    """Values of all variables and their slopes, 1/s."""

    y: Any
    slope: Any


class Rule(NamedTuple):
    """How to step: length, s; spectral radius at infinite frequency; bound of the residual; Newton steps allowed."""

    dt: Any
    rho: Any
    tolerance: Any
    newton: Any

    @property
    def alphas(self) -> tuple[Any, Any, Any]:
        """Where in the step the slope and the value are taken, and gamma."""
        middle, end = 0.5 * (3.0 - self.rho) / (1.0 + self.rho), 1.0 / (1.0 + self.rho)
        return middle, end, 0.5 + middle - end


class Problem(NamedTuple):
    """All that one step is solved from: values of blocks, what depends on time, the rule, and the state before."""

    p: Drivers
    u: Drivers
    rule: Rule
    old: State


class Found(NamedTuple):
    """A state, 1.0 where a shut valve holds a variable at zero, its residual, Newton steps taken, whether to stop."""

    state: State
    held: Any
    residual: Any
    steps: Any
    ended: Any


class Straight(NamedTuple):
    """The equations that do not bend: coefficients of the variables they touch, and their solutions.

    `by_y` and `by_slope` (straight, touched); `particular` (n, straight) solves them, `free` (n, bending) keeps them.
    """

    by_y: Any
    by_slope: Any
    particular: Any
    free: Any

    def residual(self, system: System, y: Any, slope: Any, constant: Any) -> Any:
        """Their residual, from what it is where all variables are zero."""
        places, _ = system.touched
        return constant + jnp.sum(self.by_y * y[places] + self.by_slope * slope[places], axis=1)


def small(residual: Any, rule: Rule) -> Any:
    """Whether no residual exceeds the tolerance; one that is not a number does."""
    return jnp.max(jnp.abs(residual)) < rule.tolerance


def straighten(system: System, problem: Problem) -> Straight:
    """Solve the equations that do not bend, at the first step."""
    y, slope = _between(problem.old, problem)
    places, filled = system.touched
    rows = jnp.arange(system.straight)[:, None]
    exact = _derivatives(system, y, slope, problem)
    by_y, by_slope = (one[rows, places] * filled for one in exact)
    reading = any(one.kind.reads for one in system.groups.values())
    inverse = jnp.linalg.inv(_joined(_derivatives(system, y, slope, problem, held=True) if reading else exact, problem))
    return Straight(by_y, by_slope, inverse[:, : system.straight], inverse[:, system.straight :])


def constants(system: System, p: Drivers, u: Drivers) -> Any:
    """Residuals of the straight equations where all variables are zero, at every time (T, straight)."""
    zero = jnp.zeros(len(system.variables))
    return jax.vmap(lambda now: system.residual(zero, zero, p, now)[: system.straight])(u)


def solver(system: System) -> Callable[[Problem, Straight, Any], Found]:
    """A function that solves a step and knows its derivative; the constants of the straight equations come last.

    The derivative is that of the equations: where a valve holds variables during the iteration there is none.
    """

    @jax.custom_jvp
    def solve(problem: Problem, straight: Straight, constant: Any) -> Found:
        return _newton(system, problem, straight, constant)

    @solve.defjvp
    def tangent(primals: Any, tangents: Any) -> Any:
        problem = primals[0]
        found = solve(*primals)
        new = found.state.slope

        def value(given: Problem) -> Any:
            gamma, old = given.rule.alphas[2], given.old
            return old.y + given.rule.dt * ((1.0 - gamma) * old.slope + gamma * new)

        def residual(given: Problem) -> Any:
            y, slope = _between(State(value(given), new), given)
            return system.residual(y, slope, given.p, given.u)

        pushed = jax.jvp(residual, (problem,), (tangents[0],))[1]
        matrix = _joined(_derivatives(system, *_between(found.state, problem), problem), problem)
        slope = -jnp.linalg.solve(matrix, pushed)
        carried = jax.jvp(value, (problem,), (tangents[0],))[1]
        y = carried + problem.rule.alphas[2] * problem.rule.dt * slope
        none = jnp.zeros_like(pushed)
        return found, Found(State(y, slope), none, none, jnp.zeros_like(found.steps), np.zeros((), jax.dtypes.float0))

    return solve


def _between(state: State, problem: Problem) -> tuple[Any, Any]:
    """Value and slope at the points of the step where the equations must hold."""
    middle, end, _ = problem.rule.alphas
    old = problem.old
    return old.y + (state.y - old.y) * end, old.slope + (state.slope - old.slope) * middle


def _derivatives(system: System, y: Any, slope: Any, problem: Problem, held: bool = False) -> tuple[Any, Any]:
    """Derivatives of the residual by the variables and by their slopes, each (n, n)."""
    n = len(system.variables)

    def residual(both: Any) -> Any:
        return system.residual(both[:n], both[n:], problem.p, problem.u, held)

    found = jax.jacfwd(residual)(jnp.concatenate([y, slope]))
    return found[:, :n], found[:, n:]


def _joined(derivatives: tuple[Any, Any], problem: Problem) -> Any:
    """Derivative of the residual by the slopes at the end of the step."""
    middle, end, gamma = problem.rule.alphas
    by_y, by_slope = derivatives
    return middle * by_slope + end * gamma * problem.rule.dt * by_y


def _newton(system: System, problem: Problem, straight: Straight, constant: Any) -> Found:
    middle, end, gamma = problem.rule.alphas
    reach = gamma * problem.rule.dt
    bends = len(system.variables) > system.straight

    def bent(y: Any, slope: Any) -> Any:
        return system.bent(y, slope, problem.p, problem.u)

    def increment(y: Any, slope: Any, residual: Any) -> Any:
        known = -straight.particular @ residual[: system.straight]
        if not bends:
            return known

        def push(direction: Any) -> Any:
            return jax.jvp(bent, (y, slope), (end * reach * direction, middle * direction))[1]

        columns = jnp.concatenate([straight.free, known[:, None]], axis=1)
        pushed = jax.vmap(push, in_axes=1, out_axes=1)(columns)
        return known + straight.free @ jnp.linalg.solve(pushed[:, :-1], -residual[system.straight :] - pushed[:, -1])

    def onward(found: Found) -> Found:
        y, slope = _between(found.state, problem)
        residual = straight.residual(system, y, slope, constant)
        residual = jnp.concatenate([residual, bent(y, slope)]) if bends else residual
        held = system.shut(y, slope, problem.p, problem.u)
        ends = small(residual, problem.rule) | (found.steps >= problem.rule.newton)

        def moved() -> Found:
            change = increment(y, slope, residual)
            start = (1.0 - held) * found.state.y
            state = State(start + change * reach, found.state.slope + change)
            return Found(state, held, residual, found.steps + 1.0, ends)

        return jax.lax.cond(ends, lambda: Found(found.state, held, residual, found.steps, ends), moved)

    none = jnp.zeros(len(system.variables))
    first = State(problem.old.y, problem.old.slope * (1.0 - 1.0 / gamma))
    return jax.lax.while_loop(lambda found: ~found.ended, onward, Found(first, none, none, 0.0, False))
