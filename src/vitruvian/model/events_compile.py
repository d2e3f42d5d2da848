"""The event compiler: records of many people → one padded event table (host side, NumPy)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.core import DataError
from vitruvian.model.events import (
    ARRIVES,
    Changes,
    Doses,
    EventTable,
    Observations,
    Resets,
    SteadyStates,
    bucket,
)
from vitruvian.model.events_check import check_subject
from vitruvian.model.events_segments import Interpolation, Segments
from vitruvian.model.events_timing import order_events
from vitruvian.model.model import Model
from vitruvian.model.subject import Subject

_RESET, _STEADY, _DOSE, _OBSERVE = 0.0, 1.0, 2.0, 3.0  # order within one record; records are 4 apart
Columns = dict[str, list[Any]]
_DOUBLED = 128


def compile_events(
    model: Model,
    subjects: Sequence[Subject],
    *,
    interpolation: Interpolation | Mapping[str, Interpolation] = "nocb",
    rows: Literal["observations", "all"] = "observations",
    room: int = 0,
    changes: int = 0,
) -> EventTable:
    """The event table of `subjects` for `model`.

    `interpolation` says what a covariate is between two records: the next one's value ("nocb", as NONMEM), the last
    one's ("locf"), or on the line between them ("linear", in 16 steps); for all, or per covariate (others: nocb).
    `rows` "all" predicts at every record, not only at observations (EVID 0). With `room` the table holds that many
    doses, changes and observations at least and grows by doubling, so that one record more is the same program;
    `changes` is the room of changes where it is more.
    Raises `DataError` for records that contradict themselves or the model, `UnsupportedError` by name.
    """
    if not subjects:
        raise DataError("no person to compile events for", allowed="at least one subject")
    keys = dosing_keys(model)
    people = []
    for subject in subjects:
        check_subject(model, subject, keys)
        people.append(_person(model, subject, interpolation, rows == "all"))
    dosed = {(int(c), float(r)) for p in people for c, r in zip(p["doses.compartment"], p["doses.rate"], strict=True)}
    names = model.compartments
    moved = any({"LAG"} & keys[names[c]] or r < 0 or (r > 0 and "F" in keys[names[c]]) for c, r in dosed)
    arrays = _pad(people, room, max(room, changes))
    typical = _typical_stretch(model, keys, dosed)
    table = EventTable(
        start=arrays["start"],
        start_row=arrays["start_row"],
        covariates={n: arrays[f"covariates.{n}"] for n in people[0]["names"]},
        occasion=arrays["occasion"],
        doses=Doses(**_group(arrays, "doses")),
        infusion=arrays["infusion"],
        steady=SteadyStates(**_group(arrays, "steady")),
        resets=Resets(**_group(arrays, "resets")),
        changes=Changes(**_group(arrays, "changes")),
        order=np.zeros((len(people), 0), dtype=np.int32),
        observations=Observations(**_group(arrays, "observations"), last=np.zeros_like(arrays["observations.row"])),
        n_occasions=int(arrays["occasion"].max()) + 1,
        ordered=not moved,
        infused=tuple(sorted({c for c, r in dosed if r != 0})),
        overlaps=_overlaps(people, typical),
        ids=tuple(s.id for s in subjects),
    )
    return order_events(table) if table.ordered else table


@lru_cache(maxsize=1024)
def dosing_keys(model: Model) -> dict[str, set[str]]:
    """Per compartment, which of "F", "LAG", "RATE", "DUR" the model gives (found without computing them)."""
    covariates = {c.name: jnp.ones(()) for c in model.covariates} | {"TIME": jnp.zeros(())}
    eta = jnp.zeros(len(model.random_effects))
    found: dict[str, set[str]] = {name: set() for name in model.compartments}

    def probe(theta: dict[str, Any], c: dict[str, Any]) -> Any:
        given = model.dosing(model.individual(theta, eta, c))
        for name, quantities in given.items():
            if name not in found:
                raise DataError(f"model {model.name} doses a compartment it does not have", got=name, allowed=names)
            found[name] = set(quantities)
        return jnp.zeros(())

    names = ", ".join(model.compartments)
    jax.eval_shape(probe, {k: jnp.asarray(v) for k, v in model.theta.items()}, covariates)
    return found


def _person(model: Model, s: Subject, interpolation: Any, every: bool) -> dict[str, Any]:
    segments = Segments(model, s, interpolation)
    doses: Columns = {k: [] for k in ("time", "amount", "rate", "compartment", "row", "cancel", "priority")}
    steady: Columns = {k: [] for k in ("dose", "interval", "adds", "exists", "priority")}
    resets: Columns = {k: [] for k in ("time", "row", "exists", "priority")}
    cancel = _cancelled_at(s)
    for i in np.flatnonzero(np.isin(s.evid, (1, 3, 4))).tolist():
        evid, time = int(s.evid[i]), float(s.time[i])
        if evid in (3, 4):
            _add(resets, time=time, row=segments.record_row[i], exists=True, priority=4.0 * i + _RESET)
        if evid in (1, 4):
            if s.ss[i]:
                _add(
                    steady,
                    dose=len(doses["time"]),
                    interval=float(s.ii[i]),
                    adds=s.ss[i] == 2,
                    exists=True,
                    priority=4.0 * i + _STEADY,
                )
            _add_doses(doses, s, i, segments, cancel[i])
    changes = {"time": segments.change_time, "row": segments.change_row, "exists": [True] * len(segments.change_time)}
    infusion = [k for k, rate in enumerate(doses["rate"]) if rate != 0 and doses["amount"][k] > 0]
    person: dict[str, Any] = {"start": float(s.time[0]), "start_row": segments.start_row, "end": float(s.time[-1])}
    person |= {"names": segments.names, "occasion": [r[-1] for r in segments.rows], "infusion": infusion}
    person |= {f"covariates.{n}": [r[k] for r in segments.rows] for k, n in enumerate(segments.names)}
    seen = _observations(s, segments, every)
    groups: dict[str, Any] = {"doses": doses, "steady": steady, "resets": resets, "observations": seen}
    groups["changes"] = changes
    return person | {f"{g}.{k}": v for g, columns in groups.items() for k, v in columns.items()}


def _observations(s: Subject, segments: Segments, every: bool) -> dict[str, np.ndarray]:
    """The rows to predict, column by column."""
    rows = np.arange(len(s)) if every else np.flatnonzero(s.evid == 0)
    known = np.isfinite(s.dv)
    measured = (s.evid == 0) & (s.mdv == 0) & (known | s.censored.astype(bool))
    columns = {
        "time": s.time,
        "output": s.output,
        "dv": np.where(measured & known, s.dv, 0.0),
        "mask": measured,
        "exists": np.ones(len(s), dtype=bool),
        "censored": s.censored.astype(bool) & measured,
        "limit": np.where(np.isfinite(s.limit), s.limit, 0.0),
        "record": np.arange(len(s)),
        "row": np.asarray(segments.record_row),
        "priority": 4.0 * np.arange(len(s)) + _OBSERVE,
    }
    return {name: column[rows] for name, column in columns.items()}


def _add_doses(doses: Columns, s: Subject, i: int, segments: Segments, cancel: float) -> None:
    """The dose of record `i` and its additional ones, up to the last record (later ones cannot be seen)."""
    end = float(s.time[-1])
    for k in range(int(s.addl[i]) + 1):
        time = float(s.time[i]) + k * float(s.ii[i])
        if k and (time > end or time > cancel):
            break
        _add(
            doses,
            time=time,
            amount=float(s.amt[i]),
            rate=float(s.rate[i]),
            compartment=max(int(s.cmt[i]), 1) - 1,
            row=segments.at(time) if k else segments.record_row[i],
            cancel=cancel,
            priority=ARRIVES if k else 4.0 * i + _DOSE,
        )


def _cancelled_at(s: Subject) -> np.ndarray:
    """Per record: time of the next record that cancels what is pending or running (EVID 3, 4 or SS 1)."""
    cancels = (s.evid == 3) | (s.evid == 4) | ((s.evid == 1) & (s.ss == 1))
    times = np.where(cancels, s.time, np.inf)
    later = np.append(np.minimum.accumulate(times[::-1])[::-1][1:], np.inf)
    return np.asarray(later)


def _add(columns: Columns, **values: Any) -> None:
    for name, value in values.items():
        columns[name].append(value)


def _group(arrays: dict[str, np.ndarray], name: str) -> dict[str, Any]:
    return {k.removeprefix(f"{name}."): v for k, v in arrays.items() if k.startswith(f"{name}.")}


_INTEGERS = {"infusion", "occasion", "compartment", "row", "dose", "output", "record", "start_row"}
_BOOLEANS = {"exists", "adds", "mask", "censored"}


def _pad(people: list[dict[str, Any]], room: int, changes: int) -> dict[str, np.ndarray]:
    """Stack everybody's lists, padded to one length per group."""
    out: dict[str, np.ndarray] = {}
    for key in people[0]:
        if key in ("names", "end"):
            continue
        short = key.rsplit(".", 1)[-1]
        kind: Any = np.int32 if short in _INTEGERS else bool if short in _BOOLEANS else float
        if key in ("start", "start_row"):
            out[key] = np.asarray([p[key] for p in people], dtype=kind)
            continue
        changing = key.startswith(("changes.", "covariates.")) or key == "occasion"
        size = _length(key, max(len(p[key]) for p in people), changes if changing else room)
        array = np.zeros((len(people), size), dtype=kind)
        for n, p in enumerate(people):
            array[n, : len(p[key])] = p[key]
            array[n, len(p[key]) :] = _padding(key, p)
        out[key] = array
    return out


