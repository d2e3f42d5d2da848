"""Keeping a twin in the record under its person's key, and taking it out again beside newer evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from vitruvian.core import DataError, to_datetime, to_ms
from vitruvian.record import Record
from vitruvian.twin.glucose.course import Meals, Usual
from vitruvian.twin.glucose.entries import MINUTE
from vitruvian.twin.glucose.evidence import STEP, Evidence
from vitruvian.twin.glucose.identify import GlucoseTwin
from vitruvian.twin.glucose.unknowns import MEAL, PERSON

MODEL = "glucose_reduced"
VERSION = "1"
_OPEN = 12
_PLAIN = ("first", "last", "sd", "fades", "method", "pareto_k", "effective", "converged", "seed")


def keep(record: Record, twin: GlucoseTwin) -> str:
    """Keep the twin; gives the id of its state."""
    summary, arrays = packed(twin)
    end = to_ms(twin.evidence.moment(twin.last))
    person = twin.evidence.person
    return record.save_state(person, MODEL, VERSION, cutoff_ms=end, summary=summary, arrays=arrays).id


@dataclass(frozen=True)
class Kept:
    """A kept twin as found: `until` is the end of its days (ms); `unfit` says why it does not serve, "" if it does."""

    until: int
    twin: GlucoseTwin | None
    unfit: str = ""


def newest_kept(record: Record, evidence: Evidence) -> Kept | None:
    """The newest kept twin of the person and of this model that knows nothing after the newest reading of the evidence.

    It serves while the days that it was learned from are as they were; `None` where none was kept.
    """
    edge = to_ms(evidence.moment(evidence.newest + 1))
    state = record.load_state(evidence.person, MODEL, version=VERSION, until_ms=edge)
    if state is None:
        return None
    if state.summary.get("unknowns") != _names():
        return Kept(state.cutoff_ms, None, "it has other quantities than the model of today")
    try:
        twin = unpacked(state.summary, state.arrays, evidence)
    except DataError:
        return Kept(state.cutoff_ms, None, "it was learned from days before those looked at")
    if state.summary.get("digest") != digest(evidence, twin.first, twin.last):
        return Kept(state.cutoff_ms, None, "the days that it was learned from have changed since")
    return Kept(state.cutoff_ms, twin)


def kept(record: Record, evidence: Evidence) -> GlucoseTwin | None:
    """The twin of `newest_kept`, where it serves."""
    found = newest_kept(record, evidence)
    return found.twin if found else None


def digest(evidence: Evidence, first: int, last: int) -> str:
    """Of all that was known of the steps first..last − 1, but for the last hour, which may be filled up later."""
    end = max(last - _OPEN, first)
    arrays = (value[first:end].tobytes() for value in vars(evidence).values() if isinstance(value, np.ndarray))
    return blake2b(b"".join(arrays), digest_size=16).hexdigest()


def packed(twin: GlucoseTwin) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A twin as a summary and arrays, without its evidence."""
    summary: dict[str, Any] = {name: getattr(twin, name) for name in _PLAIN}
    summary["digest"] = digest(twin.evidence, twin.first, twin.last)
    summary |= {"start": twin.evidence.start.isoformat(), "usual": asdict(twin.known), "unknowns": _names()}
    if not np.isfinite(summary["pareto_k"]):
        summary["pareto_k"] = None
    meals = {f"meal_{name}": value for name, value in vars(twin.meals).items()}
    return summary, {"mode": twin.mode, "z": twin.z, "path": twin.path, **meals}


def unpacked(summary: Mapping[str, Any], arrays: Mapping[str, np.ndarray], evidence: Evidence) -> GlucoseTwin:
    """A twin on the grid of the evidence; raises `DataError` where the grids do not meet."""
    apart = to_ms(str(summary["start"])) - to_ms(evidence.start)
    steps, rest = divmod(apart, STEP * MINUTE)
    plain: dict[str, Any] = {name: summary[name] for name in _PLAIN}
    plain["pareto_k"] = np.inf if plain["pareto_k"] is None else plain["pareto_k"]
    first, last = int(plain["first"]) + steps, int(plain["last"]) + steps
    if rest or first < 0:
        got = f"a twin from {to_datetime(to_ms(evidence.start) + first * STEP * MINUTE)}"
        raise DataError("the twin was learned from days that the evidence does not hold", got=got, todo="Fit it again.")
    meals = Meals(arrays["meal_minute"] + STEP * steps, arrays["meal_grams"], arrays["meal_speed"])
    own: dict[str, Any] = {"known": Usual(**summary["usual"]), "meals": meals}
    plain |= {"first": first, "last": last, "mode": arrays["mode"], "z": arrays["z"], "path": arrays["path"]}
    return GlucoseTwin(evidence=evidence, **plain, **own)


def _names() -> list[str]:
    return [*PERSON, *MEAL]
