"""What a kind of block declares: its values in the file, its variables, and its equations."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Arrays = Mapping[str, Any]


@dataclass(frozen=True)
class Value:
    """A number of a block in the file, and the rule it must keep.

    `above` is a bound that the number must exceed, `least` one that it must reach. `per` says of which list the file
    gives one number each (`outlets`, `ends`), or that it is a curve over `t` (`t`).
    """

    name: str
    least: float | None = None
    above: float | None = None
    optional: bool = False
    per: str = ""


def positive(*names: str) -> tuple[Value, ...]:
    """Values that must be above zero."""
    return tuple(Value(name, above=0.0) for name in names)


def not_negative(*names: str, optional: bool = False) -> tuple[Value, ...]:
    """Values that must be zero or more; 0 where the file may leave them out."""
    return tuple(Value(name, least=0.0, optional=optional) for name in names)


def free(*names: str) -> tuple[Value, ...]:
    """Values of either sign."""
    return tuple(Value(name) for name in names)


class Now(NamedTuple):
    """Blocks of one kind at one moment.

    `y` and `slope` hold a row per variable: pressure and flow of each inlet, then of each outlet, then the variables
    inside the block, then those of other blocks it reads; the blocks are the last axis. `p` are the values of the
    file, `u` what depends on time alone.
    """

    y: Any
    slope: Any
    p: Arrays
    u: Arrays
    inlets: int
    outlets: int


class Clock(NamedTuple):
    """Times of a run, s, (T, 1), and the length of the cardiac cycle, s."""

    t: Any
    period: float

    @property
    def in_cycle(self) -> Any:
        """Time since the cycle began, s; of the sign of `t`."""
        import jax.numpy as jnp

        return jnp.fmod(self.t, self.period)


def _nothing(*_: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Kind:
    """A kind of block.

    `equations` gives the residuals, each (blocks,). `bends` tells which of them have coefficients that change from step
    to step, given the values of the blocks; all others are solved once for all steps. `drive` gives what depends on
    time alone; `remember` what a block keeps of the state that the run starts from. `shut` tells which variables are
    held at zero during a Newton iteration. `at_rest` are values replaced while the steady start is sought.
    """

    name: str
    values: tuple[Value, ...]
    equations: Callable[[Now], tuple[Any, ...]]
    inside: tuple[str, ...] = ()
    inlets: tuple[int, int | None] = (1, 1)
    outlets: tuple[int, int | None] = (1, 1)
    bends: Callable[[Mapping[str, Any]], tuple[int, ...]] = lambda _: ()
    drive: Callable[[Arrays, Clock], dict[str, Any]] = _nothing
    remember: Callable[[Now], dict[str, Any]] = _nothing
    shut: Callable[[Now], dict[int, Any]] | None = None
    at_rest: Mapping[str, float] = field(default_factory=dict)
    reads: tuple[str, ...] = ()
    borrows: Mapping[str, str] = field(default_factory=dict)
    shown: bool = False
    words: tuple[str, ...] = ()

    def __hash__(self) -> int:
        return hash(self.name)

    @property
    def waves(self) -> tuple[str, ...]:
        """Names of the values that are curves over time."""
        return tuple(one.name for one in self.values if one.per == "t")
