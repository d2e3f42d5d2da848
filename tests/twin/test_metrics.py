"""Metrics against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from vitruvian.core import InputError, Source
from vitruvian.pharmacology import Target
from vitruvian.twin.metrics import limits, metric, time_above
from vitruvian.twin.window import window

SOURCE = Source("closed form", status="primary")
AUC = Target("auc", "auc24", 0, 1, "mg.h/L", SOURCE)


def oral(t, ka=1.3, k=0.11):
    return ka / (ka - k) * (np.exp(-k * t) - np.exp(-ka * t))


def area(t, ka=1.3, k=0.11):
    return ka / (ka - k) * ((1 - np.exp(-k * t)) / k - (1 - np.exp(-ka * t)) / ka)


@pytest.mark.parametrize("tau", [4.0, 8.0, 12.0, 24.0, 48.0, 336.0])
def test_auc_of_an_oral_dose(tau):
    where = window(0.0, tau, [0.0])
    assert metric(replace(AUC, metric="cumulative_auc"), where, oral(where.time)) == pytest.approx(area(tau), rel=2e-6)
    assert metric(AUC, where, oral(where.time)) == pytest.approx(area(tau) * 24 / tau, rel=2e-6)
    assert metric(replace(AUC, metric="average"), where, oral(where.time)) == pytest.approx(area(tau) / tau, rel=2e-6)


def test_auc_of_infusions_with_kinks_at_their_ends():
    k, length, rate = 0.3, 2.0, 5.0

    def curve(t):
        during = rate / k * (1 - np.exp(-k * np.minimum(t, length)))
        return during * np.exp(-k * np.maximum(t - length, 0))

    where = window(0.0, 12.0, [0.0, length])
    exact = rate / k * (length - (1 - np.exp(-k * length)) / k) + curve(length) * (1 - np.exp(-k * 10)) / k
    assert metric(replace(AUC, metric="cumulative_auc"), where, curve(where.time)) == pytest.approx(exact, rel=1e-7)


def test_trough_is_the_last_moment_before_the_next_dose():
    where = window(0.0, 12.0, [0.0])
    assert metric(replace(AUC, metric="trough"), where, oral(where.time)) == pytest.approx(oral(12.0), rel=1e-5)


@pytest.mark.parametrize("tau", [8.0, 24.0])
def test_time_above_of_a_decaying_bolus(tau):
    where = window(0.0, tau, [0.0])
    curve = 10 * np.exp(-0.3 * where.time)
    # the periodic opening is a jump: the curve starts at its peak, so only the first node's width is uncertain
    expected = 100 * np.log(10 / 2) / 0.3 / tau
    assert time_above(where, curve, 2.0) == pytest.approx(expected, abs=0.6)


def test_limits_are_multiples_of_the_mic():
    target = replace(AUC, per_mic=True, mic=2.0, low=400, high=600)
    assert limits(target) == (800, 1200)
    with pytest.raises(InputError, match="MIC"):
        limits(replace(target, mic=None))


def test_batches_keep_their_shape():
    where = window(0.0, 12.0, [0.0])
    curves = np.broadcast_to(oral(where.time), (3, 4, where.time.size))
    assert metric(AUC, where, curves).shape == (3, 4)


def test_unbound_fraction_scales_first():
    where = window(0.0, 12.0, [0.0])
    whole = metric(AUC, where, oral(where.time))
    assert metric(replace(AUC, unbound=0.1), where, oral(where.time)) == pytest.approx(0.1 * whole)
