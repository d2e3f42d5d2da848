"""What is usual, learned from a person's past in the record; and how often the watch would have called on it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from vitruvian.core import to_datetime
from vitruvian.twin.monitor.alert import Alert, Kind
from vitruvian.twin.monitor.rates import Rate
from vitruvian.twin.monitor.rules import RULES, Rule
from vitruvian.twin.monitor.usual import Usual, learned
from vitruvian.twin.monitor.watch import Watch, passed, sampled

if TYPE_CHECKING:
    from vitruvian.record import Patient

DAYS = 14
"""Days of the past that are looked at."""
_DAY_MS = 86_400_000
_LEARN = 2 / 3
_LEAST_DAYS = 2.0
"""Days of the past below which no rate is told."""
_USABLE = ("", "no_offset")


def usual_of(patient: Patient, signal: str, until_ms: int) -> Usual | None:
    """What is usual for a person up to a moment, from at most `DAYS`; None where too little is known.

    The rate of false alerts is of the last third of that time, with limits from the two thirds before it.
    """
    since = to_datetime(until_ms - DAYS * _DAY_MS)
    table = patient.samples(signal, since=since, until=to_datetime(until_ms))
    usable = table["flags"].is_in(_USABLE) & table["value"].is_not_null() & table["value"].is_finite()
    table = table.filter(usable).sort("start")
    if not table.height:
        return None
    at = table["start"].dt.epoch("ms").to_numpy()
    offset = table["offset"].drop_nulls() if "offset" in table.columns else None
    return usual_from(RULES[signal], at, table["value"].to_numpy(), int(offset[-1]) if offset is not None else 0)


def usual_from(rule: Rule, at: Int[np.ndarray, N], value: Float[np.ndarray, N], offset_min: int) -> Usual | None:
    """What is usual from N samples (ms, in order), with the rate of false alerts where the past is long enough."""
    whole = _learned(rule, at, value, offset_min)
    if whole is None or whole.days < _LEAST_DAYS:
        return whole
    cut = int(np.searchsorted(at, at[0] + round(_LEARN * (at[-1] - at[0]))))
    first = _learned(rule, at[:cut], value[:cut], offset_min)
    if first is None or _watched(first, at[cut:]) < (1 - _LEARN) * _LEAST_DAYS:
        return whole
    return replace(whole, rate=rate_on(rule, first, at[cut:], value[cut:]))


def rate_on(rule: Rule, usual: Usual, at: Int[np.ndarray, N], value: Float[np.ndarray, N]) -> Rate:
    """Alerts a day of a watch over samples of the past; time in which there was no signal is no time of watching."""
    alerts = [one.kind for one in replayed(Watch(rule, usual), zip(at.tolist(), value.tolist(), strict=True))]
    kinds: dict[str, int] = {}
    for kind in alerts:
        kinds[kind] = kinds.get(kind, 0) + 1
    return Rate(len(alerts), max(_watched(usual, at), 1e-3), kinds)


def _watched(usual: Usual, at: Int[np.ndarray, N]) -> float:
    """Days in which there was a signal."""
    return float(np.minimum(np.diff(at), usual.silence_ms).sum()) / _DAY_MS


def replayed(watch: Watch, samples: Iterable[tuple[int, float]], kinds: frozenset[Kind] | None = None) -> list[Alert]:
    """Alerts of a watch over samples as if each came at its own time."""
    found: list[Alert] = []
    for at, value in samples:
        watch, before = passed(watch, at)
        watch, _, events = sampled(watch, at, value, at)
        found += [one for one in (*before, *events) if isinstance(one, Alert) and (kinds is None or one.kind in kinds)]
    return found


def windowed(rule: Rule, at: Int[np.ndarray, N], value: Float[np.ndarray, N]) -> tuple[np.ndarray, np.ndarray]:
    """Ends (ms) and medians of the windows of N samples in order; of a rule without windows the samples themselves."""
    if not rule.window_ms:
        return at, value
    index = at // rule.window_ms
    places = np.flatnonzero(np.diff(index, prepend=index[0] - 1))
    medians = np.array([np.median(one) for one in np.split(value, places[1:])])
    return (index[places] + 1) * rule.window_ms, medians


def _learned(rule: Rule, at: Int[np.ndarray, N], value: Float[np.ndarray, N], offset_min: int) -> Usual | None:
    return learned(rule, *windowed(rule, at, value), offset_min, np.diff(at)) if len(at) > 1 else None
