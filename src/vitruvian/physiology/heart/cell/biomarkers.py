"""What is measured on an action potential and a calcium transient; what is wrong with a beat: named, never ranked."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

CAPTURED = 50.0  # mV above the voltage before the stimulus that an action potential reaches at least
_REACHED = -20.0  # mV that it reaches besides: a strong stimulus alone lifts a resting cell by 50 mV
_DEPOLARISED = -40.0  # mV at the stimulus: no rest, but a beat before that has not ended
_ONSET = 100.0  # ms after the stimulus within which it begins
_RISE = 2.0  # mV that the voltage rises again in an early afterdepolarisation
_SETTLED = 100.0  # ms after the upstroke until which spike and dome are no afterdepolarisation
_ALTERNATING = 5.0  # ms between durations of consecutive beats


class Biomarkers(NamedTuple):
    """Of one beat, per cell; NaN where the beat does not have it. Durations count from the steepest upstroke."""

    apd40: Any  # ms
    apd50: Any  # ms
    apd90: Any  # ms
    triangulation: Any  # APD90 − APD50, ms
    peak: Any  # mV
    rest: Any  # before the stimulus, mV
    upstroke: Any  # steepest, mV/ms
    onset: Any  # of the steepest upstroke after the stimulus, ms
    calcium_rest: Any  # before the stimulus, mM
    calcium_peak: Any  # mM
    calcium_amplitude: Any  # mM
    calcium_duration50: Any  # ms, from the steepest rise
    calcium_duration90: Any  # ms


class Flags(NamedTuple):
    """What happened to each cell in any of the beats that were looked at."""

    ead: Any
    """The voltage rose again before the cell had repolarised (early afterdepolarisation)."""
    triggered: Any
    """A further action potential came after repolarisation, without a stimulus."""
    failed_repolarisation: Any
    """The cell had not repolarised by 90 % when the next stimulus was due, or was depolarised at its own."""
    no_capture: Any
    """The stimulus brought no action potential of a cell at rest."""
    alternans: Any
    """Durations of consecutive beats differ by more than 5 ms."""

    @property
    def any(self) -> Any:
        """Whether anything happened."""
        return self.ead | self.triggered | self.failed_repolarisation | self.no_capture | self.alternans


def biomarkers(t: Any, v: Any, calcium: Any) -> Biomarkers:
    """Of one beat from its stimulus to the next: `t` (T,) ms, `v` and `calcium` (T, …); differentiable."""
    onset, upstroke = _steepest(t, v, _ONSET)
    rest, top = v[0], jnp.max(v, axis=0)
    captured = _captured(rest, top)
    apd40, apd50, apd90 = (jnp.where(captured, _fallen(t, v, share) - onset, jnp.nan) for share in (0.4, 0.5, 0.9))
    begun, _ = _steepest(t, calcium, _ONSET)
    height = jnp.max(calcium, axis=0) - calcium[0]
    moving = height > 1e-6  # mM; a model without calcium has none
    lasting = [jnp.where(moving, _fallen(t, calcium, share) - begun, jnp.nan) for share in (0.5, 0.9)]
    return Biomarkers(
        apd40,
        apd50,
        apd90,
        apd90 - apd50,
        top,
        rest,
        upstroke,
        onset,
        calcium[0],
        calcium[0] + height,
        height,
        *lasting,
    )


def abnormalities(t: Any, v: Any) -> tuple[Any, Any, Any, Any]:
    """Early afterdepolarisation, triggered beat, failed repolarisation and no capture of one beat."""
    found = biomarkers(t, v, v)
    clock = _column(t, v)
    captured = _captured(found.rest, found.peak)
    level = found.peak - 0.9 * (found.peak - found.rest)
    ended = jnp.where(jnp.isnan(found.apd90), jnp.inf, found.apd90 + found.onset)
    plateau = (clock > found.onset + _SETTLED) & (clock <= ended)
    lowest = jax.lax.cummin(jnp.where(plateau, v, jnp.inf))
    risen = jnp.max(jnp.where(plateau, v - lowest, 0.0), axis=0)
    above = (clock > ended) & (v > found.peak - 0.5 * (found.peak - found.rest))
    depolarised = found.rest > _DEPOLARISED
    failed = depolarised | (captured & (v[-1] > level))
    return captured & (risen > _RISE), captured & above.any(axis=0), failed, ~captured & ~depolarised


@jax.jit
def measured(t: Any, v: Any, calcium: Any) -> tuple[Biomarkers, tuple[Any, Any, Any, Any]]:
    """Biomarkers and abnormalities of one beat."""
    return biomarkers(t, v, calcium), abnormalities(t, v)


def flags(each: list[tuple[Any, Any, Any, Any]], apd90: list[Any]) -> Flags:
    """Flags of consecutive beats from their abnormalities and durations."""
    ead, triggered, failed, lost = (jnp.stack(one).any(axis=0) for one in zip(*each, strict=True))
    durations = jnp.stack(apd90)
    steps = jnp.abs(jnp.diff(durations, axis=0))
    one_lost = jnp.any(jnp.isnan(durations[1:]) != jnp.isnan(durations[:-1]), axis=0)
    return Flags(ead, triggered, failed, lost, jnp.any(steps > _ALTERNATING, axis=0) | one_lost)


def _captured(rest: Any, top: Any) -> Any:
    return (top - rest >= CAPTURED) & (top > _REACHED) & (rest <= _DEPOLARISED)


def _steepest(t: Any, x: Any, until: float) -> tuple[Any, Any]:
    """Time and size of the steepest rise, by the parabola through the steepest step and its neighbours."""
    dt = jnp.diff(t)
    slope = jnp.diff(x, axis=0) / _column(jnp.where(dt > 0.0, dt, 1.0), x)
    middle = 0.5 * (t[1:] + t[:-1])
    at = jnp.argmax(jnp.where(_column(middle <= until, x), slope, -jnp.inf), axis=0)
    at = jnp.clip(at, 1, slope.shape[0] - 2)
    low, mid, high = (_taken(slope, at + k) for k in (-1, 0, 1))
    left, right = middle[at] - middle[at - 1], middle[at + 1] - middle[at]
    bend = ((high - mid) / right - (mid - low) / left) / (left + right)
    tilt = (mid - low) / left + bend * left
    bent = bend < -1e-12
    shift = jnp.where(bent, -tilt / (2.0 * jnp.where(bent, bend, -1.0)), 0.0)
    shift = jnp.clip(shift, -0.5 * left, 0.5 * right)
    return middle[at] + shift, mid + shift * (tilt + bend * shift)


def _fallen(t: Any, x: Any, share: float) -> Any:
    """When `x` has first fallen from its peak by this share of its height above its first value; NaN if never."""
    top = jnp.max(x, axis=0)
    level = top - share * (top - x[0])
    peak = jnp.argmax(x, axis=0)
    rows = _column(jnp.arange(x.shape[0]), x)
    below = (x <= level) & (rows > peak)
    after = jnp.argmax(below, axis=0)
    before = jnp.maximum(after - 1, 0)
    high, low = _taken(x, before), _taken(x, after)
    part = (high - level) / jnp.where(high > low, high - low, 1.0)
    return jnp.where(below.any(axis=0), t[before] + part * (t[after] - t[before]), jnp.nan)


def _column(x: Any, like: Any) -> Any:
    return x.reshape((-1,) + (1,) * (like.ndim - 1))


def _taken(x: Any, at: Any) -> Any:
    return jnp.take_along_axis(x, at[None], axis=0)[0]
