"""A case as one system of differential-algebraic equations: variables, equations, and what depends on time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from vitruvian.core import UnknownNameError
from vitruvian.physiology.circulation.svzerod.activation import ACTIVATIONS
from vitruvian.physiology.circulation.svzerod.case import Block, Case
from vitruvian.physiology.circulation.svzerod.curves import Floats, Places, places
from vitruvian.physiology.circulation.svzerod.kind import Clock, Kind, Now
from vitruvian.physiology.circulation.svzerod.kinds import KINDS

Ints = npt.NDArray[np.int64]
Group = str
Drivers = dict[Group, dict[str, Any]]


@dataclass(frozen=True)
class Members:
    """Blocks of one kind with as many inlets and outlets: which variables and values are theirs.

    `variables` (rows of `Now.y`, blocks), `values` name → places in the vector of values, (blocks,) or (list, blocks).
    """

    kind: Kind
    names: tuple[str, ...]
    activation: str
    inlets: int
    outlets: int
    variables: Ints
    values: Mapping[str, Ints]

    def p(self, values: Any) -> dict[str, Any]:
        """Values of the blocks by name."""
        return {name: values[at] for name, at in self.values.items()}


@dataclass(frozen=True)
class System:
    """Variables by svZeroDSolver's names and in its order, groups of blocks, values of all blocks in one vector.

    Equations whose coefficients never change from step to step come first, those that bend after them.
    """

    variables: tuple[str, ...]
    names: tuple[str, ...]
    values: Floats
    groups: Mapping[Group, Members]
    curves: Mapping[Group, Mapping[str, tuple[tuple[Floats, Ints], ...]]]
    period: float

    def at(self, name: str) -> int:
        """Place of a variable, or of a value `block.name`; raises `UnknownNameError`."""
        for among in (self.variables, self.names):
            if name in among:
                return among.index(name)
        raise UnknownNameError("no such variable or value of a block", got=name, allowed=", ".join(self.variables))

    @cached_property
    def _rows(self) -> tuple[tuple[Group, int, int, bool], ...]:
        """Group, equation, place in the group, and whether it bends, of each residual as the groups give them."""
        return tuple(
            (group, n, k, n in one.kind.bends(one.p(self.values)))
            for group, one in self.groups.items()
            for n in range(_count(one))
            for k in range(len(one.names))
        )

    @cached_property
    def order(self) -> Ints:
        """Places of the residuals as the groups give them, in the order of `equations`."""
        return np.array(sorted(range(len(self._rows)), key=lambda row: self._rows[row][3]), np.int64)

    @cached_property
    def straight(self) -> int:
        """How many equations have coefficients that never change; they come first."""
        return sum(not bends for _, _, _, bends in self._rows)

    @cached_property
    def equations(self) -> tuple[tuple[int, str], ...]:
        """Number within its block, and block, of each equation."""
        rows = [self._rows[row] for row in self.order]
        return tuple((n, self.groups[group].names[k]) for group, n, k, _ in rows)

    @cached_property
    def touched(self) -> tuple[Ints, Floats]:
        """Variables of each straight equation (straight, most of any block), and 0 where a place is empty, else 1."""
        own = []
        for row in self.order[: self.straight]:
            group, _, k, _ = self._rows[row]
            own.append(self.groups[group].variables[:, k])
        width = max((len(one) for one in own), default=0)
        places, filled = np.zeros((len(own), width), np.int64), np.zeros((len(own), width))
        for n, one in enumerate(own):
            places[n, : len(one)], filled[n, : len(one)] = one, 1.0
        return places, filled

    def rested(self, values: Any) -> Any:
        """The values while the steady start is sought: Windkessels without compliance."""
        found = jnp.asarray(values)
        for one in self.groups.values():
            for name, value in one.kind.at_rest.items():
                found = found.at[one.values[name]].set(value)
        return found

    def places(self, t: Floats) -> dict[Group, dict[str, tuple[Places, ...]]]:
        """Where the times lie on each curve."""
        return {
            group: {name: tuple(places(points, t) for points, _ in each) for name, each in curves.items()}
            for group, curves in self.curves.items()
        }

    def drivers(self, values: Any, t: Any, where: Mapping[str, Any], rest: Any) -> Drivers:
        """All that depends on time alone, each (T, blocks); curves at their mean where `rest` (T,) is true."""
        found: Drivers = {}
        for group, one in self.groups.items():
            p, clock = one.p(values), Clock(t[:, None], self.period)
            u = one.kind.drive(p, clock)
            if one.activation:
                u["activation"] = ACTIVATIONS[one.activation].course(p, clock)
            for name, each in self.curves[group].items():
                columns = []
                for (_, at), (before, after, share) in zip(each, where[group][name], strict=True):
                    points = values[at]
                    along = points[before] + (points[after] - points[before]) * share
                    columns.append(jnp.where(rest, jnp.mean(points), along))
                u[name] = jnp.stack(columns, axis=1)
            u["rest"] = rest[:, None]
            found[group] = {name: jnp.broadcast_to(course, (len(t), len(one.names))) for name, course in u.items()}
        return found

    def given(self, values: Any, origin: tuple[Any, Any], u: Drivers) -> Drivers:
        """Values of all blocks, and what they keep of the value and slope of the variables that a run starts from."""
        p: Drivers = {group: one.p(values) for group, one in self.groups.items()}
        kept = {group: one.kind.remember(self.now(group, *origin, p, u)) for group, one in self.groups.items()}
        return {group: p[group] | kept[group] for group in p}

    def now(self, group: Group, y: Any, slope: Any, p: Drivers, u: Drivers, held: bool = False) -> Now:
        """Blocks of a group at one moment; with `held`, a derivative takes what they read of other blocks as fixed."""
        one = self.groups[group]
        seen = y[one.variables]
        if held and one.kind.reads:
            others = len(one.variables) - len(one.kind.reads)
            seen = jnp.concatenate([seen[:others], jax.lax.stop_gradient(seen[others:])])
        return Now(seen, slope[one.variables], p[group], u[group], one.inlets, one.outlets)

    def residual(self, y: Any, slope: Any, p: Drivers, u: Drivers, held: bool = False) -> Any:
        """Residual of all equations, in the order of `equations`; `held` as in `now`."""
        rows: list[Any] = []
        for group, one in self.groups.items():
            rows.extend(one.kind.equations(self.now(group, y, slope, p, u, held)))
        return jnp.concatenate(rows)[self.order]

    def bent(self, y: Any, slope: Any, p: Drivers, u: Drivers) -> Any:
        """Residual of the equations that bend, in the order of `equations`, as Newton's method sees it."""
        rows: list[Any] = []
        for group, one in self.groups.items():
            if bends := one.kind.bends(one.p(self.values)):
                found = one.kind.equations(self.now(group, y, slope, p, u, held=True))
                rows.extend(found[n] for n in bends)
        return jnp.concatenate(rows)

    def shut(self, y: Any, slope: Any, p: Drivers, u: Drivers) -> Any:
        """1 for each variable that a shut valve holds at zero."""
        found = jnp.zeros(len(self.variables))
        for group, one in self.groups.items():
            if one.kind.shut is not None:
                for row, closed in one.kind.shut(self.now(group, y, slope, p, u)).items():
                    found = found.at[one.variables[row]].set(closed)
        return found


