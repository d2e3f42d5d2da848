"""A driven model: a system under inputs that change from step to step, in fixed steps, for many people at once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import cache, partial
from typing import Any, ClassVar

import jax
from jax import lax

from vitruvian.core import Source, UnknownNameError
from vitruvian.model.model import Values
from vitruvian.model.parameter import Output, Parameter


class Driven(ABC):
    """A published model with inputs that are constant within a step: a meal being eaten, a pump, a pacing current.

    The state is a NamedTuple of arrays of one shape: scalars for one person, (n,) for n people. Parameters are a
    mapping from name to an array of that shape, inputs a NamedTuple. Equations are elementwise and pure JAX, so that
    people need no `vmap`, and everything can be traced and differentiated.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[Source]
    time_unit: ClassVar[str] = "min"
    step: ClassVar[float] = 1.0
    """Length of a step for which the model's accuracy was checked, in `time_unit`."""
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    outputs: ClassVar[tuple[Output, ...]] = ()

    @abstractmethod
    def steady(self, p: Values) -> Any:
        """The state at rest of a person with parameters `p`."""

    @abstractmethod
    def slope(self, y: Any, u: Any, p: Values) -> Any:
        """Rate of change of state `y` under inputs `u`."""

    @abstractmethod
    def observe(self, y: Any, p: Values) -> dict[str, Any]:
        """Outputs by name."""

    def begin(self, y: Any, u: Any) -> Any:
        """What changes at once where a step begins (a meal starts, a valve opens); default: nothing."""
        return y

    def onward(self, y: Any, u: Any, p: Values, h: float) -> Any:
        """The state `h` later; default: one step of Runge–Kutta of order 4."""
        return runge_kutta(lambda y: self.slope(y, u, p), y, h)

    @property
    def typical(self) -> dict[str, float]:
        """Parameters at their published values."""
        return {one.name: one.value for one in self.parameters}

    def parameter(self, name: str) -> Parameter:
        """The parameter `name`; raises `UnknownNameError`."""
        known = {one.name: one for one in self.parameters}
        if name not in known:
            raise UnknownNameError(f"model {self.name} has no such parameter", got=name, allowed=", ".join(known))
        return known[name]

    def __repr__(self) -> str:
        return f"<Driven {self.name}: {self.title}>"


def advance(model: Driven, y: Any, u: Any, p: Values, dt: float | None = None) -> Any:
    """The state one step later (`dt` in `time_unit`, default: the model's)."""
    return model.onward(model.begin(y, u), u, p, model.step if dt is None else dt)


def drive(model: Driven, y: Any, inputs: Any, p: Values, dt: float | None = None) -> tuple[Any, dict[str, Any]]:
    """Last state, and outputs after each step; `inputs` have the steps as their first axis."""

    def one(y: Any, u: Any) -> tuple[Any, dict[str, Any]]:
        y = advance(model, y, u, p, dt)
        return y, model.observe(y, p)

    return lax.scan(one, y, inputs)


@cache
def program(model: Driven) -> Callable[[Any, Any, Values], tuple[Any, dict[str, Any]]]:
    """`drive` of the model in its own steps as one compiled program of state, inputs and parameters."""
    fewer_copies = {"xla_cpu_copy_insertion_use_region_analysis": True}  # a seventh less time for one person
    return jax.jit(partial(drive, model), compiler_options=fewer_copies)


def runge_kutta(slope: Callable[[Any], Any], y: Any, h: float) -> Any:
    """One step of order 4 of y' = slope(y); `y` is any tree of arrays."""
    k1 = slope(y)
    k2 = slope(moved(y, h / 2, k1))
    k3 = slope(moved(y, h / 2, k2))
    k4 = slope(moved(y, h, k3))
    return blended(y, h, k1, k2, k3, k4)


def moved(y: Any, h: float, slope: Any) -> Any:
    """y + h·slope."""
    return jax.tree.map(lambda x, dx: x + h * dx, y, slope)


def blended(y: Any, h: float, k1: Any, k2: Any, k3: Any, k4: Any) -> Any:
    """The step that four slopes of a Runge–Kutta step of order 4 make."""
    return jax.tree.map(lambda x, a, b, c, d: x + h / 6 * (a + 2 * b + 2 * c + d), y, k1, k2, k3, k4)
