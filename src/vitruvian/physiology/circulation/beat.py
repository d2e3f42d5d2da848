"""Beats of a circuit: many in a row, one as a trace, and the one that repeats itself."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from vitruvian.core import DataError
from vitruvian.model import Values
from vitruvian.physiology.circulation.circuit import Circuit, State

STEPS = 400
"""Steps of a beat."""
_ENOUGH = 1e-9  # relative change over a beat of an orbit that repeats


class Trace(NamedTuple):
    """One beat: `phase` (T,), and every pressure, volume and flow at it, (T, n) or (T,)."""

    phase: Float[Array, " T"]
    values: dict[str, Any]


class Orbit(NamedTuple):
    """The beat that repeats itself."""

    start: State
    trace: Trace
    residual: Any
    """Largest change over the beat relative to a stroke volume of 100 mL."""


def beat(circuit: Circuit, y: State, p: Values, steps: int = STEPS) -> State:
    """The state one beat later."""
    return _along(circuit, y, p, steps, lambda y, flows, signals: None)[0]


def _along(circuit: Circuit, y: State, p: Values, steps: int, seen: Callable[[State, State, Values], Any]) -> Any:
    """State at the end of a beat, and what `seen` makes of state, flows and signals at each step, (T, …).

    Signals are computed before the steps that need them: XLA would compute them again for each of their users.
    """
    people = max((jnp.ndim(value) for value in p.values()), default=0)

    def step(y: State, signals: tuple[Values, Values]) -> tuple[State, Any]:
        after, flows = circuit.carried(y, p, 1.0 / steps, *signals)
        return after, seen(y, flows, signals[0])

    def block(y: State, phases: Any) -> tuple[State, Any]:
        begin = phases.reshape(-1, *(1,) * people)
        return lax.scan(step, y, (circuit.at(begin, p), circuit.at(begin + 0.5 / steps, p)))

    rows = next(n for n in range(int(steps**0.5), 0, -1) if steps % n == 0)
    y, found = lax.scan(block, y, _phases(steps).reshape(rows, -1))
    return y, jax.tree.map(lambda x: x.reshape(-1, *x.shape[2:]), found)


def _phases(steps: int) -> Any:
    return jnp.arange(steps) / steps


def beats(circuit: Circuit, y: State, p: Values, count: int, steps: int = STEPS) -> State:
    """The state `count` beats later."""
    return lax.fori_loop(0, count, lambda _, y: beat(circuit, y, p, steps), y)


def trace(circuit: Circuit, y: State, p: Values, steps: int = STEPS) -> Trace:
    """One beat from state `y`: pressures and volumes at the start of each step, flows over it."""

    def seen(y: State, flows: State, signals: Values) -> dict[str, Any]:
        return circuit.seen(y, p, signals) | flows

    return Trace(_phases(steps), _along(circuit, y, p, steps, seen)[1])


@cache
def _orbit_program(circuit: Circuit, iterations: int, steps: int) -> Any:
    return jax.jit(partial(_solve, circuit, iterations=iterations, steps=steps))


def orbit(circuit: Circuit, p: Values, start: State, *, iterations: int = 8, steps: int = STEPS) -> Orbit:
    """The periodic beat of people with `p`, by Newton's method from `start`; derivatives pass through it.

    `start`: a state near it, of `p`'s shape; its blood volume is made that of `p`. Raises `DataError` where it does not
    come to rest.
    """
    found, residual = _orbit_program(circuit, iterations, steps)(start, p)
    if not isinstance(residual, jax.core.Tracer) and not bool(jnp.all(residual < 1e-6)):
        worst = float(jnp.max(jnp.where(jnp.isnan(residual), jnp.inf, residual)))
        raise DataError(
            f"the circulation {circuit.name} finds no beat that repeats itself",
            got=f"a change of {worst:.2g} of a stroke after {iterations} steps of Newton",
            allowed="below 1e-6",
            todo="Check the parameters, or start from a state nearer to it.",
        )
    return Orbit(found, trace(circuit, found, p, steps), residual)


def _solve(circuit: Circuit, start: State, p: Values, *, iterations: int, steps: int) -> tuple[State, Any]:
    free = tuple(name for name in circuit.states if name != circuit.reserve)

    def whole(x: Any, p: Values) -> State:
        y = {name: x[..., i] for i, name in enumerate(free)}
        held = sum(y[store.name] for store in circuit.stores if store.name != circuit.reserve)
        return y | {circuit.reserve: p["blood_volume"] - held}

    def change(x: Any, p: Values) -> Any:
        after = beat(circuit, whole(x, p), p, steps)
        return jnp.stack([after[name] for name in free], axis=-1) - x

    def newton(x: Any, p: Values) -> tuple[Any, Any]:
        """One step; the Jacobian column by column, people apart."""
        basis = jnp.eye(len(free))
        columns = jax.vmap(lambda e: jax.jvp(lambda x: change(x, p), (x,), (jnp.broadcast_to(e, x.shape),))[1])(basis)
        jacobian = jnp.moveaxis(columns, 0, -1)
        return change(x, p), jacobian

    shape = jnp.broadcast_shapes(*(jnp.shape(value) for value in p.values()))
    first = jnp.stack([jnp.broadcast_to(start[name], shape) for name in free], axis=-1)
    fixed = lax.stop_gradient(dict(p))

    def body(state: tuple[Any, Any, Any]) -> tuple[Any, Any, Any]:
        k, x, _ = state
        f, jacobian = newton(x, fixed)
        dx = -jnp.linalg.solve(jacobian, f[..., None])[..., 0]
        return k + 1, x + dx, jnp.max(jnp.abs(f)) / 100.0

    _, x, _ = lax.while_loop(lambda s: (s[0] < iterations) & (s[2] > _ENOUGH), body, (0, first, jnp.inf))
    x = lax.stop_gradient(x)
    _, jacobian = newton(x, fixed)
    f = change(x, p)  # the only place where derivatives with respect to p enter: the implicit function theorem
    x = x - jnp.linalg.solve(lax.stop_gradient(jacobian), f[..., None])[..., 0]
    return whole(x, p), lax.stop_gradient(jnp.max(jnp.abs(f), axis=-1) / 100.0)
