"""What is believed of one person under one model, as equally likely draws, and the curves that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax
import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import SolveError, program
from vitruvian.model import EventTable, Model, Schedule, compile_events, predict
from vitruvian.model.schedule import Course
from vitruvian.pharmacology.modifiers import Modifier, with_modifiers

Covariates = Mapping[str, Course]

ROOM = 8
"""Doses, changes of covariates, and levels that every table has room for: a new fact compiles no new program."""
_CHANGES = 16
"""Changes of covariates that forecasts have room for at least: those of a drug started now, beside the record's own."""
_TIMES = 64
"""Times are padded to a multiple of this, so that few programs are compiled."""


@dataclass(frozen=True)
class Draws:
    """S equally likely people who this person may be, under one model.

    `covariates` lists the alternatives for what is not known of the person (an unknown genotype), which differ in
    single numbers only; `alternative` tells which one each draw has. `occasions` are the times (h) at which new
    occasions start. What may be changed in a what-if is told to the same programs: `genes` are covariates given draw
    by draw, also where they are known, and with `open` there is room for the effect of one more drug.
    """

    model: Model
    theta: Mapping[str, float] = field(repr=False)
    eta: Float[np.ndarray, "s e"] = field(repr=False)
    alternative: Int[np.ndarray, " s"] = field(repr=False)
    covariates: tuple[Covariates, ...] = field(repr=False)
    occasions: tuple[float, ...] = ()
    molar_mass: float | None = None
    moiety_factor: float = 1.0
    genes: tuple[str, ...] = ()
    open: bool = False

    def beside(self, modifier: Modifier, presence: Course, z: Float[np.ndarray, " s"]) -> Draws:
        """The same people under one more effect on clearance; `z` is its random effect at each draw."""
        held, people = len(self.model.covariates), len(self.model.random_effects)
        model = with_modifiers(self.model, [modifier])
        (name,) = (c.name for c in model.covariates[held:])
        more = {p.name: p.value for p in model.parameters[len(self.model.parameters) :]}
        eta = np.concatenate([self.eta[:, :people], z[:, None], self.eta[:, people:]], axis=1)
        given = tuple({**one, name: presence} for one in self.covariates)
        return replace(self, model=model, theta={**self.theta, **more}, eta=eta, covariates=given, open=False)

    def curves(
        self,
        schedules: Sequence[Schedule],
        times: Sequence[np.ndarray],
        output: str,
        *,
        steady: bool = False,
    ) -> list[Float[np.ndarray, "s k"]]:
        """The output under each schedule at its own times (h), at every draw.

        With `steady` time starts anew and every covariate keeps its last value (an interaction its full effect).
        Raises `SolveError` if any value is not finite.
        """
        if self.open:
            return self._filled_up().curves(schedules, times, output, steady=steady)
        length = -(-max(len(at) for at in times) // _TIMES) * _TIMES
        given = self.covariates[0]
        people = [
            schedule.to_subject(
                self.model,
                np.pad(at, (0, length - len(at)), mode="edge"),
                {n: value_at(v, np.inf) for n, v in given.items()} if steady else given,
                output,
                occasions=() if steady else self.occasions,
                molar_mass=self.molar_mass,
                moiety_factor=self.moiety_factor,
                id=str(k),
            )
            for k, (schedule, at) in enumerate(zip(schedules, times, strict=True))
        ]
        if steady and self.occasions:
            last = len(self.occasions)  # the future is its own occasion, also where time starts anew
            people = [replace(p, occasion=np.full(len(p), last)) for p in people]
        room, changes = (0, 0) if steady else (ROOM, _CHANGES)
        table = _filled(compile_events(self.model, people, interpolation="locf", room=room, changes=changes))
        values = np.asarray(_predict(self.model, table, dict(self.theta), self.eta, self._own(), len(people)))
        found = [values[k][:, : len(at)] for k, at in enumerate(times)]
        if not all(np.isfinite(f).all() for f in found):
            raise SolveError(f"a forecast of {self.model.name} is not finite", todo="Check doses and covariates.")
        return found

    def _filled_up(self) -> Draws:
        """These people beside a drug that does nothing: what follows is the same, by the program of one that acts."""
        return self.beside(Modifier("", 0.0, 0.0, ""), 0.0, np.zeros(len(self.eta)))

    def _own(self) -> dict[str, Float[np.ndarray, " s"]]:
        """Covariates in which the alternatives differ, and `genes`, at every draw."""
        first, *others = self.covariates
        names = [n for n, v in first.items() if n in self.genes or any(one[n] != v for one in others)]
        return {n: np.array([one[n] for one in self.covariates], dtype=float)[self.alternative] for n in names}

    def individual(self, at: float) -> dict[str, Float[np.ndarray, " s"]]:
        """Individual quantities of the model at time `at` (h), at every draw."""
        columns = [{n: float(value_at(v, at)) for n, v in given.items()} for given in self.covariates]
        stacked = {n: np.array([c[n] for c in columns])[self.alternative] for n in columns[0]}
        stacked.setdefault("TIME", np.full(len(self.eta), at))
        return {k: np.asarray(v) for k, v in _individual(self.model, dict(self.theta), self.eta, stacked).items()}


def _filled(table: EventTable) -> EventTable:
    """Few table sizes, so that few programs are compiled; the rows that fill one up are never looked at."""
    count = len(table)
    size = next(size for size in (32, 128, 512, count) if size >= count)
    rows = np.minimum(np.arange(size), count - 1)
    return jax.tree.map(lambda leaf: np.asarray(leaf)[rows], replace(table, ids=()))


@program()
def _predict(model: Model, table: EventTable, theta: dict[str, Any], eta: Any, own: dict[str, Any], count: Any) -> Any:
    """The first `count` schedules at every draw (N,S,K), zero for those after them."""

    def draw(row: EventTable, e: Any, one: dict[str, Any]) -> Any:
        held = {n: jax.numpy.full_like(row.covariates[n], v) for n, v in one.items()}
        return predict(model, replace(row, covariates={**row.covariates, **held}), theta, e)

    def schedule(k: Any) -> Any:
        row = jax.tree.map(lambda leaf: jax.numpy.asarray(leaf)[k], table)
        return jax.vmap(lambda e, one: draw(row, e, one))(eta, own)

    # one schedule at a time: the draws of one fill the vector units and stay in the cache
    nothing = jax.numpy.zeros((len(table), *jax.eval_shape(schedule, 0).shape))
    return jax.lax.fori_loop(0, count, lambda k, found: found.at[k].set(schedule(k)), nothing)


@program()
def _individual(model: Model, theta: dict[str, Any], eta: Any, c: dict[str, Any]) -> dict[str, Any]:
    found = jax.vmap(lambda e, own: model.individual(theta, e, own))(eta, c)
    return {k: v for k, v in found.items() if jax.numpy.ndim(v) == 1}


def value_at(course: Course, at: float) -> float:
    """Value of a covariate at time `at` (h): the last one, or the first before it."""
    if not isinstance(course, tuple):
        return float(course)
    times, values = course
    k = int(np.searchsorted(np.asarray(times), at, side="right")) - 1
    return float(values[max(k, 0)])
