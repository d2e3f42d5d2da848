"""A heart cell: its states, gates and currents written once, for every integrator, protocol and measurement."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import InputError, UnknownNameError
from vitruvian.model import Driven, Output, Parameter, ResidualError, Values

CHANNELS: Mapping[str, str] = {
    "hERG": "IKr",
    "Nav1.5": "INa",
    "Nav1.5-late": "INaL",
    "Cav1.2": "ICaL",
    "KCNQ1/MinK": "IKs",
    "Kir2.1": "IK1",
    "Kv4.3": "Ito",
}
"""Channel as pharmacologists name it → current as the models name it."""


class Gate(NamedTuple):
    """A gate y' = (steady − y)·rate."""

    steady: Any
    rate: Any  # 1/ms

    @staticmethod
    def of(opening: Any, closing: Any) -> Gate:
        """The gate y' = opening·(1 − y) − closing·y, rates in 1/ms."""
        return Gate(opening / (opening + closing), opening + closing)


class Chain(NamedTuple):
    """States of one channel that pass into one another: `flows` maps (from, to) to a rate, 1/ms; the sum is kept."""

    states: tuple[str, ...]
    flows: dict[tuple[str, str], Any]


class Rates(NamedTuple):
    """All that happens to a cell in one moment; every state is in exactly one of `gates`, `chains` and `slopes`."""

    gates: dict[str, Gate]
    chains: tuple[Chain, ...]
    slopes: dict[str, Any]
    """Per ms, of the other states; without the stimulus (it moves the voltage, and what `Cell.carried` names)."""
    decay: dict[str, Any]
    """Of slopes that are stiff: an estimate of −∂slope/∂state, 1/ms, at least 0; it steers steps, not results."""
    currents: dict[str, Any]
    """By the paper's names, A/F (µA/µF)."""


class Pace(NamedTuple):
    """What is done to a cell within a step."""

    stimulus: Any
    """A/F; negative depolarises."""


class Stimulus(NamedTuple):
    """The published pacing pulse."""

    current: float  # A/F
    duration: float  # ms


def scale(current: str, value: float = 1.0) -> Parameter:
    """The parameter `scale_<current>` that multiplies a conductance or the largest rate of a current."""
    return Parameter(f"scale_{current}", value, "1", f"{current} relative to the published conductance", 0.0)


class Cell(Driven):
    """A published model of one cell, of one kind (endo, mid, epi; empty where a model has one kind only).

    State fields and currents carry the names of the paper; time in ms, voltage in mV, concentrations in mM.
    `p` maps every declared parameter to a float or an array of the people's shape (`typical` for the published ones).
    """

    time_unit = "ms"
    step = 0.01
    State: ClassVar[type[Any]]
    """NamedTuple of the states; the voltage is `V`."""
    kinds: ClassVar[tuple[str, ...]] = ("",)
    stimulus: ClassVar[Stimulus] = Stimulus(-80.0, 0.5)
    carried: ClassVar[Mapping[str, float]] = {}
    """Concentrations that the ions of the stimulus change: state → mM per A/F·ms."""
    calcium: ClassVar[str] = ""
    """State that is the calcium of the cytosol, mM; empty where the model has none."""
    outputs: ClassVar[tuple[Output, ...]] = (Output("V", "mV", ResidualError("none"), "membrane potential"),)

    def __init__(self, kind: str = "") -> None:
        """Raises `UnknownNameError` for a kind that the paper does not give."""
        if kind and kind not in self.kinds:
            allowed = ", ".join(self.kinds)
            raise UnknownNameError(f"model {self.name} has no such kind of cell", got=kind, allowed=allowed)
        self.kind = kind or self.kinds[0]

    @abstractmethod
    def start(self) -> Any:
        """The published initial state of this kind, as floats."""

    @abstractmethod
    def rates(self, y: Any, p: Values) -> Rates:
        """Gates, chains, slopes and currents at state `y`."""

    def steady(self, p: Values) -> Any:
        """The published initial state, in the shape of the parameters."""
        shape = jnp.broadcast_shapes(*(jnp.shape(value) for value in p.values()))
        return self.State(*(jnp.full(shape, value) for value in self.start()))

    def slope(self, y: Any, u: Pace, p: Values) -> Any:
        """d/dt of every state, the stimulus included."""
        now = self.rates(y, p)
        found = dict(now.slopes)
        found |= {name: (gate.steady - getattr(y, name)) * gate.rate for name, gate in now.gates.items()}
        for chain in now.chains:
            found |= chain_slopes(chain, y)
        found |= {name: found[name] + each * u.stimulus for name, each in self.carried.items()}
        return self.State(**{**found, "V": found["V"] - u.stimulus})

    def observe(self, y: Any, p: Values) -> dict[str, Any]:
        """Voltage, and calcium of the cytosol where the model has it."""
        found = {"V": y.V}
        return found | {"calcium": getattr(y, self.calcium)} if self.calcium else found

    @property
    def currents(self) -> tuple[str, ...]:
        """Currents that have a scale, by the model's names."""
        return tuple(one.name[6:] for one in self.parameters if one.name.startswith("scale_"))


def chain_slopes(chain: Chain, y: Any) -> dict[str, Any]:
    """d/dt of the states of a chain."""
    found: dict[str, Any] = dict.fromkeys(chain.states, 0.0)
    for (source, target), rate in chain.flows.items():
        flow = rate * getattr(y, source)
        found[source] = found[source] - flow
        found[target] = found[target] + flow
    return found


def blocked(cell: Cell, p: Values, blocks: Mapping[str, Any]) -> dict[str, Any]:
    """`p` with the share `blocks[channel]` (0 to 1) of each channel or current taken away.

    Raises `UnknownNameError` for a channel that the model lacks, `InputError` for a share outside 0 to 1.
    """
    found = dict(p)
    for channel, share in blocks.items():
        current = CHANNELS.get(channel, channel)
        if current not in cell.currents:
            known = [name for name, of in CHANNELS.items() if of in cell.currents]
            allowed = ", ".join([*known, *cell.currents])
            raise UnknownNameError(f"model {cell.name} has no such channel", got=channel, allowed=allowed)
        if not bool(jnp.all((jnp.asarray(share) >= 0.0) & (jnp.asarray(share) <= 1.0))):
            raise InputError(f"the block of {channel} must be a share", got=share, allowed="0 to 1")
        found[f"scale_{current}"] = found[f"scale_{current}"] * (1.0 - jnp.asarray(share))
    return found
