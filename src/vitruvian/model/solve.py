"""Predictions of one person or of many: individual quantities → events → states → outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from vitruvian.core import DataError, SolveError
from vitruvian.model.events import EventTable
from vitruvian.model.events_apply import Events, Steady, arrange, individual_rows, pick
from vitruvian.model.linear import ClosedForm, MatrixExponential
from vitruvian.model.model import Model, Values
from vitruvian.model.ode import Adaptive

_CHUNK = 1024


class Solver(Protocol):
    """Solves a model's equations between events."""

    def periodic(self, model: Model, p: Any, s: Steady) -> Float[Array, " n"]:
        """State at a phase of a steady state."""
        ...

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
        """Every compartment's amount at the times `seen`."""
        ...


def default_solver(model: Model) -> Solver:
    """The model's own preference, else closed form, matrix exponential or adaptive, whichever fits first."""
    preferred = getattr(model, "solver", None)
    if preferred is not None:
        return preferred  # type: ignore[no-any-return]
    if not model.linear:
        return Adaptive()
    return ClosedForm() if _has_closed_form(model) else MatrixExponential()


def _has_closed_form(model: Model) -> bool:
    return bool(getattr(model, "mammillary", None)) and bool(getattr(model, "closed_form", True))


def predict_all(
    model: Model, row: EventTable, theta: Values, eta: Float[Array, " e"], *, solver: Solver | None = None
) -> Float[Array, "k o"]:
    """Every output at every row of one person (K, n_outputs); pure: jit, vmap and grad work on it."""
    p, rows, seen = individual_rows(model, row, theta, eta), row.occasion.shape[0], row.observations
    solver = solver or default_solver(model)
    events, last = arrange(model, row, p, partial(solver.periodic, model))
    amounts = solver.states(model, p, rows, events, row.infused, seen.time, last)
    found = _observe(model, p, rows, row, amounts)
    return jnp.stack([jnp.broadcast_to(found[o.name], seen.time.shape) for o in model.outputs], axis=-1)


def _observe(model: Model, p: Any, rows: int, row: EventTable, amounts: list[Any]) -> dict[str, Any]:
    at = pick(p, rows, row.observations.row)
    axis = None if rows == 1 else 0
    return jax.vmap(lambda t, y, q: model.observe(t, jnp.stack(y), q), in_axes=(0, 0, axis))(
        row.observations.time, amounts, at
    )


def predict(
    model: Model, row: EventTable, theta: Values, eta: Float[Array, " e"], *, solver: Solver | None = None
) -> Float[Array, " k"]:
    """For each row of one person, the output that the row is about (K,)."""
    every = predict_all(model, row, theta, eta, solver=solver)
    if every.shape[1] == 1:
        return every[:, 0]
    return jnp.take_along_axis(every, row.observations.output[:, None], axis=1)[:, 0]


def individual_parameters(model: Model, row: EventTable, theta: Values, eta: Float[Array, " e"]) -> dict[str, Any]:
    """Individual quantities in force at each row (K,)."""
    p, rows = individual_rows(model, row, theta, eta), row.occasion.shape[0]
    shape = row.observations.time.shape
    return {k: jnp.broadcast_to(jnp.asarray(v), shape) for k, v in pick(p, rows, row.observations.row).items()}


@partial(jax.jit, static_argnames=("model", "solver", "shared"))
def _many(model: Model, table: EventTable, theta: Any, eta: Any, solver: Solver, shared: bool) -> Any:
    one = partial(predict_all, model, solver=solver)
    return jax.vmap(lambda row, e: one(row, theta, e), in_axes=(None if shared else 0, 0))(table, eta)


def simulate(
    model: Model,
    table: EventTable,
    theta: Mapping[str, Any] | None = None,
    eta: Any = None,
    *,
    solver: Solver | None = None,
) -> Float[np.ndarray, "n k o"]:
    """Every output at every row of everybody (N, K, n_outputs); rows that pad the table are zero.

    `eta` (N, E); absent: zero. A table of one person with many etas means many people with the same records.
    Raises `SolveError` where a value is not finite.
    """
    parts = list(simulate_chunks(model, table, theta, eta, solver=solver))
    return np.concatenate(parts) if len(parts) > 1 else parts[0]


def simulate_chunks(
    model: Model,
    table: EventTable,
    theta: Mapping[str, Any] | None = None,
    eta: Any = None,
    *,
    solver: Solver | None = None,
    chunk: int = _CHUNK,
) -> Iterator[Float[np.ndarray, "c k o"]]:
    """As `simulate`, in chunks of people, so that memory stays small however many they are."""
    size = len(model.eta_names(table.n_occasions))
    eta = np.zeros((len(table), size)) if eta is None else np.asarray(eta, dtype=float)
    if eta.ndim != 2 or eta.shape[1] != size or len(table) not in (1, len(eta)):
        raise DataError("etas do not fit the table", got=eta.shape, allowed=(len(table), size))
    theta = {k: jnp.asarray(v, dtype=float) for k, v in (model.theta if theta is None else theta).items()}
    solver = default_solver(model) if solver is None else solver
    people = len(eta)
    shared = people > 1 and (len(table) == 1 or table.shared())
    first = table.person(0) if shared else None
    # one shape of chunk: the last one is filled up with its own last person, so that nothing is compiled twice
    width = min(chunk, _power(people))
    bare = _anonymous(first if shared else table)
    for start in range(0, people, width):
        index = np.minimum(np.arange(start, start + width), people - 1)
        part = bare if shared else jax.tree.map(lambda leaf, i=index: np.asarray(leaf)[i], bare)
        found = np.asarray(_many(model, part, theta, eta[index], solver, bool(shared)))[: people - start]
        yield _checked(model, table, found, start, bool(shared))


def _power(count: int) -> int:
    return 1 << max(count - 1, 0).bit_length()


def _anonymous(table: Any) -> EventTable:
    return replace(table, ids=())


def _checked(model: Model, table: EventTable, found: np.ndarray, start: int, shared: bool) -> np.ndarray:
    exists = np.asarray(table.exists)
    exists = exists[:1] if shared else exists[start : start + len(found)]
    if not exists.all():
        found = np.where(exists[..., None], found, 0.0)
    if not np.isfinite(found.sum()):
        bad = np.argwhere(~np.isfinite(found))[0]
        person = table.ids[0 if len(table) == 1 else start + int(bad[0])]
        time = float(np.asarray(table.observations.time)[0 if len(table) == 1 else start + int(bad[0]), int(bad[1])])
        raise SolveError(
            f"model {model.name} gives a value that is not finite",
            got=f"{found[tuple(bad)]} for person {person} at time {time:g}",
            todo="Usual causes: a lag of II or more with SS, a modelled duration or rate of zero, parameters at zero.",
        )
    return found
