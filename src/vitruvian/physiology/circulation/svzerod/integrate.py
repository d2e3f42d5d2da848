"""Generalised-alpha steps of a system, Newton's method in each; differentiable in both directions.

Jansen 2000 (doi:10.1016/S0045-7825(00)00203-6), as svZeroDSolver uses it: constant predictor, one evaluation of all
that depends on time alone a step, Newton until no residual exceeds the tolerance. Equations whose coefficients never
change are eliminated once for all steps, so each Newton step solves for as many unknowns as equations that bend.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

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


class Stepped(NamedTuple):
    """States after each step (T, variables), Newton steps taken (T,), and whether each converged (T,).

    `residual` is that of every equation at the first step that did not; zero where all did.
    """

    states: State
    newton: Any
    converged: Any
    residual: Any


class _Problem(NamedTuple):
    """All that one step is solved from."""

    values: Any
    memory: Drivers
    u: Drivers
    rule: Rule
    old: State


class _Found(NamedTuple):
    """A state, 1.0 where a shut valve holds a variable at zero, the residual, and the Newton steps so far."""

    state: State
    held: Any
    residual: Any
    steps: Any


class _Eliminated(NamedTuple):
    """Solutions of the equations that do not bend: `particular` (n, straight) and `free` (n, bending)."""

    particular: Any
    free: Any


def _between(state: State, problem: _Problem) -> tuple[Any, Any]:
    """Value and slope at the points of the step where the equations must hold."""
    middle, end, _ = problem.rule.alphas
    old = problem.old
    return old.y + (state.y - old.y) * end, old.slope + (state.slope - old.slope) * middle


def _newton(system: System, problem: _Problem, eliminated: _Eliminated) -> _Found:
    middle, end, gamma = problem.rule.alphas
    reach = gamma * problem.rule.dt
    given = (problem.values, problem.u, problem.memory)
    straight, bending = _rows(system)

    def increment(y: Any, slope: Any, residual: Any) -> Any:
        known = -eliminated.particular @ residual[straight]
        if not len(bending):
            return known

        def push(direction: Any) -> Any:
            moved = (end * reach * direction, middle * direction)
            return jax.jvp(lambda y, slope: system.bent(y, slope, *given), (y, slope), moved)[1]

        matrix = jax.vmap(push, in_axes=1, out_axes=1)(eliminated.free)
        return known + eliminated.free @ jnp.linalg.solve(matrix, -residual[bending] - push(known))

    def evaluate(state: State) -> tuple[Any, Any]:
        y, slope = _between(state, problem)
        return system.residual(y, slope, *given), system.shut(y, slope, *given)

    def onward(found: _Found) -> _Found:
        y, slope = _between(found.state, problem)
        change = increment(y, slope, found.residual)
        start = (1.0 - found.held) * found.state.y
        state = State(start + change * reach, found.state.slope + change)
        residual, held = evaluate(state)
        return _Found(state, held, residual, found.steps + 1)

    def wanting(found: _Found) -> Any:
        return (found.steps < problem.rule.newton) & ~_small(found.residual, problem.rule)

    first = State(problem.old.y, problem.old.slope * (1.0 - 1.0 / gamma))
    residual, held = evaluate(first)
    return jax.lax.while_loop(wanting, onward, _Found(first, held, residual, 0.0))


def _rows(system: System) -> tuple[Any, Any]:
    every = range(len(system.equations))
    bending = set(system.bending.tolist())
    return jnp.array([n for n in every if n not in bending], int), jnp.array(sorted(bending), int)


def _matrix(system: System, problem: _Problem, state: State, held: bool = False) -> Any:
    """Derivative of the residual by the slopes at the end of the step."""
    middle, end, gamma = problem.rule.alphas
    y, slope = _between(state, problem)
    residual = partial(system.residual, held=held)
    by_y, by_slope = jax.jacfwd(residual, argnums=(0, 1))(y, slope, problem.values, problem.u, problem.memory)
    return middle * by_slope + end * gamma * problem.rule.dt * by_y


def _eliminate(system: System, problem: _Problem) -> _Eliminated:
    straight, bending = _rows(system)
    inverse = jnp.linalg.inv(_matrix(system, problem, problem.old, held=True))
    return _Eliminated(inverse[:, straight], inverse[:, bending])


def _solve(system: System) -> Any:
    """A function that solves a step and knows its derivative, by the implicit function theorem."""

    @jax.custom_jvp
    def solve(problem: _Problem, eliminated: _Eliminated) -> _Found:
        return _newton(system, problem, eliminated)

    @solve.defjvp
    def tangent(primals: Any, tangents: Any) -> Any:
        problem, eliminated = primals
        found = solve(problem, eliminated)
        new, moves = found.state.slope, 1.0 - found.held

        def value(given: _Problem) -> Any:
            gamma, old = given.rule.alphas[2], given.old
            return moves * (old.y + given.rule.dt * ((1.0 - gamma) * old.slope + gamma * new))

        def residual(given: _Problem) -> Any:
            y, slope = _between(State(value(given), new), given)
            return system.residual(y, slope, given.values, given.u, given.memory)

        pushed = jax.jvp(residual, (problem,), (tangents[0],))[1]
        slope = -jnp.linalg.solve(_matrix(system, problem, found.state), pushed)
        carried = jax.jvp(value, (problem,), (tangents[0],))[1]
        y = carried + moves * problem.rule.alphas[2] * problem.rule.dt * slope
        none = jnp.zeros_like(pushed)
        return found, _Found(State(y, slope), none, none, jnp.zeros_like(found.steps))

    return solve


def advance(
    system: System, values: Any, memory: Drivers, start: State, rule: Rule, t: Any, where: Mapping[str, Any], rest: Any
) -> Stepped:
    """Steps from `start`, one for each time `t`, s, at which the equations must hold; a time that is NaN is no step.

    A step that does not converge ends the run: the states after it stay as they were.
    """
    u = system.drivers(values, jnp.where(jnp.isnan(t), 0.0, t), where, rest)
    first = jax.tree.map(lambda course: course[0], u)
    eliminated = jax.lax.stop_gradient(_eliminate(system, _Problem(values, memory, first, rule, start)))
    solve = _solve(system)

    def one(carry: tuple[State, Any, Any], given: tuple[Any, Drivers]) -> Any:
        old, failed, residual = carry
        time, now = given
        live = ~jnp.isnan(time) & ~failed
        allowed = rule._replace(newton=jnp.where(live, rule.newton, 0.0))
        found = solve(_Problem(values, memory, now, allowed, old), eliminated)
        bad = live & ~_small(found.residual, rule)
        state = jax.tree.map(lambda new, last: jnp.where(live & ~bad, new, last), found.state, old)
        kept = jnp.where(bad, found.residual, residual)
        return (state, failed | bad, kept), (state, found.steps, ~bad)

    none = jnp.zeros(len(system.variables))
    (_, _, residual), (states, steps, converged) = jax.lax.scan(one, (start, jnp.array(False), none), (t, u))
    return Stepped(states, steps, converged, residual)


def _small(residual: Any, rule: Rule) -> Any:
    return jnp.max(jnp.abs(residual)) < rule.tolerance
