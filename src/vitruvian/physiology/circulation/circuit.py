"""A circuit: stores joined by paths, checked as a graph, run as one differentiable system for many people at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import jax.numpy as jnp

from vitruvian.core import InputError, Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.circulation.activation import Signal
from vitruvian.physiology.circulation.paths import Flow, Inertance, Path
from vitruvian.physiology.circulation.stores import Filled, Reservoir, Store, Vessel

State = dict[str, Any]
"""Volume of each store, mL, by its name, and flow `Q_<path>` of each path with inertia, mL/s."""


class _Moment:
    """Stores and paths of a circuit at one state, under signals of one phase."""

    def __init__(self, circuit: Circuit, y: State, p: Values, signals: Values) -> None:
        self.filled: dict[str, Filled] = {}
        for store in circuit.ordered:
            around = p["P_thorax"] if store.name in circuit.thoracic else 0.0
            if isinstance(store, Vessel) and store.squeezed_by:
                around = around + p[f"squeeze_{store.name}"] * self.filled[store.squeezed_by].across
            self.filled[store.name] = store.filled(y.get(store.name), p, signals, around)
        self.flows: dict[str, Flow] = {}
        for path in circuit.paths:
            held = y.get(f"Q_{path.name}")
            self.flows[path.name] = path.flow(self.drop(path), p, signals) if held is None else Flow(held, 0.0)

    def drop(self, path: Path) -> Any:
        """Pressure difference along the path, mmHg."""
        return self.filled[path.source].pressure - self.filled[path.target].pressure

    def stiffness(self, path: Path) -> Any:
        """By how much the pressure difference falls for each mL that has passed, mmHg/mL."""
        return self.filled[path.source].elastance + self.filled[path.target].elastance


@dataclass(frozen=True)
class Circuit:
    """Stores and paths; `thoracic` names the stores that lie in the thorax (its pressure is `P_thorax`).

    Raises `InputError` for names used twice, a path to a store that is not there, one that begins where it ends, a
    store that nothing enters or leaves (a reservoir needs only one of them), parts that nothing joins, and a vessel
    squeezed by what is no chamber. Closed (no reservoir): blood is neither made nor lost; `blood_volume` is the sum.
    """

    name: str
    stores: tuple[Store, ...]
    paths: tuple[Path, ...]
    thoracic: frozenset[str] = frozenset()
    values: Mapping[str, float] = field(default_factory=dict, hash=False)
    """Published values of parameters of the whole: `period`, `blood_volume`, `P_thorax`."""
    sources: Mapping[str, Source] = field(default_factory=dict, compare=False)
    """Of the parameters, by name, or by symbol (what precedes the first _), or of all others ("")."""

    def __post_init__(self) -> None:
        counted = Counter([*(store.name for store in self.stores), *(path.name for path in self.paths)])
        if twice := [name for name, n in counted.items() if n > 1]:
            raise InputError("names of stores and paths must differ", got=", ".join(twice), allowed="each name once")
        self._check_ends()
        self._check_whole()
        chambers = [one.name for one in self.stores if not isinstance(one, Vessel | Reservoir)]
        for store in self.stores:
            if isinstance(store, Vessel) and store.squeezed_by not in (None, *chambers):
                allowed = ", ".join(chambers) or "a circuit with a chamber"
                raise InputError(f"{store.name} is squeezed by no chamber", got=store.squeezed_by, allowed=allowed)

    def _check_ends(self) -> None:
        names = {store.name for store in self.stores}
        for path in self.paths:
            for end in (path.source, path.target):
                if end not in names:
                    raise InputError(f"path {path.name} leads to no store", got=end, allowed=", ".join(sorted(names)))
            if path.source == path.target:
                raise InputError(f"path {path.name} ends where it begins", got=path.source, allowed="two stores")
        if unknown := ", ".join(sorted(self.thoracic - names)):
            raise InputError("no such store lies in the thorax", got=unknown, allowed=", ".join(sorted(names)))
        ends = {one.name for one in self.stores if isinstance(one, Reservoir)}
        for what, used in (("leaves", {x.source for x in self.paths}), ("enters", {x.target for x in self.paths})):
            if dangling := sorted(names - used - ends):
                raise InputError(f"nothing {what} a store", got=", ".join(dangling), allowed="a loop, or a reservoir")

    def _check_whole(self) -> None:
        reached: set[str] = set()
        new = {self.stores[0].name} if self.stores else set()
        while new:
            reached |= new
            touching = [{path.source, path.target} for path in self.paths]
            new = {name for ends in touching if ends & reached for name in ends} - reached
        if apart := sorted({store.name for store in self.stores} - reached):
            raise InputError("no path joins parts of the circuit", got=", ".join(apart), allowed="one connected whole")

    @cached_property
    def ordered(self) -> tuple[Store, ...]:
        """Stores, those squeezed by a chamber after it."""
        return tuple(sorted(self.stores, key=lambda one: isinstance(one, Vessel) and one.squeezed_by is not None))

    @cached_property
    def closed(self) -> bool:
        """Whether no blood comes from or goes to a reservoir."""
        return not any(isinstance(store, Reservoir) for store in self.stores)

    @cached_property
    def inert(self) -> tuple[Inertance, ...]:
        """Paths whose flow is a state."""
        return tuple(path for path in self.paths if isinstance(path, Inertance))

    @cached_property
    def filling(self) -> tuple[Store, ...]:
        """Stores whose volume is a state."""
        return tuple(store for store in self.stores if not isinstance(store, Reservoir))

    @cached_property
    def signals(self) -> dict[str, Signal]:
        """What depends on the phase alone, by name: activations of chambers, waves of inflow."""
        found = [one for store in self.stores for one in store.signals]
        found += [one for path in self.paths for one in path.signals]
        return {one.name: one for one in found}

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Of the whole: the beat, the blood, and every store, path and signal (shared ones once)."""
        found = [Parameter("period", 0.8, "s", "length of a beat", 0.2, 3.0)]
        if self.closed:
            found.append(Parameter("blood_volume", 5000.0, "mL", "total blood volume", 0.0))
        if self.thoracic:
            found.append(Parameter("P_thorax", 0.0, "mmHg", "pressure in the thorax"))
        found += [one for store in self.stores for one in store.parameters]
        found += [one for path in self.paths for one in path.parameters]
        found += [one for signal in self.signals.values() for one in signal.parameters]
        return tuple({one.name: self._published(one) for one in found}.values())

    def _published(self, one: Parameter) -> Parameter:
        near = (one.name, one.name.partition("_")[0], "")
        source = next((self.sources[name] for name in near if name in self.sources), None)
        return replace(one, value=self.values.get(one.name, one.value), source=source)

    @property
    def typical(self) -> dict[str, float]:
        """Parameters at their published values."""
        return {one.name: one.value for one in self.parameters}

    @cached_property
    def states(self) -> tuple[str, ...]:
        """Names of the states."""
        return (*(store.name for store in self.filling), *(f"Q_{path.name}" for path in self.inert))

    def at(self, phase: Any, p: Values) -> dict[str, Any]:
        """Signals at `phase`."""
        return {name: one(phase, p) for name, one in self.signals.items()}

    def slope(self, y: State, p: Values, phase: Any) -> State:
        """d/dt of every state, mL/s and mL/s²."""
        return self._slope(_Moment(self, y, p, self.at(phase, p)), p)

    def _slope(self, now: _Moment, p: Values) -> State:
        rates = self._net({name: one.flow for name, one in now.flows.items()})
        for path in self.inert:
            pull = now.drop(path) - p[f"R_{path.name}"] * now.flows[path.name].flow
            rates[f"Q_{path.name}"] = pull / p[f"L_{path.name}"]
        return rates

    def onward(self, y: State, p: Values, phase: Any, fraction: Any) -> State:
        """The state `fraction` of a beat later."""
        return self.carried(y, p, fraction, self.at(phase, p), self.at(phase + fraction / 2, p))[0]

    def carried(self, y: State, p: Values, fraction: Any, begin: Values, middle: Values) -> tuple[State, State]:
        """The state `fraction` of a beat later by a midpoint step, and the flow `Q_<path>` that carried blood there.

        The way to the midpoint is implicit in each path and its two stores alone, so that a stiff valve needs no short
        steps; flows leave one store and enter the other, so blood is conserved to rounding. `begin` and `middle`:
        signals there.
        """
        dt = fraction * p["period"]
        half = _Moment(self, self._half(y, p, dt / 2, begin), p, middle)
        rates = self._slope(half, p)
        after = {name: y[name] + dt * rates[name] for name in self.states}
        return after, {f"Q_{name}": one.flow for name, one in half.flows.items()}

    def _half(self, y: State, p: Values, dt: Any, signals: Values) -> State:
        now = _Moment(self, y, p, signals)
        flows: dict[str, Any] = {}
        inert: State = {}
        for path in self.paths:
            flow, conductance = now.flows[path.name]
            stiff = now.stiffness(path)
            if isinstance(path, Inertance):
                gain = dt / p[f"L_{path.name}"]
                slower = 1.0 + gain * (p[f"R_{path.name}"] + dt * stiff)
                inert[f"Q_{path.name}"] = flows[path.name] = (flow + gain * now.drop(path)) / slower
            else:
                flows[path.name] = flow / (1.0 + dt * conductance * stiff)
        net = self._net(flows)
        return {store.name: y[store.name] + dt * net[store.name] for store in self.filling} | inert

    def _net(self, flows: dict[str, Any]) -> State:
        net: State = {store.name: 0.0 for store in self.stores}
        for path in self.paths:
            net[path.source] = net[path.source] - flows[path.name]
            net[path.target] = net[path.target] + flows[path.name]
        return net

    def observe(self, y: State, p: Values, phase: Any) -> dict[str, Any]:
        """`P_<store>` in mmHg, `V_<store>` in mL, `Q_<path>` in mL/s.

        The flow of a stiff valve at one moment says less than what it lets pass in a step: for that see `carried`.
        """
        now = _Moment(self, y, p, self.at(phase, p))
        return self._read(now, y) | {f"Q_{name}": one.flow for name, one in now.flows.items()}

    def seen(self, y: State, p: Values, signals: Values) -> dict[str, Any]:
        """`P_<store>` in mmHg and `V_<store>` in mL."""
        return self._read(_Moment(self, y, p, signals), y)

    def _read(self, now: _Moment, y: State) -> dict[str, Any]:
        found = {f"P_{name}": one.pressure for name, one in now.filled.items()}
        return found | {f"V_{store.name}": y[store.name] for store in self.filling}

    def filled_to(self, p: Values, pressures: dict[str, Any]) -> State:
        """A state at rest with each store at its pressure, mmHg; the blood that is over lies in `reserve`."""
        shape = jnp.broadcast_shapes(*(jnp.shape(value) for value in p.values()))
        y = {one.name: jnp.broadcast_to(one.resting_volume(pressures[one.name], p), shape) for one in self.filling}
        if self.closed:
            y[self.reserve] = y[self.reserve] + p["blood_volume"] - sum(y.values())
        return y | {f"Q_{path.name}": jnp.zeros(shape) for path in self.inert}

    @cached_property
    def reserve(self) -> str:
        """The store whose volume follows from the blood volume and all others: the most compliant vessels."""
        vessels = [store for store in self.stores if isinstance(store, Vessel)]
        return max(vessels, key=lambda one: one.compliance).name
