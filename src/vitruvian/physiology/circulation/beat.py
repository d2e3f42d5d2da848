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
_ENOUGH = 1e-6  # change over a beat from which one more step of Newton ends at rounding

_REPEATS = 1e-6  # change over a beat, of a stroke, that is none
_WARM = 40  # beats before the second attempt


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
    iterations: Any = 0
    """Steps of Newton until every person's beat repeated itself."""


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


@cache
def _beats_program(circuit: Circuit, count: int, steps: int) -> Any:
    return jax.jit(lambda y, p: beats(circuit, y, p, count, steps))


@cache
def _trace_program(circuit: Circuit, steps: int) -> Any:
    return jax.jit(partial(trace, circuit, steps=steps))


def orbit(circuit: Circuit, p: Values, start: State, *, iterations: int = 12, steps: int = STEPS) -> Orbit:
    """The periodic beat of people with `p`, by Newton's method one beat after `start`; derivatives pass through it.

    `start`: a state near it; its blood volume is made that of `p`. Where that does not arrive, once more from where
    plain beats lead. Raises `DataError` where it does not come to rest.
    """
    solve = _orbit_program(circuit, iterations, steps)
    found, residual, used = solve(start, dict(p))
    if not isinstance(residual, jax.core.Tracer) and not _repeats(residual):
        found, residual, used = solve(_beats_program(circuit, _WARM, steps)(start, dict(p)), dict(p))
        _check(circuit, residual, iterations)
    return Orbit(found, _trace_program(circuit, steps)(found, dict(p)), residual, used)


def _repeats(residual: Any) -> bool:
    return bool(jnp.all(residual < _REPEATS))


def _check(circuit: Circuit, residual: Any, iterations: int) -> None:
    if _repeats(residual):
        return
    left = jnp.nan_to_num(jnp.atleast_1d(residual), nan=jnp.inf)
    worst = int(jnp.argmax(left))
    who = f"person {worst} of {left.size} still changes" if left.size > 1 else "it still changes"
    raise DataError(
        f"the circulation {circuit.name} finds no beat that repeats itself",
        got=f"{who} by {float(left[worst]):.2g} of a stroke from beat to beat after {iterations} steps of Newton, "
        f"and after {iterations} more from where {_WARM} beats led",
        allowed=f"below {_REPEATS:g}",
        todo="Check the parameters, or start from a state nearer to it.",
    )


def _solve(circuit: Circuit, start: State, p: Values, *, iterations: int, steps: int) -> tuple[State, Any, Any]:
    free = tuple(name for name in circuit.states if not circuit.closed or name != circuit.reserve)
    shape = jnp.broadcast_shapes(*(jnp.shape(value) for value in p.values()))

    def whole(x: Any, p: Values) -> State:
        y = {name: x[..., i] for i, name in enumerate(free)}
        if circuit.closed:  # the reserve is no unknown: with it the Jacobian would be singular
            held = sum(y[store.name] for store in circuit.filling if store.name != circuit.reserve)
            y[circuit.reserve] = p["blood_volume"] - held
        return y

    def after(x: Any, p: Values) -> Any:
        y = beat(circuit, whole(x, p), p, steps)
        return jnp.stack([y[name] for name in free], axis=-1)

    def newton(x: Any) -> tuple[Any, Any]:
        """Change over a beat, and its Jacobian (…, to, from), people apart."""

        def along(direction: Any) -> tuple[Any, Any]:
            move = jnp.broadcast_to(direction, x.shape)
            return jax.jvp(lambda x: after(x, fixed) - x, (x,), (move,))

        return jax.vmap(along, out_axes=(None, -1))(jnp.eye(len(free)))

    def body(state: tuple[Any, ...]) -> tuple[Any, ...]:
        k, x, _, _ = state
        f, jacobian = newton(x)
        return k + 1, x - _solved(jacobian, f), jacobian, jnp.max(jnp.abs(f)) / 100.0

    fixed = lax.stop_gradient(dict(p))
    first = after(jnp.stack([jnp.broadcast_to(start[name], shape) for name in free], axis=-1), fixed)
    begin = (0, first, jnp.zeros((*first.shape, len(free))), jnp.inf)
    used, x, jacobian, _ = lax.while_loop(lambda s: (s[0] < iterations) & ~(s[3] <= _ENOUGH), body, begin)
    x, jacobian = lax.stop_gradient((x, jacobian))
    f = after(x, p) - x  # the only place where derivatives with respect to p enter: the implicit function theorem
    x = x - _solved(jacobian, f)
    return whole(x, p), lax.stop_gradient(jnp.max(jnp.abs(f), axis=-1) / 100.0), used


def _solved(matrix: Any, right: Any) -> Any:
    return jnp.linalg.solve(matrix, right[..., None])[..., 0]
