"""Virtual people: the same for the same seed, spread as published, each able to live; and the days they have."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.core import DataError, UnknownNameError
from vitruvian.model import drive
from vitruvian.physiology.glucose import STRATA, UVA_PADOVA_2008, Variability, days_of, nothing, virtual_people


@pytest.fixture(scope="module")
def adults():  # type: ignore[no-untyped-def]
    return virtual_people("adult", 500, 3)


def test_the_same_seed_gives_the_same_people(adults) -> None:  # type: ignore[no-untyped-def]
    again = virtual_people("adult", 200, 3)
    assert all(np.array_equal(again.parameters[k], adults.parameters[k][:200]) for k in adults.parameters)
    assert not np.array_equal(virtual_people("adult", 200, 4).parameters["BW"], again.parameters["BW"])


@pytest.mark.parametrize("stratum", STRATA)
def test_moments_are_reached(stratum: str) -> None:
    people = virtual_people(stratum, 1000, 1)
    for name, one in people.moments().items():
        assert one["achieved_median"] == pytest.approx(one["median"], rel=0.17), name
        assert one["achieved_sd"] == pytest.approx(one["sd"], rel=0.25, abs=0.03), name
    assert len(people) / people.drawn > 0.65


def test_settings_are_those_of_people(adults) -> None:  # type: ignore[no-untyped-def]
    settings, weight = adults.settings, adults.parameters["BW"]
    assert (settings.total_daily / weight >= 0.2).all()
    assert (settings.total_daily / weight <= 2.0).all()
    assert 5 < np.median(settings.carbohydrate_ratio) < 20
    child = virtual_people("child", 200, 3).settings
    assert np.median(child.correction) > 2 * np.median(settings.correction)
    assert np.median(child.basal) < np.median(settings.basal)


def test_adults_are_spread_as_the_published_ones(adults) -> None:  # type: ignore[no-untyped-def]
    """Mean and SD of ten published adults; tolerances are near the standard errors of ten."""
    p = dict(adults.parameters)
    p["basal"] = adults.settings.basal * 100 / p["BW"]  # pmol/kg/min
    for name, mean, sd in (("BW", 86.1, 17.0), ("Vmx", 0.0537, 0.032), ("kp3", 0.0095, 0.0056), ("kabs", 0.21, 0.21),
                           ("kmax", 0.0387, 0.011), ("basal", 1.50, 0.43), ("Gb", 142.8, 6.3)):  # fmt: skip
        assert p[name].mean() == pytest.approx(mean, abs=0.35 * sd), name
        assert 0.6 * sd < p[name].std() < 1.25 * sd, name


@pytest.mark.parametrize("stratum", STRATA)
def test_everybody_can_live(stratum: str) -> None:
    people = virtual_people(stratum, 1000, 1)
    p, settings = people.parameters, people.settings
    assert (settings.basal > 0).all()
    assert ((settings.correction >= 10) & (settings.correction <= 150)).all()
    assert ((settings.carbohydrate_ratio >= 2.5) & (settings.carbohydrate_ratio <= 60)).all()
    assert (p["kp1"] - p["kp2"] * p["Gb"] * p["Vg"] - p["kp3"] * p["Ib"] > 0).all()  # the liver makes glucose at rest


def test_who_fasts_stays_where_they_are(adults) -> None:  # type: ignore[no-untyped-def]
    p = {k: v[:8] for k, v in adults.parameters.items()}
    u = nothing(600, 8)._replace(insulin=np.broadcast_to(UVA_PADOVA_2008.basal(p) / 60, (600, 8)))
    _, found = drive(UVA_PADOVA_2008, UVA_PADOVA_2008.steady(p), u, p)
    assert np.allclose(found["glucose"], p["Gb"], atol=1e-6)


def test_unknown_strata_and_empty_cohorts_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="adolescent"):
        virtual_people("elder", 10, 1)
    with pytest.raises(DataError):
        virtual_people("adult", 0, 1)


WEIGHT = np.full(60, 80.0)


def test_days_hold_what_was_asked() -> None:
    days = days_of(WEIGHT, 14, 2)
    eaten = days.eaten.sum(0) / 14
    assert eaten.mean() == pytest.approx(200 * (0.22 + 0.34 + 0.36 + 0.5 * 0.08), rel=0.05)
    told = days.announced.sum(0) / 14
    assert told.mean() == pytest.approx(eaten.mean() * 0.97, rel=0.05)
    share = days.announced[days.announced > 0].mean()
    assert share > 10
    exercised = (days.activity > 0).sum(0).mean() / 14
    assert exercised == pytest.approx(3 / 7, abs=0.05)
    assert days.heart_rate.max() == 60.0
    meals = (days.announced > 0).sum() / 60
    changes = (np.diff(days.absorption, axis=0) != 0).sum() / 60
    assert changes == pytest.approx(meals, rel=0.08)  # each meal is absorbed at its own rate, missed ones too
    assert days.absorption.std() == pytest.approx(0.2, rel=0.15)
    night = days.sensitivity.reshape(14, 1440, -1)[:, 240].mean()
    evening = days.sensitivity.reshape(14, 1440, -1)[:, 980].mean()
    assert night / evening == pytest.approx(0.8, abs=0.06)  # dawn, against the late afternoon before activity


def test_counting_errors_stay_within_their_bounds() -> None:
    days = days_of(WEIGHT, 5, 2, Variability(missed=0.0))
    for person in range(5):
        told = days.announced[:, person]
        for begins in np.flatnonzero(told):
            grams, at = 0.0, begins
            while at < len(told) and days.eaten[at, person] > 0:
                grams, at = grams + days.eaten[at, person], at + 1
            if (told[begins + 1 : at] > 0).any():
                continue  # two meals run into each other
            assert 0.7 * grams - 0.51 <= told[begins] <= 1.3 * grams + 0.51


def test_without_variability_every_day_is_the_same() -> None:
    days = days_of(WEIGHT[:3], 3, 9, Variability(0.0, 0.0, 0.0, 0.0, 0.0, False, 0.0))
    first, *rest = days.sensitivity.reshape(3, 1440, 3)
    assert all(np.array_equal(first, one) for one in rest)
    assert (days.absorption == 1).all()
