"""Published networks against another solver's stored waves, and what is read from a wave.

network_reference.npz: middles of the vessels, last beat of 100 times, mmHg and mL/s, as INSIGNEO/openBF (Apache-2.0)
stores them for its own tests (test/ref_cca.jls, ref_ibif.jls, ref_adan56.jls).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError, UnknownNameError
from vitruvian.physiology.circulation.network_1d import (
    NETWORKS,
    Network,
    NetworkRun,
    augmentation_index,
    central_from_peripheral,
    foot,
    published,
    simulate_network,
)

STORED = np.load(Path(__file__).with_name("network_reference.npz"))
CAROTID = "common_carotid_artery"


def apart(run: NetworkRun, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Of each vessel: rms difference of pressure, and of flow, over the stored maximum."""
    when = STORED[f"{name}/seconds"] % run.period
    found = []
    for what in ("pressure", "flow"):
        one = []
        for vessel, stored in zip(STORED[f"{name}/vessels"], STORED[f"{name}/{what}"], strict=True):
            mine = np.interp(when, run.t, getattr(run.at(str(vessel)), what), period=run.period)
            one.append(np.sqrt(np.mean((mine - stored) ** 2)) / np.abs(stored).max())
        found.append(np.array(one))
    return found[0], found[1]


@pytest.fixture(scope="module")
def carotid() -> NetworkRun:
    return simulate_network(*published("common_carotid"))


def test_the_carotid_is_that_of_another_solver(carotid: NetworkRun) -> None:
    pressure, flow = apart(carotid, "common_carotid")
    assert pressure[0] < 0.003
    assert flow[0] < 0.003
    assert abs(carotid.volume_error) < 1e-12


@pytest.mark.slow
def test_the_aortic_bifurcation_is_that_of_another_solver() -> None:
    """1.2 %: the other stops at 1 mmHg a beat, before its mean pressure is inflow times resistance; this one is."""
    run = simulate_network(*published("aortic_bifurcation"), until=0.01)
    pressure, flow = apart(run, "aortic_bifurcation")
    assert pressure.max() < 0.014
    assert flow.max() < 0.006
    iliac = run.at("d1", "end")
    outlet = run.network.tube("d1").outlet
    assert outlet is not None
    assert outlet.R1 is not None
    assert outlet.R2 is not None
    resistance = (outlet.R1 + outlet.R2) * 1e-6 / 133.322387415
    assert iliac.pressure.mean() == pytest.approx(iliac.flow.mean() * resistance, rel=1e-3)


@pytest.mark.slow
def test_adan56_without_taper_is_that_of_another_solver() -> None:
    """That solver scales the taper by the length of a cell: its vessels are straight."""
    network, inflow = published("adan56")
    straight = Network(tuple(replace(tube, radius_distal=tube.radius_proximal) for tube in network.tubes))
    run = simulate_network(straight, inflow)
    pressure, flow = apart(run, "adan56")
    assert np.median(pressure) < 0.015
    assert pressure.max() < 0.025
    assert np.median(flow) < 0.025
    assert flow.max() < 0.06
    tapered = simulate_network(network, inflow)
    assert abs(tapered.volume_error) < 1e-9
    assert 4.0 < tapered.pulse_wave_velocity("aortic_arch_I:start", "femoral_R_I:end") < 8.0
    root, leg = tapered.at("aortic_arch_I", "start").pressure, tapered.at("femoral_R_I").pressure
    assert np.ptp(leg) > 1.2 * np.ptp(root)  # amplified on its way
    back = central_from_peripheral(tapered, leg, central="aortic_arch_I:start", peripheral="femoral_R_I")
    assert np.sqrt(np.mean((back - root) ** 2)) < 1.0


@pytest.mark.parametrize("name", NETWORKS)
def test_each_published_network_is_whole_and_has_its_source(name: str) -> None:
    network, (seconds, inflow) = published(name)
    assert NETWORKS[name].doi == "10.1002/cnm.2732"
    assert 0.9 < seconds[-1] < 1.2
    assert inflow.max() > 1e-6
    assert len(network.upstream(network.tubes[-1].name)) >= 1
    assert {"adan56": 77, "aortic_bifurcation": 3}.get(name, 1) == len(network.tubes)


def test_the_foot_travels_at_the_speed_of_the_wall_at_its_pressure(carotid: NetworkRun) -> None:
    """Reflections and the blood's own velocity shift it: within a tenth."""
    tube = carotid.network.tube(CAROTID)
    assert tube.thickness is not None
    area = carotid.at(CAROTID).area.min() * 1e-4
    stiffness = np.sqrt(np.pi) * tube.young * tube.thickness / (0.75 * np.pi * tube.radius_proximal**2)
    speed = np.sqrt(stiffness * np.sqrt(area) / (2.0 * 1060.0))
    carried = carotid.at(CAROTID).flow.min() / carotid.at(CAROTID).area.min() * 1e-2
    found = carotid.pulse_wave_velocity(f"{CAROTID}:start", f"{CAROTID}:end")
    assert found == pytest.approx(speed + carried, rel=0.1)


def test_the_foot_is_where_the_upstroke_begins_whatever_the_beat_starts_with() -> None:
    t = np.arange(400) / 400.0
    for delay in (0.2, 0.6, 0.9):
        phase = (t - delay) % 1.0
        wave = 80.0 + 40.0 * np.where(phase < 0.2, np.sin(0.5 * np.pi * phase / 0.2) ** 2, (1.0 - phase) / 0.8)
        assert foot(t, wave, 1.0) == pytest.approx((delay + 0.035) % 1.0, abs=0.02)


def test_a_late_second_peak_augments_and_an_early_one_does_not() -> None:
    t = np.arange(400) / 400.0

    def wave(late: float) -> np.ndarray:
        first, second = np.exp(-(((t - 0.15) / 0.06) ** 2)), np.exp(-(((t - 0.3) / 0.08) ** 2))
        return 80.0 + 30.0 * first + late * second

    assert augmentation_index(t, wave(45.0), 1.0) == pytest.approx(0.33, abs=0.08)
    assert augmentation_index(t, wave(18.0), 1.0) < 0.0


def test_the_central_pressure_comes_back_from_the_peripheral(carotid: NetworkRun) -> None:
    central, peripheral = f"{CAROTID}:start", f"{CAROTID}:end"
    true, measured = carotid.at(CAROTID, "start").pressure, carotid.at(CAROTID, "end").pressure
    found = central_from_peripheral(carotid, measured, central=central, peripheral=peripheral)
    assert np.abs(found - true).max() < 0.3
    higher = central_from_peripheral(carotid, measured + 20.0, central=central, peripheral=peripheral)
    assert higher.mean() == pytest.approx(true.mean() + 20.0 * true.mean() / measured.mean(), rel=1e-6)


def test_what_is_not_there_is_refused(carotid: NetworkRun) -> None:
    with pytest.raises(UnknownNameError, match="adan56"):
        published("adan")
    with pytest.raises(DataError, match="no such vessel"):
        carotid.at("aorta")
    with pytest.raises(DataError, match="start, middle, end"):
        carotid.at(CAROTID, "top")
    with pytest.raises(DataError, match="downstream"):
        carotid.pulse_wave_velocity(f"{CAROTID}:end", f"{CAROTID}:start")
