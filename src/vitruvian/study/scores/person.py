"""One person as a row of a model's features, at a moment, from what was known by then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool

from vitruvian.core import now_ms, to_datetime, to_ms
from vitruvian.learn import Rows
from vitruvian.study.events import Events, Moments, person_events
from vitruvian.study.features import features_of
from vitruvian.study.scores.models import Installed

if TYPE_CHECKING:
    from vitruvian.record import Patient

_NOBODY = ""
_NO_LOSS = ("demographic: no event", "void")
"""A name is no event, and what is void is no fact."""
_KNOWN_OF_ALL = ("MEDS_BIRTH", "DEMOGRAPHIC//sex")


@dataclass(frozen=True)
class Seen:
    """The row; which of its values the record says (beside birth and sex), and what was left out, by reason."""

    row: Rows
    said: Bool[np.ndarray, " features"]
    notes: Mapping[str, int]
    newest: str
    """Moment of the newest event that was known (ISO 8601), "" without any."""

    @property
    def share(self) -> float:
        """Share of the features that the record says anything of."""
        return float(self.said.mean())


def seen(patient: Patient, one: Installed, at: str | None = None) -> Seen:
    """A person's row for a model. Raises `DataError` where a unit does not lead to that of the recipe."""
    moment = now_ms() if at is None else to_ms(at)
    events, left_out = person_events(patient)
    moments = Moments((patient.id, _NOBODY), np.array([moment, moment], np.int64) * 1000)
    found = features_of(one.recipe, events, moments)
    there = {f.name: k for k, f in enumerate(one.recipe.features)}
    order = [there[f.name] for f in one.model.features]
    values = found.rows.values[:, order]
    same = (values[0] == values[1]) | (np.isnan(values[0]) & np.isnan(values[1]))
    of_all = {v.name for v in one.recipe.variables if set(v.codes) <= set(_KNOWN_OF_ALL)}
    told = np.array([not any(f.name.startswith(f"{name}_") for name in of_all) for f in one.model.features])
    features = tuple(one.recipe.features[k] for k in order)
    row = Rows(features, values[:1], (patient.id,))
    notes = {reason: count for reason, count in {**left_out, **found.notes}.items() if reason not in _NO_LOSS}
    return Seen(row, ~same & told, notes, _newest(events, moment))


def _newest(events: Events, moment: int) -> str:
    """The latest time of what happened and was known by a moment (ms)."""
    times = [np.column_stack([frame[name].dt.epoch("ms").to_numpy() for name in ("time", "known")])
             for frame in events.frames(("time", "known"))]  # fmt: skip
    both = np.concatenate(times)
    there = both[(both <= moment).all(1), 0]
    return to_datetime(int(there.max())).isoformat(timespec="minutes") if len(there) else ""
