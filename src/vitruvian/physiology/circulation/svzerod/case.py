"""A case of svZeroDSolver: its blocks, how they are joined, and how long and how finely it is run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Number = float | tuple[float, ...]


@dataclass(frozen=True)
class Simulation:
    """Settings of a run, named as in the file.

    `cardiac_period` is `None` where the blocks give it; `absolute_tolerance` bounds the residual of every equation.
    """

    number_of_cardiac_cycles: int
    number_of_time_pts_per_cardiac_cycle: int
    cardiac_period: float | None = None
    absolute_tolerance: float = 1e-8
    maximum_nonlinear_iterations: int = 30
    steady_initial: bool = True
    rho_infty: float = 0.5
    output_variable_based: bool = False
    output_interval: int = 1
    output_mean_only: bool = False
    output_derivative: bool = False
    output_all_cycles: bool = False
    use_cycle_to_cycle_error: bool = False
    sim_cycle_to_cycle_percent_error: float = 1.0


@dataclass(frozen=True)
class Block:
    """One block: `section` is the part of the file that names it, `about` what stands there besides its values."""

    name: str
    kind: str
    section: str
    values: Mapping[str, Number]
    activation: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)

    def number(self, name: str) -> float:
        """One of its values; raises `TypeError` for a list."""
        found = self.values[name]
        if isinstance(found, tuple):
            raise TypeError(f"{self.name}.{name} is a list")
        return found


@dataclass(frozen=True)
class Case:
    """Blocks in the order of the file, connections (from, to) in the order in which svZeroDSolver numbers them.

    `initial` and `initial_slope` are the values and slopes of variables at the start; `rest` keeps what the file says
    beyond the model.
    """

    simulation: Simulation
    blocks: tuple[Block, ...]
    connections: tuple[tuple[str, str], ...]
    period: float
    initial: Mapping[str, float] = field(default_factory=dict)
    initial_slope: Mapping[str, float] = field(default_factory=dict)
    rest: Mapping[str, Any] = field(default_factory=dict)

    def block(self, name: str) -> Block:
        """The block of that name; raises `KeyError`."""
        return next(one for one in self.blocks if one.name == name)
