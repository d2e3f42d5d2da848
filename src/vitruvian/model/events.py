"""The event table: everybody's records as padded arrays of equal shape, ready for every solver."""

from __future__ import annotations

from dataclasses import replace

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Bool, Float, Int

Held = Array | np.ndarray  # NumPy when compiled, JAX under trace
# order at one time: ends of infusions, then arrivals that no record carries, then records as in the file
ENDS, ARRIVES = -2.0, -1.0


class Observations(eqx.Module):
    """Rows to predict, (K,) for one person, (N, K) for a table; padding is False in `exists`."""

    time: Float[Held, "*n k"]
    output: Int[Held, "*n k"]
    dv: Float[Held, "*n k"]
    mask: Bool[Held, "*n k"]  # a measured value, to be compared with the prediction
    exists: Bool[Held, "*n k"]  # a row of the data, not padding
    censored: Bool[Held, "*n k"]
    limit: Float[Held, "*n k"]
    record: Int[Held, "*n k"]  # position of the row among the person's records
    row: Int[Held, "*n k"]  # row of the covariates in force
    priority: Float[Held, "*n k"]
    last: Int[Held, "*n k"]  # last event before the observation, where the order is known beforehand


class Doses(eqx.Module):
    """Single doses (additional ones written out), (D,) each; padding has amount and rate 0.

    `rate` > 0 given, −1 modelled rate, −2 modelled duration, 0 bolus. What has not arrived before `cancel`, or still
    runs then, is cancelled.
    """

    time: Float[Held, "*n d"]
    amount: Float[Held, "*n d"]
    rate: Float[Held, "*n d"]
    compartment: Int[Held, "*n d"]
    row: Int[Held, "*n d"]
    cancel: Float[Held, "*n d"]
    priority: Float[Held, "*n d"]


class SteadyStates(eqx.Module):
    """Steady-state records, (S,) each: `dose` is the position among the doses; `interval` 0 is a constant infusion."""

    dose: Int[Held, "*n s"]
    interval: Float[Held, "*n s"]
    adds: Bool[Held, "*n s"]  # SS = 2: added to what is there
    exists: Bool[Held, "*n s"]
    priority: Float[Held, "*n s"]


class Resets(eqx.Module):
    """Records that empty the system (EVID 3 and 4), (Z,) each."""

    time: Float[Held, "*n z"]
    row: Int[Held, "*n z"]
    exists: Bool[Held, "*n z"]
    priority: Float[Held, "*n z"]


class Changes(eqx.Module):
    """Times after which another row of the covariates holds, in order, (G,) each."""

    time: Float[Held, "*n g"]
    row: Int[Held, "*n g"]
    exists: Bool[Held, "*n g"]


class EventTable(eqx.Module):
    """Events and observations of N people; every array leaf has the leading axis N (absent in one person's row).

    `covariates` and `occasion` hold the distinct rows of the covariates. Where no parameter moves an event
    (`ordered`), the order of the events is known beforehand and kept in `order`.
    """

    start: Float[Held, "*n"]
    start_row: Int[Held, "*n"]
    covariates: dict[str, Float[Held, "*n c"]]
    occasion: Int[Held, "*n c"]
    doses: Doses
    infusion: Int[Held, "*n i"]  # positions of the doses that are infusions
    steady: SteadyStates
    resets: Resets
    changes: Changes
    order: Int[Held, "*n m"]
    observations: Observations
    n_occasions: int = eqx.field(static=True)
    ordered: bool = eqx.field(static=True)
    infused: tuple[int, ...] = eqx.field(static=True)  # compartments that receive infusions
    overlaps: int = eqx.field(static=True)  # most infusions of one steady state that run at a time
    ids: tuple[str, ...] = eqx.field(static=True)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def exists(self) -> Bool[Held, "*n k"]:
        """Which rows are data, not padding."""
        return self.observations.exists

    def person(self, index: int) -> EventTable:
        """One person's row."""
        return jax.tree.map(lambda leaf: leaf[index], self)

    def people(self, start: int, stop: int) -> EventTable:
        """The table of the people from `start` to `stop`."""
        return replace(jax.tree.map(lambda leaf: leaf[start:stop], self), ids=self.ids[start:stop])

    def shared(self) -> bool:
        """Whether everybody has the same records and covariates."""
        return all(_same(np.asarray(leaf)) for leaf in jax.tree.leaves(self))


def _same(values: np.ndarray) -> bool:
    return np.array_equal(values, np.broadcast_to(values[:1], values.shape), equal_nan=values.dtype.kind == "f")


def bucket(count: int) -> int:
    """The padded length for `count` rows: few sizes, so that few programs are compiled."""
    if count <= 2:
        return count
    step = max(1, 2 ** (int(count - 1).bit_length() - (2 if count <= 64 else 4)))
    return -(-count // step) * step
