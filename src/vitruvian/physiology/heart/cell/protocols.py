"""Pacing protocols: any list of stimulus times, an extra stimulus (S1–S2), restitution by it and by pacing faster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from vitruvian.core import InputError
from vitruvian.physiology.heart.cell.biomarkers import Biomarkers, Flags, flags
from vitruvian.physiology.heart.cell.cell import Cell, Stimulus
from vitruvian.physiology.heart.cell.course import Course
from vitruvian.physiology.heart.cell.pacing import LOOKED_AT, Paced, complete, placed, summed_up
from vitruvian.physiology.heart.cell.steps import Fineness

_NONE = Stimulus(0.0, 0.0)


class Stimulated(NamedTuple):
    """Cells under given stimuli: traces of all the time, and what each stimulus brought."""

    paced: Paced
    """`biomarkers` and `integrals` are of the last stimulus."""
    beats: tuple[Biomarkers, ...]
    """After each stimulus, until the next one or the end."""


class Restitution(NamedTuple):
    """Action potentials by how early they come; the first axis are the couplings (S1–S2) or cycle lengths."""

    coupling: np.ndarray
    """Interval from the stimulus before, ms."""
    diastolic: Any
    """Interval from the end of the action potential before (its APD90), ms."""
    apd90: Any
    """NaN where the stimulus brought no action potential."""
    slope: Any
    """Of APD90 over the diastolic interval, between neighbours: one row less."""
    flags: Flags
    """By coupling; after a single extra stimulus nothing alternates."""


def stimulated(
    cell: Cell,
    p: Mapping[str, Any],
    times: Sequence[float],
    end: float,
    *,
    y: Any = None,
    stimulus: Stimulus | None = None,
    integrals: Sequence[str] = (),
    fineness: Fineness = Fineness(),
) -> Stimulated:
    """Cells from 0 to `end` ms with stimuli at `times`: pauses, bursts, premature beats. Time before the first is kept.

    Raises `InputError` unless 0 ≤ times < end, at least a stimulus' duration apart.
    """
    pulse = stimulus or cell.stimulus
    at = np.asarray(times, float)
    if not len(at) or not at[0] >= 0.0 or not np.isfinite(end) or not np.all(np.diff([*at, end]) >= pulse.duration):
        rule = f"in order, from 0 to the end, at least {pulse.duration} ms apart"
        raise InputError("stimulus times", got=(*map(float, at), end), allowed=rule)
    p = complete(cell, p)
    course = Course(cell, p, placed(cell, y, p), fineness)
    wanted = tuple(integrals)
    before = [course.look(float(at[0]), _NONE, wanted)] if at[0] > 0.0 else []
    intervals = np.diff([*at, end])
    seen = [course.look(float(length), pulse, wanted) for length in intervals]
    paced = summed_up(course, p, [*before, *seen], len(before) + len(seen), len(seen))
    found = flags([one.abnormal for one in seen], [one.biomarkers.apd90 for one in seen])
    if not np.allclose(intervals, intervals[0]):  # uneven stimuli bring uneven beats: that is no alternans
        found = found._replace(alternans=jnp.zeros_like(found.alternans))
    return Stimulated(replace(paced, flags=found), tuple(one.biomarkers for one in seen))


def s1_s2(
    cell: Cell,
    p: Mapping[str, Any],
    couplings: Sequence[float],
    *,
    cycle_length: float = 1000.0,
    beats: int = 100,
    y: Any = None,
    stimulus: Stimulus | None = None,
    fineness: Fineness = Fineness(),
) -> Restitution:
    """S1–S2: `beats` stimuli `cycle_length` ms apart, then one extra stimulus at each of the `couplings`, ms.

    Every extra stimulus starts from the same paced cells. Raises `InputError` for couplings not above the stimulus.
    """
    pulse = stimulus or cell.stimulus
    given = [*couplings, cycle_length]
    if not len(couplings) or not all(pulse.duration < one < np.inf for one in given) or beats < 1:
        raise InputError("couplings", got=list(couplings), allowed=f"longer than the stimulus, {pulse.duration} ms")
    p = complete(cell, p)
    course = Course(cell, p, placed(cell, y, p), fineness)
    course.onward(cycle_length, pulse, beats - 1)
    before = course.branch().look(max(cycle_length, *couplings), pulse).biomarkers
    durations, named = [], []
    for coupling in couplings:
        branch = course.branch()
        branch.look(float(coupling), pulse)
        extra = branch.look(cycle_length, pulse)
        durations.append(extra.biomarkers.apd90)
        named.append(flags([extra.abnormal], [extra.biomarkers.apd90]))
    rests = [coupling - (before.apd90 + before.onset) for coupling in couplings]
    return _curve(couplings, rests, durations, named)


def dynamic_restitution(
    cell: Cell,
    p: Mapping[str, Any],
    cycle_lengths: Sequence[float],
    *,
    beats: int = 50,
    y: Any = None,
    stimulus: Stimulus | None = None,
    fineness: Fineness = Fineness(),
) -> Restitution:
    """Restitution by pacing: `beats` at each cycle length in turn, going on from the one before; the last is measured.

    Alternating cells show in the flags: four beats of each cycle length are compared.
    """
    pulse = stimulus or cell.stimulus
    long = all(pulse.duration < one < np.inf for one in cycle_lengths)
    if not len(cycle_lengths) or not long or beats < LOOKED_AT:
        rule = f"longer than the stimulus ({pulse.duration} ms), at least {LOOKED_AT} beats"
        raise InputError("dynamic restitution", got=(list(cycle_lengths), beats), allowed=rule)
    p = complete(cell, p)
    course = Course(cell, p, placed(cell, y, p), fineness)
    rests, durations, named = [], [], []
    for length in cycle_lengths:
        course.onward(float(length), pulse, beats - LOOKED_AT)
        seen = [course.look(float(length), pulse) for _ in range(LOOKED_AT)]
        marks = [one.biomarkers for one in seen]
        rests.append(length - (marks[-2].apd90 + marks[-2].onset))
        durations.append(marks[-1].apd90)
        named.append(flags([one.abnormal for one in seen], [one.apd90 for one in marks]))
    return _curve(cycle_lengths, rests, durations, named)


def _curve(coupling: Sequence[float], rests: list[Any], durations: list[Any], named: list[Flags]) -> Restitution:
    rest, apd90 = jnp.stack(rests), jnp.stack(durations)
    slope = jnp.diff(apd90, axis=0) / jnp.diff(rest, axis=0)
    found = Flags(*(jnp.stack(one) for one in zip(*named, strict=True)))
    return Restitution(np.asarray(coupling, float), rest, apd90, slope, found)
