"""What if another drug were started or stopped now: the fit of the past stays, the future's clearance changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from vitruvian.core import UnknownNameError
from vitruvian.model.schedule import Course
from vitruvian.pharmacology.interactions import InteractionEffect, clearance_ratio, find_perpetrator
from vitruvian.pharmacology.interactions import Taken as Agent
from vitruvian.pharmacology.modifiers import Modifier, presence_of
from vitruvian.tables.codes import ATC, codes_of
from vitruvian.twin.answer import Answer, Message
from vitruvian.twin.answering import by_severity
from vitruvian.twin.calibrate import Fit
from vitruvian.twin.case import Case
from vitruvian.twin.draws import value_at
from vitruvian.twin.guard import refused
from vitruvian.twin.twin import Twin

_NAME = "what_if"
_NEGLIGIBLE = 0.01
"""Effects on the logarithm of clearance, and their uncertainty, below which a drug is said not to act."""
_STEPS = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
"""Half-lives after a start or stop at which the share of the effect is stepped."""


@dataclass(frozen=True)
class Change:
    """Drugs started now (with the single dose in mg, where it is known) and drugs stopped now."""

    start: tuple[tuple[str, float | None], ...] = ()
    stop: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.start or self.stop)


def changed(twin: Twin, change: Change, *, seed: int = 0) -> Twin:
    """A calibrated twin whose other drugs change at the moment asked about. Raises `UnknownNameError` for a drug."""
    found, case = twin, twin.case
    for name in change.stop:
        found = _stopped(found, name)
    if change.start:
        found = _started(found, change.start, [name for name, _ in case.active if name not in change.stop], seed)
    return found


def untouched(before: Twin, after: Twin) -> bool:
    """Whether what a change left of a calibrated twin is what it was: no drug of the change acts."""
    return all(one is other for one, other in zip(before.fits or (), after.fits or (), strict=True))


def as_before(answer: Answer, before: Twin, after: Twin) -> Answer | None:
    """The answer before a change that left the twin untouched, as it stands after it, without computing it again.

    `None` where nothing was recommended, or the guard says no to the change.
    """
    messages = by_severity((*after.checks(), *after.messages))
    if answer.refused or refused(messages):
        return None
    kept = [one for one in answer.reasons if one not in before.case.reasons]
    return replace(answer, messages=messages, reasons=(*kept, *after.case.reasons))


def _stopped(twin: Twin, name: str) -> Twin:
    case = twin.case
    if name not in [one for one, _ in case.active]:
        raise UnknownNameError(
            "the person takes no such drug", got=name, allowed=", ".join(one for one, _ in case.active) or "none"
        )
    effects = [e for e in case.effects if e.modifier.name == name]
    own: dict[str, Course] = {}
    if name.upper() in case.covariates:
        own[name.upper()] = _from(case.now, case.covariates[name.upper()], 0.0, None)
    acts = bool(effects or own)
    told = () if acts else (_acts_not(case, name, "stopping"),)
    text = f"{name} is stopped now." if acts else f"{name} is stopped now: no effect on {case.drug.name} is known."
    ends = [_from(case.now, effect.presence, 0.0, _half_life(case, name)) for effect in effects]
    fits = twin.fits
    if acts:
        fits = tuple(_with_courses(fit, own | _presences(case, fit, name, ends)) for fit in twin.fits or ())
    case = replace(
        case,
        active=tuple(one for one in case.active if one[0] != name),
        covariates={**case.covariates, **own},
        messages=(*case.messages, *told),
        reasons=(*(r for r in case.reasons if r not in [x for e in effects for x in e.reasons]), text),
    )
    return replace(twin, person=case, fits=fits)


def _presences(case: Case, fit: Fit, name: str, ends: Sequence[Course]) -> dict[str, Course]:
    """The courses of a drug's effects by the covariate under which a fit's model knows them."""
    mine = [k for k, effect in enumerate(case.acting(fit.model)) if effect.modifier.name == name]
    return {presence_of(k): course for k, course in zip(mine, ends, strict=True)} if mine else {}


def _started(twin: Twin, start: Sequence[tuple[str, float | None]], active: Sequence[str], seed: int) -> Twin:
    case = twin.case
    for name, _ in start:
        find_perpetrator(name)
    new = [Agent(name, dose) for name, dose in start]
    held = {
        name.upper()
        for name, _ in start
        if name.upper() in {c.name for f in twin.fits or () for c in f.model.covariates}
    }
    effect = _ratio(case, new, [name for name in active if _known(name)])
    alone = clearance_ratio(case.drug.name, new, route=_route(case))
    half_life = max((c.half_life_h for c in alone.time_courses), default=None)
    modifier = Modifier(_NAME, float(np.log(effect)), alone.log_sd, alone.reasons[0] if alone.reasons else "")
    presence = _from(case.now, 0.0, 1.0, half_life)
    named = " and ".join(name for name, _ in start)
    idle = not held and abs(np.log(effect)) < _NEGLIGIBLE and alone.log_sd < _NEGLIGIBLE
    told = (_acts_not(case, named, "starting"),) if idle else ()
    fits = twin.fits or ()
    change = f"{named} started now: no effect on {case.drug.name} is known."
    if not idle:
        fits = tuple(_with_effect(fit, modifier, presence, held, case.now, seed) for fit in fits)
        size = f"the clearance of {case.drug.name} by {effect:.2f}"
        change = f"{named} started now multiplies {size} when its effect is full."
    case = replace(
        case,
        active=(*case.active, *((name, _atc(name)) for name, _ in start)),
        covariates={**case.covariates, **{n: _from(case.now, 0.0, 1.0, None) for n in held if n in case.covariates}},
        messages=(*case.messages, *told),
        reasons=(*case.reasons, change, *alone.reasons),
    )
    return replace(twin, person=case, fits=fits)


def _acts_not(case: Case, name: str, what: str) -> Message:
    text = f"{name} is not known to act on {case.drug.name}: {what} it changes nothing in this answer."
    return Message("note", "drug-does-not-act", text, "Check other effects of the two by hand.")


def _ratio(case: Case, new: Sequence[Agent], active: Sequence[str]) -> float:
    """By how much the new drugs change clearance beside those taken already: two inhibitors of one enzyme do not
    multiply."""
    now = [Agent(name, None) for name in active]
    both = clearance_ratio(case.drug.name, [*now, *new], route=_route(case)).point
    return both / clearance_ratio(case.drug.name, now, route=_route(case)).point if now else both


def _with_effect(fit: Fit, modifier: Modifier, presence: Course, held: set[str], now: float, seed: int) -> Fit:
    """The future of a fit under one more effect; a model that knows the drug itself is told of it instead."""
    own = held & {c.name for c in fit.model.covariates}
    if own:
        return _with_courses(fit, {name: _from(now, 0.0, 1.0, None) for name in own})
    z = np.random.default_rng([seed, 7]).standard_normal((len(fit.draws.eta), 1))[:, 0]
    return replace(fit, draws=fit.draws.beside(modifier, presence, z))


def _with_courses(fit: Fit, courses: Mapping[str, Course]) -> Fit:
    given: Any = tuple({n: courses.get(n, v) for n, v in one.items()} for one in fit.draws.covariates)
    return replace(fit, draws=replace(fit.draws, covariates=given))


def _from(now: float, before: Course, after: float, half_life: float | None) -> Course:
    """A course that goes to `after` from `now` on: at once, or in steps of a first-order approach."""
    times, values = before if isinstance(before, tuple) else ((0.0,), (float(before),))
    past = [(t, v) for t, v in zip(times, values, strict=True) if t < now]
    start = value_at(before, now)
    if half_life is None:
        ahead = [(now, after)]
    else:
        shares = [1.0 - 0.5**k for k in _STEPS]
        mean = [(a + b) / 2 for a, b in zip(shares, [*shares[1:], 1.0], strict=True)]
        mean[-1] = 1.0
        ahead = [(now + k * half_life, start + (after - start) * s) for k, s in zip(_STEPS, mean, strict=True)]
    rows = [*past, *ahead]
    return tuple(t for t, _ in rows), tuple(v for _, v in rows)


def _half_life(case: Case, name: str) -> float | None:
    found: InteractionEffect = clearance_ratio(case.drug.name, [Agent(name, None)], route=_route(case))
    return max((c.half_life_h for c in found.time_courses), default=None)


def _known(name: str) -> bool:
    try:
        find_perpetrator(name)
    except UnknownNameError:
        return False
    return True


def _route(case: Case) -> str:
    return "oral" if case.route == "oral" else "iv"


def _atc(name: str) -> str:
    return next((code for system, code in codes_of(name) if system == ATC), "")
