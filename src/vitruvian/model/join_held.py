"""The solver of models joined by sample and hold: from sample to sample, what was sampled stays."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from vitruvian.core import UnsupportedError
from vitruvian.model.ode import Adaptive, FixedStep, Stiff, _Ode


class _Between:
    """A held model between two samples, for the inner solver."""

    def __init__(self, model: Any) -> None:
        self.name, self.compartments, self.rhs = model.name, model.compartments, model.slope


class Held(_Ode):
    """Samples at the multiples of `step`, after the doses given then; `inner` solves in between.

    In a steady state of repeated doses the samples are counted from each dose.
    """

    step: float = eqx.field(static=True)
    inner: Adaptive | FixedStep | Stiff = eqx.field(default_factory=Adaptive)

    def over(self, model: Any, p: Any, start: Any, end: Any, y: Any, inputs: Any) -> Float[Array, " n"]:
        """State at `end`: one inner solve for each macro step."""
        if not hasattr(model, "sample"):
            raise UnsupportedError(f"model {model.name} is not joined by sample and hold")

        between: Any = _Between(model)

        def advance(state: Any) -> Any:
            t, y = state
            near = jnp.round(t / self.step)
            y = jnp.where(jnp.abs(t / self.step - near) < 1e-9, model.sample(t, y, p), y)
            stop = jnp.minimum(end, (jnp.floor(t / self.step + 1e-9) + 1) * self.step)
            return stop, self.inner.over(between, p, t, stop, y, inputs)

        y = jnp.asarray(y, dtype=float)
        begin = jnp.asarray(start, dtype=float)
        return lax.while_loop(lambda s: s[0] < end, advance, (begin, y))[1]
