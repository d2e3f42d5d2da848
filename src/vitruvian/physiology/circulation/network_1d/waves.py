"""What a clinician reads from a pulse wave: its foot, its augmentation, the central from the peripheral pressure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError

if TYPE_CHECKING:
    from vitruvian.physiology.circulation.network_1d.run import NetworkRun

Wave = Float[np.ndarray, " t"]
_HARMONICS = 20
_FINE = 4096


def _fine(wave: Wave, order: int = 0) -> Wave:
    """A period of the wave, or its derivative by phase (2π a period), at `_FINE` times, from its first harmonics."""
    spectrum = np.fft.rfft(wave) / len(wave)
    kept = min(_HARMONICS, (len(wave) - 1) // 2)
    full = np.zeros(_FINE // 2 + 1, complex)
    full[: kept + 1] = spectrum[: kept + 1] * (1j * np.arange(kept + 1)) ** order
    return np.fft.irfft(full * _FINE, _FINE)


def foot(t: Wave, wave: Wave, period: float) -> float:
    """Time of the foot, s: where the tangent of the steepest upstroke meets the level of the minimum before it.

    t: even, one period without its end.
    """
    if len(wave) < 16 or np.ptp(wave) == 0.0:
        raise DataError("a wave has no foot", got=f"{len(wave)} points", allowed="16 or more, not all equal")
    fine, slope = _fine(wave), _fine(wave, 1) * 2.0 * np.pi / period
    steep = int(np.argmax(slope))
    before = np.roll(fine, -steep - 1)[_FINE // 2 :]  # the half period that ends in the steepest point
    return float((t[0] + period * steep / _FINE - (fine[steep] - before.min()) / slope[steep]) % period)


def augmentation_index(t: Wave, pressure: Wave, period: float) -> float:
    """(late − early systolic peak)/pulse pressure; above 0 where the shoulder precedes the peak (types A and B).

    The shoulder is the inflection nearest the peak: between foot and peak the least slope of a rising limb, or, where
    none is there, the slowest fall after it within a third of the beat (type C, below 0).
    """
    fine, slope, bend = _fine(pressure), _fine(pressure, 1), _fine(pressure, 2)
    start = int((foot(t, pressure, period) - t[0]) / period * _FINE)
    fine, slope, bend = (np.roll(v, -start) for v in (fine, slope, bend))
    peak, pulse = int(np.argmax(fine)), float(np.ptp(fine))
    turns = np.flatnonzero((bend[:-1] < 0.0) & (bend[1:] >= 0.0))  # the slope's minima: a limb slows, then takes up
    early = [k for k in turns if np.argmax(slope) < k < peak]
    if early:
        return float((fine[peak] - fine[early[0]]) / pulse)
    late = np.flatnonzero((bend[:-1] >= 0.0) & (bend[1:] < 0.0))
    after = [k for k in late if peak < k < peak + _FINE // 3]
    if not after:
        return 0.0
    return float((fine[after[0]] - fine[peak]) / pulse)


def central_from_peripheral(run: NetworkRun, measured: Wave, *, central: str, peripheral: str) -> Wave:
    """The pressure at `central` (mmHg) of a person whose `peripheral` pressure was measured: evenly over one beat.

    By the ratio of harmonics that the network has between the two places (a transfer function of this anatomy, at
    its heart rate); harmonics that the simulated wave does not carry are left out.
    """
    if len(measured) < 32:
        raise DataError("a measured wave", got=f"{len(measured)} points", allowed="32 or more over one beat")

    def spectrum(text: str) -> Float[np.ndarray, " k"]:
        vessel, _, place = text.partition(":")
        wave = run.at(vessel, place or "middle").pressure
        return np.fft.rfft(wave) / len(wave)

    up, down, given = spectrum(central), spectrum(peripheral), np.fft.rfft(measured)
    count = min(len(given), len(down), _HARMONICS + 1)
    carried = np.abs(down[:count]) > 1e-3 * np.abs(down[1])
    found = np.zeros_like(given)
    found[:count][carried] = given[:count][carried] * up[:count][carried] / down[:count][carried]
    return np.fft.irfft(found, len(measured))
