"""A cell that stays depolarised has failed to repolarise; it is not one that its stimulus does not reach."""

from __future__ import annotations

import numpy as np

from vitruvian.physiology.heart.cell.biomarkers import measured

T = np.linspace(0.0, 1000.0, 501)


def beat(rest: float, height: float, end: float) -> np.ndarray:
    """An action potential of a smooth upstroke 5 ms after the stimulus and a decline about `end` ms."""
    return rest + height / (1.0 + np.exp(5.0 - T)) / (1.0 + np.exp((T - end) / 20.0))


def test_what_a_beat_without_action_potential_is_called() -> None:
    v = np.stack(
        [beat(-88.0, 125.0, 300.0), beat(-5.0, 15.0, 300.0), beat(-104.0, 40.0, 50.0), beat(-86.0, 52.0, 50.0)], axis=1
    )
    _, (ead, triggered, failed, lost) = measured(T, v, v)
    assert failed.tolist() == [False, True, False, False]
    assert lost.tolist() == [False, False, True, True]
    assert not ead.any()
    assert not triggered.any()
