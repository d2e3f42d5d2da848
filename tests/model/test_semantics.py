"""The meaning of records, rule by rule, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from event_models import EveryEvent, compartments
from random_tables import random_subject
from test_events_golden import MODEL as NM
from test_events_golden import subject

from vitruvian.core import DataError, SolveError, UnsupportedError
from vitruvian.model import Adaptive, compile_events, oral, simulate

PLAIN = {"LAG": 0, "F": 1, "DUR": 2, "RATE": 10, "WT": 70}


def curve(records, seen, covariates=PLAIN):
    s = subject("1", records, seen, {**PLAIN, **covariates})
    table = compile_events(NM, [s])
    return simulate(NM, table)[0][np.asarray(table.exists[0]), 0]


def test_additional_doses_come_before_an_observation_of_their_time_and_records_in_file_order():
    bolus = [0, 1, 100, 2, 0, 24, 1, 0]
    first, after = curve([bolus], [0.0, 24.0])
    k = 1.1 / 20
    np.testing.assert_allclose([first, after], [5000.0, 5000 * (1 + np.exp(-24 * k))], rtol=1e-12)
    # an observation written before the dose of its own time does not see it
    s = subject("1", [[0, 1, 100, 2, 0, 0, 0, 0], [24, 1, 100, 2, 0, 0, 0, 0]], [24.0], PLAIN)
    swap = [0, 2, 1]
    s = replace(s, **{n: getattr(s, n)[swap] for n in ("evid", "amt", "cmt", "time")})
    table = compile_events(NM, [s])
    assert simulate(NM, table)[0, 0, 0] == pytest.approx(5000 * np.exp(-24 * k), rel=1e-12)


def test_lagged_arrival_comes_before_an_observation_of_its_time():
    (found,) = curve([[0, 1, 100, 2, 0, 0, 0, 0]], [5.0], {"LAG": 5})
    assert found == pytest.approx(5000.0, rel=1e-12)


def test_reset_cancels_pending_doses_running_infusions_and_lagged_arrivals():
    seen = [30.0, 40.0, 60.0]
    infusing = [[0, 1, 480, 2, 0, 24, 3, 10], [25, 3, 0, 2, 0, 0, 0, 0]]
    assert np.all(curve(infusing, seen) == 0)
    lagged = [[20, 1, 100, 2, 0, 0, 0, 0], [25, 3, 0, 2, 0, 0, 0, 0]]
    assert np.all(curve(lagged, seen, {"LAG": 6}) == 0)
    assert np.all(curve(lagged[:1], seen, {"LAG": 6}) > 0)


def test_steady_state_one_replaces_and_two_adds():
    before = [0, 1, 77, 2, 0, 0, 0, 0]
    alone = curve([[10, 1, 100, 2, 1, 12, 0, 0]], [11.0, 20.0])
    np.testing.assert_allclose(curve([before, [10, 1, 100, 2, 1, 12, 0, 0]], [11.0, 20.0]), alone, rtol=1e-12)
    added = curve([before, [10, 1, 100, 2, 2, 12, 0, 0]], [11.0, 20.0])
    np.testing.assert_allclose(added - alone, curve([before], [11.0, 20.0]), rtol=1e-9)


def test_steady_state_of_overlapping_infusions_has_the_average_rate_and_stays():
    # 480 over 48 h every 12 h: four run at a time, 40 per hour; flat until one ends unrenewed
    flat = curve([[0, 1, 480, 2, 1, 12, 0, 10]], [0.0, 5.0, 11.9, 13.0])
    np.testing.assert_allclose(flat[:3], 40 / 1.1 * 1000, rtol=1e-10)
    assert flat[3] < flat[2]


def test_constant_infusion_at_steady_state_stops_at_the_record():
    at, later = curve([[0, 1, 0, 2, 1, 0, 0, 10]], [0.0, 10.0])
    np.testing.assert_allclose([at, later], 10 / 1.1 * 1000 * np.exp([0.0, -10 * 1.1 / 20]), rtol=1e-10)


def test_slow_drug_at_steady_state_is_exact():
    model = compartments(0, None, {"CL": 1e-3, "VC": 50.0})
    s = oral("", 10, "mg", every="24 h", count=1, steady_state=True, route="iv").to_subject(model, [0.0])
    found = simulate(model, compile_events(model, [s]))[0, 0, 0]
    k = 1e-3 / 50
    assert found == pytest.approx(10 / 50 / -np.expm1(-24 * k), rel=1e-10)


@pytest.mark.slow
def test_nonlinear_steady_state_repeats_itself():
    from event_models import Saturable

    model = Saturable()
    s = random_subject(0)
    keep = slice(0, 3)
    names = ("time", "evid", "amt", "rate", "ii", "addl", "ss", "cmt", "dv", "mdv", "output", "censored", "limit")
    s = replace(s, **{n: getattr(s, n)[keep] for n in (*names, "occasion")})
    s = replace(
        s, time=np.array([0.0, 7.99999, 8.0]), evid=np.array([1, 0, 0]), amt=np.array([40.0, 0, 0]),
        rate=np.zeros(3), ii=np.array([8.0, 0, 0]), addl=np.array([1, 0, 0]), ss=np.array([1, 0, 0]),
        cmt=np.array([2, 0, 0]), covariates={k: np.full(3, v[0]) for k, v in s.covariates.items()},
    )  # fmt: skip
    for k, v in {"WT": 70.0, "F2": 1.0, "L2": 0.0}.items():
        s.covariates[k][:] = v
    table = compile_events(model, [s], rows="all")
    found = simulate(model, table, solver=Adaptive(1e-10, 1e-10))[0, :3, 1]
    np.testing.assert_allclose(found[2], found[0], rtol=1e-6)
    np.testing.assert_allclose(found[1], found[0] - 40, rtol=1e-5)


REFUSED = {
    "negative CMT": (UnsupportedError, {"cmt": -1}),
    "CMT of a dose": (DataError, {"cmt": 9}),
    "EVID": (DataError, {"evid": 7}),
    "AMT": (DataError, {"amt": -5.0}),
    "RATE": (DataError, {"rate": -3.0}),
    "II with ADDL": (DataError, {"addl": 2, "ii": 0.0}),
    "II with SS": (DataError, {"ss": 1, "ii": 0.0}),
    "AMT 0 with RATE": (DataError, {"amt": 0.0, "rate": 5.0}),
    "TIME": (DataError, {"time": 99.0}),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_makes_no_sense_is_refused_by_name(what):
    error, change = REFUSED[what]
    s = subject("p7", [[0, 1, 100, 2, 0, 0, 0, 0]], [1.0, 2.0], PLAIN)
    for name, value in change.items():
        getattr(s, name)[0] = value
    with pytest.raises(error, match=what) as caught:
        compile_events(NM, [s])
    assert "p7" in str(caught.value)


def test_a_lag_of_a_whole_interval_is_refused_with_steady_state():
    s = subject("1", [[0, 1, 100, 2, 1, 12, 0, 0]], [1.0], {**PLAIN, "LAG": 12})
    with pytest.raises(SolveError, match="lag"):
        simulate(NM, compile_events(NM, [s]))


def test_missing_covariates_and_modelled_quantities_are_refused():
    s = subject("1", [[0, 1, 100, 2, 0, 0, 0, -2]], [1.0], PLAIN)
    with pytest.raises(DataError, match="lacks covariate WT"):
        compile_events(NM, [replace(s, covariates={k: v for k, v in s.covariates.items() if k != "WT"})])
    with pytest.raises(DataError, match="DUR"):
        compile_events(compartments(0, "first_order", {"CL": 1.0, "VC": 1.0, "KA": 1.0}), [s])
    s.covariates["WT"][0] = np.nan
    with pytest.raises(DataError, match="WT"):
        compile_events(NM, [s])


def test_linear_interpolation_lies_between_and_converges():
    from scipy.integrate import quad

    s = subject("1", [[0, 1, 100, 2, 0, 0, 0, 0]], [10.0], PLAIN)
    s.covariates["WT"][:] = [60.0, 90.0]
    found = simulate(NM, compile_events(NM, [s], interpolation={"WT": "linear"}))[0, 0, 0]
    total, _ = quad(lambda t: 1.1 / 20 * ((60 + 3 * t) / 70) ** 0.75, 0, 10)
    assert found == pytest.approx(5000 * np.exp(-total), rel=1e-5)


def test_the_table_is_padded_to_few_shapes_without_effect():
    subjects = [random_subject(k) for k in range(3)]
    model = EveryEvent()
    together = simulate(model, compile_events(model, subjects, rows="all"))
    alone = simulate(model, compile_events(model, subjects[:1], rows="all"))[0]
    n = len(subjects[0])
    np.testing.assert_allclose(together[0, :n], alone[:n], rtol=1e-12, atol=1e-12)
