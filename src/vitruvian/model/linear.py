"""Solvers of linear models: closed form where the structure allows, matrix exponential for any rate matrix."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from vitruvian.core import UnsupportedError
from vitruvian.model.events_apply import Events, Steady, over_rows, pick
from vitruvian.model.linear_matrix import flow
from vitruvian.model.linear_modes import Mammillary, advance, modes_of
from vitruvian.model.model import Model


class _Linear(eqx.Module):
    """What both share: the state is carried from event to event; each observation starts at the last event."""

    def prepare(self, model: Model, p: Any) -> Any:
        """What `step` needs of individual quantities `p`."""
        raise NotImplementedError

    def step(self, prepared: Any, t: Any, y: list[Any], inputs: list[Any]) -> list[Any]:
        """State after `t`, component by component; `inputs` None where nothing is ever infused."""
        raise NotImplementedError

    def periodic(self, model: Model, p: Any, s: Steady) -> Float[Array, " n"]:
        """State at `s.phase` of a steady state: x = (I − Φ)⁻¹ b with the flow over one interval."""
        n = len(model.compartments)
        prepared, everywhere = self.prepare(model, p), [jnp.asarray(0.0)] * n
        place = jax.nn.one_hot(s.compartment, n)

        def go(t: Any, y: Any, level: Any) -> Any:
            return jnp.stack(self.step(prepared, t, list(y), list(place * level)))

        constant = s.interval <= 0
        interval = jnp.where(constant, 1.0, s.interval)
        full = jnp.floor(s.duration / interval)
        rest = s.duration - full * interval
        bolus = jnp.where(s.duration > 0, 0.0, s.amount) * place
        more = jnp.where(constant, s.rate, s.rate * (full + 1))
        less = jnp.where(constant, s.rate, s.rate * full)

        def after(t: Any, y: Any) -> Any:
            first = jnp.minimum(rest, t)
            return go(t - first, go(first, y + bolus, more), less)

        phi = jax.vmap(lambda e: jnp.stack(self.step(prepared, interval, list(e), everywhere)), out_axes=1)(jnp.eye(n))
        trough = jnp.linalg.solve(jnp.eye(n) - phi, after(interval, jnp.zeros(n)))
        return jnp.where(constant, trough, after(s.phase, trough))

    def states(
        self,
        model: Model,
        p: Any,
        rows: int,
        events: Events,
        infused: tuple[int, ...],
        seen: Any,
        last: Int[Array, " k"],
    ) -> list[Float[Array, " k"]]:
        """Every compartment's amount at the times `seen` (K,), each after event `last`."""
        n = len(model.compartments)
        prepared = over_rows(lambda q: self.prepare(model, q), p, rows)
        y, running = self._carry(prepared, rows, events, infused, n)
        elapsed = seen - events.time[last]
        at = pick(prepared, rows, events.row[last])
        inputs = [running[last, c] if c in infused else None for c in range(n)]
        return self._many(at, rows, elapsed, [y[last, c] for c in range(n)], inputs)

    def _many(self, prepared: Any, rows: int, t: Any, y: list[Any], inputs: list[Any]) -> list[Any]:
        """`step` for many times at once; overridden where `step` itself can."""
        return jax.vmap(self.step, in_axes=(None if rows == 1 else 0, 0, 0, 0))(prepared, t, y, inputs)

    def _carry(
        self, prepared: Any, rows: int, events: Events, infused: tuple[int, ...], n: int
    ) -> tuple[Float[Array, "m n"], Float[Array, "m n"]]:
        """State and inputs after each event."""
        elapsed = jnp.diff(events.time)
        between = pick(prepared, rows, events.row[:-1])
        size = elapsed.shape[0]

        def column(e: Any, r: Any) -> Any:
            start = [jnp.broadcast_to(e[c], (size,)) for c in range(n)]
            inputs = [jnp.broadcast_to(r[c], (size,)) if c in infused else None for c in range(n)]
            return jnp.stack(self._many(between, rows, elapsed, start, inputs), -1)

        eye, none = jnp.eye(n), jnp.zeros((n, n))
        phi = jax.vmap(column, out_axes=2)(eye, none)
        psi = jax.vmap(column, out_axes=2)(none[: len(infused)], eye[jnp.asarray(infused, int)]) if infused else None
        chosen = jnp.asarray(infused, int)

        def advance_to(carry: Any, x: Any) -> Any:
            y, r = carry
            matrix, response, keep, add, rate = x
            moved = (matrix * y).sum(-1)
            if response is not None:
                moved = moved + (response * r[chosen]).sum(-1)
            y = jnp.where(keep, moved, 0.0) + add
            r = jnp.where(keep, r, 0.0) + rate
            return (y, r), (y, r)

        first = (events.add[0], events.rate[0])
        _, (y, r) = lax.scan(advance_to, first, (phi, psi, events.keep[1:], events.add[1:], events.rate[1:]))
        return jnp.concatenate([first[0][None], y]), jnp.concatenate([first[1][None], r])


class ClosedForm(_Linear):
    """Modes in closed form; for models with `mammillary(p)` (one to three compartments, depot or chain)."""

    def prepare(self, model: Model, p: Any) -> Any:
        """Modes."""
        structure = structure_of(model, p)
        if structure is None:
            raise UnsupportedError(
                f"model {model.name} has no closed form",
                allowed="one to three compartments with or without first-order depot or transit chain",
                todo="Use MatrixExponential() for other linear models, Adaptive() for ODE models.",
            )
        return modes_of(structure)

    def step(self, prepared: Any, t: Any, y: list[Any], inputs: list[Any]) -> list[Any]:
        """Closed form."""
        return advance(prepared, t, y, inputs)

    def _many(self, prepared: Any, rows: int, t: Any, y: list[Any], inputs: list[Any]) -> list[Any]:
        return advance(prepared, t, y, inputs)


class MatrixExponential(_Linear):
    """Any linear model, by the exponential of its rate matrix with the inputs appended as constant states."""

    def prepare(self, model: Model, p: Any) -> Any:
        """Rate matrix."""
        return model.matrix(p)

    def step(self, prepared: Any, t: Any, y: list[Any], inputs: list[Any]) -> list[Any]:
        """y(t) = Φ·y + Ψ·input."""
        n = len(y)
        given = [c for c in range(n) if inputs[c] is not None]
        moved = flow(prepared, t, tuple(given)) @ jnp.stack([*y, *(inputs[c] for c in given)])
        return list(moved)


def structure_of(model: Model, p: Any) -> Mammillary | None:
    """The model's mammillary structure at `p`, if it has one."""
    give = getattr(model, "mammillary", None)
    return None if give is None else give(p)
