"""A circuit: stores joined by paths, checked as a graph, run as one differentiable system for many people at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import jax.numpy as jnp

from vitruvian.core import InputError
from vitruvian.model import Parameter, Values
from vitruvian.physiology.circulation.paths import Flow, Inertance, Path, Resistance, Valve
from vitruvian.physiology.circulation.stores import Filled, Store, Vessel

State = dict[str, Any]
"""Volume of each store, mL, by its name, and flow `Q_<path>` of each path with inertia, mL/s."""


class _Moment:
    """Stores and paths of a circuit at one state and phase."""

    def __init__(self, circuit: Circuit, y: State, p: Values, phase: Any) -> None:
        outside = p.get("P_thorax", 0.0)
        self.filled: dict[str, Filled] = {}
        for store in circuit.ordered:
            around = outside if store.name in circuit.thoracic else 0.0
            if isinstance(store, Vessel) and store.squeezed_by:
                around = around + p[f"squeeze_{store.name}"] * self.filled[store.squeezed_by].pressure
            self.filled[store.name] = store.filled(y[store.name], p, phase, around)
        self.flows: dict[str, Flow] = {}
        for path in circuit.paths:
            if isinstance(path, Resistance | Valve):
                self.flows[path.name] = path.flow(self.drop(path), p)
            else:
                self.flows[path.name] = Flow(y[f"Q_{path.name}"], 0.0)

    def drop(self, path: Path) -> Any:
        """Pressure difference along the path, mmHg."""
        return self.filled[path.source].pressure - self.filled[path.target].pressure


@dataclass(frozen=True)
class Circuit:
    """Stores and paths; `thoracic` names the stores that lie in the thorax (its pressure is `P_thorax`).

    Raises `InputError` for names used twice, a path to a store that is not there, one that begins where it ends, and a
    store that nothing enters or leaves. Closed: blood is neither made nor lost, and `blood_volume` is the sum.
    """

    name: str
    stores: tuple[Store, ...]
    paths: tuple[Path, ...]
    thoracic: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        twice = [name for name, n in Counter(self._names).items() if n > 1]
        if twice:
            raise InputError("names of stores and paths must differ", got=", ".join(twice), allowed="each name once")
        names = {store.name for store in self.stores}
        for path in self.paths:
            for end in (path.source, path.target):
                if end not in names:
                    raise InputError(f"path {path.name} leads to no store", got=end, allowed=", ".join(sorted(names)))
            if path.source == path.target:
                raise InputError(f"path {path.name} ends where it begins", got=path.source, allowed="two stores")
        for what, ends in (("leaves", [x.source for x in self.paths]), ("enters", [x.target for x in self.paths])):
            dangling = sorted(names - set(ends))
            if dangling:
                raise InputError(f"nothing {what} a store", got=", ".join(dangling), allowed="a closed loop")

    @property
    def _names(self) -> list[str]:
        return [*(store.name for store in self.stores), *(path.name for path in self.paths)]

    @cached_property
    def ordered(self) -> tuple[Store, ...]:
        """Stores, those squeezed by a chamber after it."""
        return tuple(sorted(self.stores, key=lambda one: isinstance(one, Vessel) and one.squeezed_by is not None))

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Of the whole: the beat, the blood, and every store and path (shared ones once)."""
        own = (
            Parameter("period", 0.8, "s", "length of a beat", 0.2, 3.0),
            Parameter("blood_volume", 4600.0, "mL", "total blood volume", 0.0),
            Parameter("P_thorax", -4.0, "mmHg", "pressure in the thorax"),
        )
        found = [one for store in self.stores for one in store.parameters]
        found += [one for path in self.paths for one in path.parameters]
        return (*own, *{one.name: one for one in found}.values())

    @property
    def typical(self) -> dict[str, float]:
        """Parameters at their published values."""
        return {one.name: one.value for one in self.parameters}

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        inert = (f"Q_{path.name}" for path in self.paths if isinstance(path, Inertance))
        return (*(store.name for store in self.stores), *inert)

    def slope(self, y: State, p: Values, phase: Any) -> State:
        """d/dt of every state, mL/s and mL/s²."""
        now = _Moment(self, y, p, phase)
        return self._net({name: one.flow for name, one in now.flows.items()}) | {
            f"Q_{path.name}": (now.drop(path) - p[f"R_{path.name}"] * y[f"Q_{path.name}"]) / p[f"L_{path.name}"]
            for path in self.paths
            if isinstance(path, Inertance)
        }

    def onward(self, y: State, p: Values, phase: Any, fraction: float) -> State:
        """The state `fraction` of a beat later, by a midpoint step.

        The way to the midpoint is implicit in each path and its two stores alone, so that a stiff valve needs no short
        steps; flows leave one store and enter the other, so blood is conserved to rounding.
        """
        dt = fraction * p["period"]
        half = self._half(y, p, phase, dt / 2)
        rates = self.slope(half, p, phase + fraction / 2)
        return {name: y[name] + dt * rates[name] for name in self.states}

    def _half(self, y: State, p: Values, phase: Any, dt: Any) -> State:
        now = _Moment(self, y, p, phase)
        flows: dict[str, Any] = {}
        inert: State = {}
        for path in self.paths:
            stiff = now.filled[path.source].elastance + now.filled[path.target].elastance
            if isinstance(path, Inertance):
                q, inertance = y[f"Q_{path.name}"], p[f"L_{path.name}"]
                slower = 1.0 + dt / inertance * (p[f"R_{path.name}"] + dt * stiff)
                inert[f"Q_{path.name}"] = flows[path.name] = (q + dt / inertance * now.drop(path)) / slower
            else:
                one = now.flows[path.name]
                flows[path.name] = one.flow / (1.0 + dt * one.conductance * stiff)
        net = self._net(flows)
        return {store.name: y[store.name] + dt * net[store.name] for store in self.stores} | inert

    def _net(self, flows: dict[str, Any]) -> State:
        net: State = {store.name: 0.0 for store in self.stores}
        for path in self.paths:
            net[path.source] = net[path.source] - flows[path.name]
            net[path.target] = net[path.target] + flows[path.name]
        return net

    def observe(self, y: State, p: Values, phase: Any) -> dict[str, Any]:
        """`P_<store>` in mmHg, `V_<store>` in mL, `Q_<path>` in mL/s."""
        now = _Moment(self, y, p, phase)
        found = {f"P_{name}": one.pressure for name, one in now.filled.items()}
        found |= {f"V_{store.name}": y[store.name] for store in self.stores}
        return found | {f"Q_{name}": one.flow for name, one in now.flows.items()}

    def filled_to(self, p: Values, pressures: dict[str, Any]) -> State:
        """A state at rest with each store at its pressure, mmHg; the blood that is over lies in `reserve`."""
        shape = jnp.broadcast_shapes(*(jnp.shape(value) for value in p.values()))
        y = {
            store.name: jnp.broadcast_to(store.resting_volume(pressures[store.name], p), shape) for store in self.stores
        }
        reserve = self.reserve
        y[reserve] = y[reserve] + p["blood_volume"] - sum(y.values())
        return y | {name: jnp.zeros(shape) for name in self.states if name.startswith("Q_")}

    @cached_property
    def reserve(self) -> str:
        """The store whose volume follows from the blood volume and all others: the most compliant vessels."""
        vessels: Sequence[Vessel] = [store for store in self.stores if isinstance(store, Vessel)]
        return max(vessels, key=lambda one: one.compliance).name
