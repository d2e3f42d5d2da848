"""Solvers of ODE models: event by event, each observation a stop on the way."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float, Int

from vitruvian.model.events_apply import Events, Steady, pick
from vitruvian.model.model import Model
from vitruvian.model.ode_periodic import periodic_state

_NOT_SOLVED = jnp.nan


class _Ode(eqx.Module):
    """What the ODE solvers share; a subclass says how to get over one interval."""

    def over(self, model: Model, p: Any, start: Any, end: Any, y: Any, inputs: Any) -> Float[Array, " n"]:
        """State at `end` from state `y` at `start` under constant `inputs`; NaN where it fails."""
        raise NotImplementedError

    def periodic(self, model: Model, p: Any, s: Steady) -> Float[Array, " n"]:
        """State at `s.phase` of a steady state, by Newton's method on the map over one interval."""
        n = len(model.compartments)
        place = jax.nn.one_hot(s.compartment, n)
        constant = s.interval <= 0
        # without pause every interval maps the state to itself; a day is as good as any
        interval = jnp.where(constant, 24.0, s.interval)
        full = jnp.floor(s.duration / interval)
        rest = s.duration - full * interval
        bolus = jnp.where((s.duration > 0) | constant, 0.0, s.amount) * place
        more = jnp.where(constant, s.rate, s.rate * (full + 1)) * place
        less = jnp.where(constant, s.rate, s.rate * full) * place

        def after(t: Any, y: Any) -> Any:
            first = jnp.minimum(rest, t)
            return self.over(model, p, first, t, self.over(model, p, 0.0, first, y + bolus, more), less)

        trough = periodic_state(lambda y: after(interval, y), jnp.asarray(model.initial(p), dtype=float))
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
        count = events.time.shape[0]
        after = jnp.concatenate([jnp.arange(count), last])
        time = jnp.concatenate([events.time, seen])
        is_event = jnp.arange(time.shape[0]) < count
        within = lax.stop_gradient(jnp.where(is_event, -jnp.inf, time))
        order = lax.sort((after, within, jnp.arange(time.shape[0])), num_keys=2)[2]
        origin, changes = after[order], is_event[order][:, None]
        keep = events.keep[origin] | ~changes[:, 0]
        steps = (
            time[order],
            keep,
            jnp.where(changes, events.add[origin], 0.0),
            jnp.where(changes, events.rate[origin], 0.0),
            events.row[origin],
        )

        def step(carry: Any, x: Any) -> Any:
            start, y, inputs, row = carry
            end, keep, add, rate, next_row = x
            moved = self.over(model, pick(p, rows, row), start, end, y, inputs)
            moved = jnp.where(end > start, moved, y)
            y, inputs = jnp.where(keep, moved, 0.0) + add, jnp.where(keep, inputs, 0.0) + rate
            return (end, y, inputs, next_row), y

        first = (events.time[0], events.add[0], events.rate[0], events.row[0])
        _, y = lax.scan(step, first, jax.tree.map(lambda x: x[1:], steps))
        y = jnp.concatenate([events.add[:1], y])
        found = jnp.zeros_like(y).at[order].set(y)[count:]
        return [found[:, c] for c in range(found.shape[1])]


class FixedStep(_Ode):
    """Runge–Kutta of order 4 with steps of at most `dt` (model time), shortened to end at each event."""

    dt: float = eqx.field(static=True)

    def over(self, model: Model, p: Any, start: Any, end: Any, y: Any, inputs: Any) -> Float[Array, " n"]:
        """Equal steps from `start` to `end`."""
        count = jnp.maximum(jnp.ceil((end - start) / self.dt - 1e-9), 1.0).astype(int)
        h = (end - start) / count
        # rows that fill a table up lie at one moment, and take no step
        steps = jnp.where(end > start, count, 0)

        def slope(t: Any, y: Any) -> Any:
            return model.rhs(t, y, p) + inputs

        def step(k: Any, y: Any) -> Any:
            t = start + k * h
            k1 = slope(t, y)
            k2 = slope(t + h / 2, y + h / 2 * k1)
            k3 = slope(t + h / 2, y + h / 2 * k2)
            k4 = slope(t + h, y + h * k3)
            return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

        return lax.fori_loop(0, steps, step, y)


class Adaptive(_Ode):
    """Tsitouras 5(4) with error control (diffrax). Gradients: forward mode, or reverse mode with `reverse`."""

    rtol: float = eqx.field(static=True, default=1e-8)
    atol: float = eqx.field(static=True, default=1e-10)
    reverse: bool = eqx.field(static=True, default=False)
    max_steps: int = eqx.field(static=True, default=10_000)

    def over(self, model: Model, p: Any, start: Any, end: Any, y: Any, inputs: Any) -> Float[Array, " n"]:
        """One adaptive solve."""
        return _solve(self, "Tsit5", model, p, start, end, y, inputs)


class Stiff(_Ode):
    """Kvaerno 5(4), implicit, for stiff systems (diffrax). Gradients: forward mode, or reverse mode with `reverse`."""

    rtol: float = eqx.field(static=True, default=1e-8)
    atol: float = eqx.field(static=True, default=1e-10)
    reverse: bool = eqx.field(static=True, default=False)
    max_steps: int = eqx.field(static=True, default=10_000)

    def over(self, model: Model, p: Any, start: Any, end: Any, y: Any, inputs: Any) -> Float[Array, " n"]:
        """One implicit solve."""
        return _solve(self, "Kvaerno5", model, p, start, end, y, inputs)


def _solve(
    how: Adaptive | Stiff, method: str, model: Model, p: Any, start: Any, end: Any, y: Any, inputs: Any
) -> Float[Array, " n"]:
    import diffrax  # a second to load, and most models have closed forms

    # an interval of no length is stretched: its result is not used, but must be finite in all derivatives
    end = jnp.where(end > start, end, start + 1e-6)
    solution = diffrax.diffeqsolve(
        diffrax.ODETerm(lambda t, y, args: model.rhs(t, y, p) + inputs),
        getattr(diffrax, method)(),
        start,
        end,
        None,
        y,
        stepsize_controller=diffrax.PIDController(rtol=how.rtol, atol=how.atol),
        saveat=diffrax.SaveAt(t1=True),
        adjoint=diffrax.RecursiveCheckpointAdjoint() if how.reverse else diffrax.ForwardMode(),
        max_steps=how.max_steps,
        throw=False,
    )
    assert solution.ys is not None
    return jnp.where(solution.result == diffrax.RESULTS.successful, solution.ys[0], _NOT_SOLVED)
