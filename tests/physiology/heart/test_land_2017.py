"""Land 2017 against the crossbridge package's transcription, at rest, when stretched, and behind a paced cell."""

from __future__ import annotations

from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.core import InputError
from vitruvian.physiology.heart.cell import BEHIND_A_CELL, LAND_2017, SKINNED, Sarcomere, cell, contraction, pace
from vitruvian.physiology.heart.cell.land_2017 import State

TABLE = np.load(Path(__file__).parent / "land_2017.npz")
T = np.linspace(0.0, 1000.0, 501)
TWITCH = 1e-3 * (0.09 + 1.3 * (np.exp(-T / 110.0) - np.exp(-T / 20.0)))  # mM, as in an intact cell


def test_equations() -> None:
    """`oracle_land.py` says where the numbers are from."""
    for skinned in (False, True):
        chosen = TABLE["skinned"] == skinned
        p = LAND_2017.typical | (dict(SKINNED) if skinned else {})
        y, u = State(*TABLE["rows"][chosen].T[:7]), Sarcomere(*TABLE["rows"][chosen].T[7:])
        np.testing.assert_allclose(np.array(LAND_2017.slope(y, u, p)).T, TABLE["slopes"][chosen], rtol=1e-8, atol=1e-12)
        felt = LAND_2017.tension(y, u, p)
        np.testing.assert_allclose(
            np.stack([felt["active"], felt["passive"]], axis=1), TABLE["tensions"][chosen], rtol=1e-8
        )


def test_its_authors_point() -> None:
    """Intact muscle, as the authors' own program evaluates it (four digits, in SimVascular's tests)."""
    y = State(0.2609, 0.8900, 0.0444, 0.0052, 0.0, 0.0, 0.0)
    found = LAND_2017.slope(y, Sarcomere(0.504e-3, 1.0, 0.1), LAND_2017.typical)
    expected = (0.0029, -0.0066, 0.0029, 0.0004, 1.0, 1.0, 0.0)
    assert tuple(map(float, found)) == pytest.approx(expected, abs=1e-4)


def test_full_activation_is_the_reference_tension() -> None:
    """But for the share TRPN50^nTm that tropomyosin still blocks when all troponin holds calcium."""
    found = contraction([0.0, 500.0], [1.0, 1.0], beats=3)
    assert float(found.active[-1]) == pytest.approx(120.0 / (1.0 + 0.35**5), rel=1e-4)


def test_longer_muscle_pulls_harder_and_relaxes() -> None:
    """Frank and Starling; half of a twitch's tension is gone well within the beat."""
    twitch = np.repeat(TWITCH[:, None], 2, axis=1)
    short, long = (contraction(T, twitch, stretch=stretch) for stretch in (1.0, 1.1))
    assert bool(jnp.all(long.peak > 1.3 * short.peak))
    assert bool(jnp.all(short.rest < 0.1 * short.peak))
    assert 100.0 < float(short.time_to_peak[0]) < 250.0
    assert float(long.passive[0, 0]) > 1.0 > 1e-9 > abs(float(short.passive[0, 0]))


def test_a_quick_release_costs_more_than_its_length() -> None:
    """Crossbridges that shortening has distorted pull less than those that were at the shorter length all along."""
    release = np.interp(T, [150.0, 154.0, 900.0, 1000.0], [1.0, 0.97, 0.97, 1.0])
    released, held = contraction(T, TWITCH, stretch=release), contraction(T, TWITCH, stretch=0.97)
    assert float(released.active[308]) < 0.9 * float(held.active[308])
    assert float(released.active[800]) == pytest.approx(float(held.active[800]), abs=0.5)


@pytest.mark.slow
def test_a_paced_cell_contracts() -> None:
    """Its calcium is all that is needed; more calcium, more force."""
    paced = pace(cell("ohara_rudy_2011"), {"scale_Jup": np.array([1.0, 1.3])}, beats=50)
    found = contraction(paced.t, paced.calcium, p=BEHIND_A_CELL)
    assert bool(jnp.all(found.rest < 0.05 * found.peak))
    assert 5.0 < float(found.peak[0]) < 20.0
    assert float(found.peak[1]) > 1.5 * float(found.peak[0])
    assert 140.0 < float(found.time_to_peak[0]) < 200.0


def test_bad_input_is_refused() -> None:
    with pytest.raises(InputError, match="rising"):
        contraction([0.0, 2.0, 1.0], [1e-4] * 3)
    with pytest.raises(InputError, match="below zero"):
        contraction([0.0, 1.0], [1e-4, -1e-4])
