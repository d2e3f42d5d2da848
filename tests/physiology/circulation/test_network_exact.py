"""The network of arteries against solutions that are known: pulse speed, reflection, steady and oscillating flow."""

from __future__ import annotations

import numpy as np
import pytest
from jaxtyping import Float
from scipy.special import jv

from vitruvian.physiology.circulation.network_1d import Network, NetworkRun, Outlet, Tube, simulate_network

OPEN = Outlet(reflection=0.0)
RHO, MU = 1060.0, 4e-3


def tube(name: str, start: str, end: str, **given: float | Outlet | None) -> Tube:
    radius = given.pop("radius", 1e-2)
    kept = {"length": 0.5, "young": 4e5, "thickness": 1e-3, **given}
    return Tube(name, start, end, radius_proximal=radius, radius_distal=radius, **kept)  # type: ignore[arg-type]


def moens_korteweg(one: Tube) -> float:
    """m/s, of an incompressible wall."""
    assert one.thickness is not None
    return float(np.sqrt(one.young * one.thickness / (2.0 * RHO * one.radius_proximal * 0.75)))


def admittance(one: Tube) -> float:
    return float(np.pi * one.radius_proximal**2 / (RHO * moens_korteweg(one)))


def pulse(period: float, width: float, at: float) -> tuple[Float[np.ndarray, " t"], Float[np.ndarray, " t"]]:
    t = np.linspace(0.0, period, 4001)
    return t, 1e-8 * np.exp(-(((t - at) / width) ** 2))


def test_a_pulse_travels_at_the_moens_korteweg_speed_and_errors_fall_with_the_square_of_the_cell() -> None:
    one = tube("a", "1", "2", outlet=OPEN)
    speed, errors = moens_korteweg(one), []
    for dx in (2e-2, 0.5e-2):
        t, q = pulse(0.4, 0.02, 0.1)
        run = simulate_network(Network((one,), viscosity=0.0), (t, q), dx=dx, beats=1)
        exact = np.interp(run.t - one.length / speed, t, q, left=0.0) / admittance(one) / 133.322387415
        found = run.at("a", "end").pressure
        errors.append(np.abs(found - exact).sum() / exact.sum())
        start, end = (np.sum(run.t * w) / np.sum(w) for w in (run.at("a", "start").pressure, found))
        assert one.length / (end - start) == pytest.approx(speed, rel=2e-3)
        assert abs(run.volume_error) < 1e-8
    assert errors[1] < 0.012
    assert np.log(errors[0] / errors[1]) / np.log(4.0) > 1.5


def test_a_branching_reflects_and_transmits_as_the_admittances_say() -> None:
    parent = tube("parent", "1", "2", length=1.0)
    wide, narrow = tube("wide", "2", "3", radius=7e-3, outlet=OPEN), tube("narrow", "2", "4", radius=5e-3, outlet=OPEN)
    run = simulate_network(
        Network((parent, wide, narrow), viscosity=0.0), pulse(0.5, 0.015, 0.06), dx=1e-2, beats=1, points=250
    )
    branches = admittance(wide) + admittance(narrow)
    reflection = (admittance(parent) - branches) / (admittance(parent) + branches)
    wave = run.at("parent").pressure  # goes by at 0.16 s, comes back at 0.36 s
    incident, reflected = wave[:130].sum(), wave[130:230].sum()
    assert reflected / incident == pytest.approx(reflection, rel=5e-3)
    assert run.at("wide").pressure.sum() / incident == pytest.approx(1.0 + reflection, rel=5e-3)
    apart = run.at("parent", "end").flow - run.at("wide", "start").flow - run.at("narrow", "start").flow
    assert np.abs(apart).max() < 1e-9 * np.abs(run.flow).max()


@pytest.mark.parametrize("profile", [2.0, 9.0])
def test_a_steady_flow_loses_what_poiseuille_says(profile: float) -> None:
    stiff = tube("a", "1", "2", length=0.3, radius=3e-3, young=1e8, thickness=2.9e-3, profile=profile,
                 outlet=Outlet(R1=1e8))  # fmt: skip
    steady = np.array([0.0, 0.05, 0.1]), np.full(3, 5e-6)
    run = simulate_network(Network((stiff,)), steady, dx=3e-2, until=1e-5, points=16)
    lost = (run.at("a", "start").pressure - run.at("a", "end").pressure)[-1] * 133.322387415
    poiseuille = 8.0 * MU * 0.3 * 5e-6 / (np.pi * 3e-3**4)
    assert lost == pytest.approx((profile + 2.0) / 4.0 * poiseuille, rel=1e-3)


def wavenumber(run: NetworkRun, length: float) -> complex:
    """Of the first harmonic, 1/m: p = a exp(−ikx) + b exp(ikx) at three places, whatever the outlet reflects."""
    start, middle, end = (np.fft.fft(run.at("a", place).pressure)[1] for place in ("start", "middle", "end"))
    return complex(2.0 / length * np.arccos((start + end) / (2.0 * middle)))


def oscillating(one: Tube, omega: float, viscosity: float) -> complex:
    t = np.linspace(0.0, 2.0 * np.pi / omega, 401)
    run = simulate_network(Network((one,), viscosity=viscosity), (t, 1e-10 * np.sin(omega * t)), dx=4e-2, beats=5,
                           until=1e-9, points=32)  # fmt: skip
    return wavenumber(run, one.length)


def test_an_oscillation_is_damped_as_womersley_says_where_his_number_is_small() -> None:
    """Womersley number 1.5: own linear solution to 0.2 %, Womersley's complex wave number to 5 %."""
    one = tube("a", "1", "2", length=1.0, radius=2e-3, young=2e5, thickness=2e-4, outlet=OPEN)
    nu, c = MU / RHO, moens_korteweg(one)
    omega = 1.5**2 * nu / 2e-3**2
    found = oscillating(one, omega, MU)
    own = omega / c * np.sqrt(1.0 - 8j * nu / 2e-3**2 / omega)
    root = 1j**1.5 * 1.5
    womersley = omega / c / np.sqrt(1.0 - 2.0 * jv(1, root) / (root * jv(0, root)))
    assert abs(found / own - 1.0) < 2e-3
    assert abs(found / womersley - 1.0) < 0.05


@pytest.mark.slow
def test_a_viscous_wall_damps_as_the_linear_theory_says() -> None:
    one = tube("a", "1", "2", length=1.0, radius=5e-3, wall_viscosity=1.0, outlet=OPEN)
    omega, c = 20.0, moens_korteweg(one)
    wall = np.sqrt(c**2 + 1j * omega * 1.0 / (RHO * np.sqrt(np.pi) * 5e-3))
    found = oscillating(one, omega, 0.0)
    assert abs(found / (omega / wall) - 1.0) < 5e-3
    assert found.imag < -0.01


def test_a_tapered_tube_at_rest_stays_at_rest() -> None:
    cone = Tube("a", "1", "2", 0.2, 1.2e-2, 4e-3, 4e5, None, outlet=Outlet(R1=1e8))
    run = simulate_network(Network((cone,)), (np.array([0.0, 0.05, 0.1]), np.zeros(3)), dx=2e-2, points=16, start=0.0)
    assert np.abs(run.pressure).max() < 1e-9
    assert np.abs(run.flow).max() < 1e-9