def _count(one: Members) -> int:
    """Equations of each block of the group: as many as variables, half of those at its ends."""
    return one.inlets + one.outlets + len(one.kind.inside)


def assemble(case: Case) -> System:
    """The system of a case."""
    nodes = [f"{before}:{after}" for before, after in case.connections]
    variables = [f"{what}:{node}" for node in nodes for what in ("flow", "pressure")]
    variables += [f"{inside}:{one.name}" for one in case.blocks for inside in KINDS[one.kind].inside]
    place = {name: n for n, name in enumerate(variables)}
    names, numbers, slots = _vector(case.blocks)
    ends = _ends(case)
    groups: dict[Group, Members] = {}
    curves: dict[Group, dict[str, tuple[tuple[Floats, Ints], ...]]] = {}
    for group, blocks in _grouped(case, ends).items():
        kind = KINDS[blocks[0].kind]
        inlets, outlets = (len(one) for one in ends[blocks[0].name])
        columns = [_own(one, kind, ends[one.name], place) for one in blocks]
        fixed = [name for name in blocks[0].values if name != "t" and name not in kind.waves]
        values = {name: np.stack([slots[one.name, name] for one in blocks], axis=-1) for name in fixed}
        for name, lent in kind.borrows.items():
            owner, _, its = lent.partition(".")
            values[name] = np.array([slots[owner, its]] * len(blocks))
        found = tuple(one.name for one in blocks)
        activation = blocks[0].activation
        groups[group] = Members(kind, found, activation, inlets, outlets, np.array(columns).T, values)
        curves[group] = {
            name: tuple((np.asarray(_points(one, name)), slots[one.name, name]) for one in blocks)
            for name in kind.waves
        }
    return System(tuple(variables), names, numbers, groups, curves, case.period)


def _vector(blocks: Sequence[Block]) -> tuple[tuple[str, ...], Floats, dict[tuple[str, str], Any]]:
    """All values in one vector, their names, and the places of each value of each block."""
    names: list[str] = []
    numbers: list[float] = []
    slots: dict[tuple[str, str], Any] = {}
    for one in blocks:
        for name, value in one.values.items():
            if name == "t":
                continue
            start = len(numbers)
            if isinstance(value, tuple):
                names += [f"{one.name}.{name}[{n}]" for n in range(len(value))]
                numbers += value
                slots[one.name, name] = np.arange(start, len(numbers))
            else:
                names.append(f"{one.name}.{name}")
                numbers.append(value)
                slots[one.name, name] = np.int64(start)
    return tuple(names), np.array(numbers, float), slots


def _points(block: Block, name: str) -> tuple[float, ...]:
    values, times = block.values[name], block.values["t"]
    if not isinstance(values, tuple) or not isinstance(times, tuple):
        raise TypeError(f"{block.name}.{name} is not a curve")
    return times[:1] if len(values) == 1 else times


def _ends(case: Case) -> dict[str, tuple[list[str], list[str]]]:
    """Nodes at the inlets and at the outlets of each block."""
    found: dict[str, tuple[list[str], list[str]]] = {one.name: ([], []) for one in case.blocks}
    for before, after in case.connections:
        found[before][1].append(f"{before}:{after}")
        found[after][0].append(f"{before}:{after}")
    return found


def _grouped(case: Case, ends: Mapping[str, tuple[list[str], list[str]]]) -> dict[Group, list[Block]]:
    found: dict[Group, list[Block]] = {}
    for one in case.blocks:
        inlets, outlets = ends[one.name]
        found.setdefault(f"{one.kind} {one.activation} {len(inlets)} {len(outlets)}", []).append(one)
    return found


def _own(block: Block, kind: Kind, ends: tuple[list[str], list[str]], place: Mapping[str, int]) -> list[int]:
    """Places of the variables of a block, in the order of `Now.y`."""
    found = [place[f"{what}:{node}"] for nodes in ends for node in nodes for what in ("pressure", "flow")]
    found += [place[f"{inside}:{block.name}"] for inside in kind.inside]
    return found + [place[name] for name in kind.reads]