def _length(key: str, count: int, room: int) -> int:
    """The padded length of a group of columns; those that most tables do without have no room."""
    if not room or key.startswith(("resets.", "steady.")) or (key == "infusion" and not count) or count > _DOUBLED:
        return bucket(count)
    return max(room, 2 ** max(count - 1, 0).bit_length())


def _padding(key: str, p: dict[str, Any]) -> Any:
    """Padding does nothing, and lies where nothing can overflow."""
    if key == "infusion":
        return -1
    if key == "observations.time":
        return p["end"]
    if key == "observations.priority":
        return np.inf
    if key.startswith("covariates.") or key == "occasion":
        return p[key][-1]
    if key.endswith(".time") or key.endswith(".cancel"):
        return p["start"]
    return p["start_row"] if key == "observations.row" else 0


def _typical_stretch(model: Model, keys: dict[str, set[str]], dosed: set[tuple[int, float]]) -> float:
    """How much longer an infusion at steady state may become than its record says, where a parameter moves its end."""
    moved = any(r < 0 or (r > 0 and "F" in keys[model.compartments[c]]) for c, r in dosed)
    return 4.0 if moved else 1.0


def _overlaps(people: list[dict[str, Any]], stretch: float) -> int:
    """Slots for infusions of one steady state that run at a time: exact where given, else with room to spare."""
    most = 0
    for p in people:
        for dose, interval in zip(p["steady.dose"], p["steady.interval"], strict=True):
            rate, amount = p["doses.rate"][dose], p["doses.amount"][dose]
            if rate != 0 and interval > 0 and amount > 0:
                periods = amount / rate / interval if rate > 0 else 1.0
                most = max(most, int(np.ceil(periods * stretch)) + 1)
    return most
