"""People to learn from: their features, and who is kept apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import DataError
from vitruvian.model import EventTable, Subject


def features_of(people: Sequence[Subject], names: tuple[str, ...]) -> Float[np.ndarray, "n f"]:
    """Features at each person's first record. Raises `DataError` naming the first person who lacks one."""
    found = np.empty((len(people), len(names)))
    for n, person in enumerate(people):
        for k, name in enumerate(names):
            values = person.covariates.get(name)
            if values is None or not np.isfinite(values[0]):
                lacking = sum(not np.isfinite(p.covariates.get(name, [np.nan])[0]) for p in people)
                raise DataError(f"person {person.id} lacks feature {name}", got=f"{lacking} of {len(people)} lack it")
            found[n, k] = values[0]
    return found


def parts_of(count: int, apart: float, seed: int) -> tuple[Int[np.ndarray, " a"], Int[np.ndarray, " b"]]:
    """Indices of the people learned from, and of the share kept `apart`."""
    order = np.random.default_rng([seed, 7]).permutation(count)
    kept = round(apart * count)
    return np.sort(order[kept:]), np.sort(order[:kept])


def split_of(people: Sequence[Subject], *parts: Int[np.ndarray, " n"]) -> str:
    """Hash of the ids in each part."""
    named = "\n\n".join("\n".join(people[k].id for k in part) for part in parts)
    return sha256(named.encode()).hexdigest()


@dataclass(frozen=True)
class Cut:
    """A person (by position) as known before one of their levels, which is not measured yet."""

    person: int
    subject: Subject
    record: int
    level: float
    before: int
    """Levels measured before it."""


def before_each(people: Sequence[Subject]) -> list[Cut]:
    """Everybody before each of their levels of the first output. Raises `DataError` where nobody has a level."""
    found = []
    for n, one in enumerate(people):
        levels = np.flatnonzero((one.evid == 0) & (one.mdv == 0) & (one.output == 0) & ~one.censored)
        for k in levels:
            later = (np.arange(len(one)) >= k) & (one.evid == 0)
            cut = replace(one, id=f"{one.id}/{k}", mdv=np.where(later, 1, one.mdv))
            earlier = int(((cut.evid == 0) & (cut.mdv == 0)).sum())
            found.append(Cut(n, cut, int(k), float(one.dv[k]), earlier))
    if not found:
        raise DataError("nobody has a level", got=f"{len(people)} people")
    return found


def places(table: EventTable, cut: Sequence[Cut]) -> Int[np.ndarray, " m"]:
    """Where each level stands among the rows of the table."""
    record, exists = np.asarray(table.observations.record), np.asarray(table.observations.exists)
    return np.array([np.flatnonzero((record[m] == c.record) & exists[m])[0] for m, c in enumerate(cut)])
