"""Rows to learn from or to judge on: features, what came true, whose each is, and where they come from."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from vitruvian.core import DataError, InputError
from vitruvian.learn import Feature, Rows


@dataclass(frozen=True)
class Examples:
    """N rows with label. `people` says whose a row is, `data` the md5 of each file, `left_out` rows by reason.

    `made`: rows made from others of the same people, to teach what a model must do without; nothing is judged on them.
    """

    rows: Rows
    label: Bool[np.ndarray, " rows"]
    people: tuple[str, ...]
    data: Mapping[str, str]
    left_out: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    made: Bool[np.ndarray, " rows"] | None = None

    def __post_init__(self) -> None:
        if not len(self.rows) == len(self.label) == len(self.people) == len(self.rows.ids):
            raise DataError("rows, labels and people differ", got=f"{len(self.rows)}, {len(self.label)}")
        if len(set(self.rows.ids)) != len(self.rows):
            raise DataError("a row is there twice", got=f"{len(self.rows) - len(set(self.rows.ids)):,} rows")

    def __len__(self) -> int:
        return len(self.label)

    def taken(self, which: np.ndarray) -> Examples:
        """Some of the rows."""
        chosen = np.arange(len(self))[which]
        rows = Rows(self.rows.features, self.rows.values[chosen], tuple(self.rows.ids[i] for i in chosen))
        people = tuple(self.people[i] for i in chosen)
        made = None if self.made is None else self.made[chosen]
        return Examples(rows, self.label[chosen], people, self.data, self.left_out, self.notes, made)

    @property
    def real(self) -> Examples:
        """Without the rows that were made from others."""
        return self if self.made is None else self.taken(~self.made)

    @property
    def hash(self) -> str:
        """SHA-256 of ids, people, labels and values: what makes a run this run."""
        told = hashlib.sha256("\0".join((*self.rows.ids, *self.people)).encode())
        told.update(np.ascontiguousarray(self.label).tobytes())
        told.update(b"" if self.made is None else self.made.tobytes())
        told.update(np.ascontiguousarray(self.rows.values).tobytes())
        return told.hexdigest()


EMPTY = "columns in which no row has a value"


def valued(rows: Rows) -> Rows:
    """Without columns in which no row has a value: nothing can be learned from them."""
    there = ~np.isnan(rows.values).all(0)
    features = tuple(one for one, here in zip(rows.features, there, strict=True) if here)
    return Rows(features, rows.values[:, there], rows.ids)


def with_copies(examples: Examples, copies: Rows) -> Examples:
    """And a made copy of every row, of the same person and label."""
    both = Rows(
        examples.rows.features, np.concatenate([examples.rows.values, copies.values]),
        (*examples.rows.ids, *(f"{one} (copy)" for one in examples.rows.ids)),
    )  # fmt: skip
    label, made = np.tile(examples.label, 2), np.repeat([False, True], len(examples))
    return Examples(both, label, examples.people * 2, examples.data, examples.left_out, examples.notes, made)


def only(rows: Rows, features: Sequence[Feature]) -> Rows:
    """The columns of a model, by name. Raises DataError where one is missing."""
    there = {one.name: k for k, one in enumerate(rows.features)}
    if absent := [one.name for one in features if one.name not in there]:
        raise DataError(f"{len(absent)} columns of the model are missing", got=", ".join(absent[:6]))
    order = [there[one.name] for one in features]
    return Rows(tuple(rows.features[k] for k in order), rows.values[:, order], rows.ids)


def write_examples(examples: Examples, path: Path) -> None:
    """Into one file, for work in other processes."""
    about = {"features": [asdict(one) for one in examples.rows.features], "data": dict(examples.data)}
    np.savez(
        path, values=examples.rows.values, label=examples.label, people=np.array(examples.people),
        ids=np.array(examples.rows.ids), about=np.array(json.dumps(about)),
        made=np.zeros(len(examples), bool) if examples.made is None else examples.made,
    )  # fmt: skip


def read_examples(path: Path) -> Examples:
    """What `write_examples` wrote."""
    with np.load(path, allow_pickle=False) as found:
        about = json.loads(str(found["about"]))
        features = tuple(Feature(**{**one, "categories": tuple(one["categories"])}) for one in about["features"])
        rows = Rows(features, found["values"], tuple(map(str, found["ids"])))
        people = tuple(map(str, found["people"]))
        return Examples(rows, found["label"], people, about["data"], made=found["made"])


def md5_of(*paths: Path) -> dict[str, str]:
    """Name and md5 of each file. Raises InputError where one is not there."""
    found = {}
    for path in paths:
        try:
            with path.open("rb") as file:
                found[path.name] = hashlib.file_digest(file, "md5").hexdigest()
        except OSError as error:
            raise InputError(f"{path.name} is not in {path.parent.name}", got=error.strerror) from error
    return found
