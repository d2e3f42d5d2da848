"""Infliximab and adalimumab: models in days, dosed in hours."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.model import Dose, Schedule, compile_events, simulate
from vitruvian.pharmacology import find


@pytest.mark.parametrize(
    ("name", "route", "duration", "person"),
    [
        ("infliximab", "iv", 2.0, {"WT": 77, "ALB": 4.1, "FEMALE": 0}),
        ("adalimumab", "subcutaneous", None, {"WT": 94, "CRP": 7.9}),
    ],
)
def test_area_is_dose_by_clearance_with_time_in_hours(name, route, duration, person):
    model = find(name).default_model
    times = np.linspace(0, 24 * 300, 3000)
    schedule = Schedule((Dose(0, 400, "mg", route, duration=duration),))
    table = compile_events(model, [schedule.to_subject(model, times, person)])
    level = simulate(model, table)[0, : len(times), 0]
    clearance = float(model.typical(model.theta, {**person, "ADA": 0, "TIME": 0.0})["CL"])
    assert np.trapezoid(level, times / 24) == pytest.approx(400 / clearance, rel=5e-3)


@pytest.mark.parametrize("name", ["infliximab", "adalimumab"])
def test_products_are_given_by_a_route_of_the_model(name):
    drug = find(name)
    assert {p.route for p in drug.products} <= set(drug.default_model.routes)
    assert drug.amounts(drug.products[0].route, 1, 400)


def test_antibodies_act_from_day_21():
    model = find("adalimumab").default_model
    person = {"WT": 94, "CRP": 7.9, "ADA": 1}
    at = [float(model.typical(model.theta, {**person, "TIME": t})["CL"]) for t in (0.0, 20.9, 21.0)]
    assert at == pytest.approx([0.667, 0.667, 0.667 * 6.76])
