"""What is wrong with a beat is named where it truly happens, and only there; protocols; voltage clamp."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import InputError
from vitruvian.physiology.heart import Hold, cell, clamp, dynamic_restitution, pace, s1_s2, stimulated
from vitruvian.physiology.heart.cell.biomarkers import measured

EPI = cell("ten_tusscher_2006", "epi")
T = np.linspace(0.0, 1000.0, 4001)


def shaped(*points: tuple[float, float]) -> np.ndarray:
    """A voltage by straight lines between points (ms, mV)."""
    return np.interp(T, *zip(*points, strict=True))


NORMAL = ((0, -85), (1, -60), (2, 30), (10, 20), (30, 25), (250, 0), (300, -70), (330, -85), (1000, -85))
EARLY = ((0, -85), (1, -60), (2, 30), (200, 0), (300, -20), (350, 5), (450, -85), (1000, -85))
TRIGGERED = ((0, -85), (1, -60), (2, 30), (250, 0), (330, -85), (600, -85), (602, 20), (800, -85), (1000, -85))
FAILED = ((0, -85), (1, -60), (2, 30), (1000, -20))
LOST = ((0, -85), (1, -60), (30, -85), (1000, -85))
STUCK = ((0, -20), (1, 30), (50, 0), (1000, -20))


@pytest.mark.parametrize(
    ("points", "named"),
    [
        (NORMAL, ()),
        (EARLY, ("ead",)),
        (TRIGGERED, ("triggered",)),
        (FAILED, ("failed",)),
        (LOST, ("lost",)),
        (STUCK, ("failed",)),
    ],
    ids=["normal", "early", "triggered", "failed", "lost", "stuck"],
)
def test_a_drawn_beat_is_named(points: tuple[tuple[float, float], ...], named: tuple[str, ...]) -> None:
    found, abnormal = measured(T, shaped(*points), np.zeros_like(T))
    assert tuple(n for n, yes in zip(("ead", "triggered", "failed", "lost"), abnormal, strict=True) if yes) == named
    assert np.isnan(float(found.apd90)) == bool({"failed", "lost"} & set(named))


def test_a_drawn_beat_is_measured() -> None:
    """By hand: steepest from 1 to 2 ms; half and nine tenths of 115 mV down from 30 mV at −27.5 and −73.5 mV."""
    found, _ = measured(T, shaped(*NORMAL), shaped((0, 1e-4), (5, 1e-4), (25, 9e-4), (425, 1e-4), (1000, 1e-4)))
    assert float(found.apd50) == pytest.approx(250 + 50 * 27.5 / 70 - 1.5, abs=0.3)
    assert float(found.apd90) == pytest.approx(300 + 30 * 3.5 / 15 - 1.5, abs=0.3)
    assert float(found.upstroke) == pytest.approx(90.0, rel=0.1)  # a parabola over corners
    assert float(found.calcium_amplitude) == pytest.approx(8e-4)
    assert float(found.calcium_duration90 - found.calcium_duration50) == pytest.approx(160.0, abs=0.1)


def test_fast_pacing_makes_cells_alternate_and_slow_pacing_does_not() -> None:
    lengths = [600.0, 400.0, 300.0, 270.0, 250.0, 240.0]
    curve = dynamic_restitution(EPI, {}, lengths, beats=30)
    assert curve.flags.alternans.tolist() == [False] * 4 + [True, False]
    assert curve.flags.failed_repolarisation.tolist() == [False] * 5 + [True]
    assert np.all(np.diff(curve.apd90[:5]) < 0.0)
    assert np.isnan(float(curve.apd90[5]))
    assert np.asarray(curve.diastolic[:2] + curve.apd90[:2]) == pytest.approx([600.0, 400.0], abs=3.0)


def test_a_premature_beat_is_shorter_and_a_too_early_one_is_none() -> None:
    curve = s1_s2(EPI, {}, [250.0, 400.0, 600.0, 1000.0], beats=5)
    assert curve.flags.failed_repolarisation.tolist() == [True, False, False, False]
    assert np.isnan(float(curve.apd90[0]))
    assert np.all(np.diff(curve.apd90[1:]) > 0.0)
    assert not np.any(curve.flags.alternans)


def test_stimuli_come_when_they_are_told_to() -> None:
    found = stimulated(EPI, {}, [100.0, 1100.0, 1500.0], 2500.0)
    upstrokes = found.paced.t[1:][np.diff(np.asarray(found.paced.V)) / np.diff(found.paced.t) > 100.0]
    groups = np.split(upstrokes, np.flatnonzero(np.diff(upstrokes) > 10.0) + 1)
    assert [round(float(g[0]) - at) for g, at in zip(groups, (100.0, 1100.0, 1500.0), strict=True)] == [1, 1, 1]
    assert float(found.beats[2].apd90) < float(found.beats[1].apd90)
    assert not bool(found.paced.flags.alternans)


@pytest.mark.parametrize("times", [[], [-1.0], [10.0, 10.5], [5.0, 3.0], [3000.0]])
def test_stimuli_out_of_order_are_refused(times: list[float]) -> None:
    with pytest.raises(InputError):
        stimulated(EPI, {}, times, 2000.0)


def test_a_clamped_cell_passes_the_current_of_its_steady_gates() -> None:
    """Held long enough, IKr is g·√(Ko/5.4)·xr1∞·xr2∞·(V − EK) by the paper's formulas."""
    found = clamp(EPI, {}, [Hold(-80.0, 50.0), Hold(0.0, 4000.0)], fixed=("Ki", "Nai", "Cai", "CaSR", "Cass"), dt=0.5)
    xr1, xr2 = 1.0 / (1.0 + np.exp(-26.0 / 7.0)), 1.0 / (1.0 + np.exp(88.0 / 24.0))
    reversal = 8314.472 * 310.0 / 96485.3415 * np.log(5.4 / EPI.start().Ki)
    assert float(found.currents["IKr"][-1]) == pytest.approx(0.153 * xr1 * xr2 * (0.0 - reversal), rel=1e-6)
    assert float(found.y.Ki) == EPI.start().Ki
    assert found.V[0] == -80.0


def test_a_ramp_goes_from_one_voltage_to_another() -> None:
    found = clamp(EPI, {}, [Hold(-100.0, 4050.0, onto=50.0)], dt=0.5)
    assert found.V[0] == pytest.approx(-100.0, abs=0.05)
    assert np.all(np.diff(found.V) > 0.0)


@pytest.mark.parametrize("protocol", [[], [Hold(-80.0, 0.0)]])
def test_a_protocol_of_no_time_is_refused(protocol: list[Hold]) -> None:
    with pytest.raises(InputError):
        clamp(EPI, {}, protocol)


@pytest.mark.slow
def test_cells_almost_without_ikr_have_early_afterdepolarisations() -> None:
    """O'Hara–Rudy at 0.5 Hz: without nine tenths of IKr it is long; with almost none it afterdepolarises."""
    share = np.array([1.0, 0.3, 0.1, 0.05, 0.0])
    found = pace(cell("ohara_rudy_2011"), {"scale_IKr": share}, cycle_length=2000.0, beats=10)
    assert np.asarray(found.flags.ead).tolist() == [False, False, False, True, True]
    assert bool(found.flags.failed_repolarisation[-1])
    assert not bool(np.any(np.asarray(found.flags.any)[:3]))
