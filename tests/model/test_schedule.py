"""Doses with units and times, and the records they become."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from vitruvian.core import DataError, InputError, Source, UnitError, UnknownNameError
from vitruvian.model import Covariate, Dose, Model, Output, ResidualError, Schedule, bolus, hours, infusion, oral


class Oral(Model):
    name, title, source = "oral", "one compartment", Source("none", status="assumption")
    covariates = (Covariate("WT", "kg"),)
    compartments = ("depot", "central")
    routes = {"oral": "depot", "iv": "central"}  # noqa: RUF012
    outputs = (Output("concentration", "mg/L", ResidualError("none")),)

    def typical(self, theta: Any, c: Any) -> dict[str, Any]:
        return {}

    def observe(self, t: Any, y: Any, p: Any) -> dict[str, Any]:
        return {"concentration": y[1]}


class InDays(Oral):
    time_unit, amount_unit, covariates = "d", "ug", ()


@pytest.mark.parametrize(
    ("text", "expected"), [(12, 12.0), ("12 h", 12.0), ("30 min", 0.5), ("2 d", 48.0), ("1 wk", 168.0), ("90min", 1.5)]
)
def test_times_are_read_in_hours(text: Any, expected: float) -> None:
    assert hours(text) == pytest.approx(expected, rel=1e-15)


@pytest.mark.parametrize("text", ["12", "12 mg", "h", "", "soon"])
def test_a_time_without_a_time_unit_is_refused(text: str) -> None:
    with pytest.raises(UnitError):
        hours(text)


@pytest.mark.parametrize("unit", ["", "  ", None])
def test_a_dose_without_unit_is_refused(unit: Any) -> None:
    with pytest.raises(UnitError, match="no unit"):
        Dose(0, 5, unit, "oral")


@pytest.mark.parametrize(
    "wrong",
    [
        {"time": "-1 h"}, {"amount": 0}, {"amount": -5}, {"amount": float("nan")}, {"duration": 0}, {"interval": 0},
        {"count": 0}, {"count": 3}, {"steady_state": True}, {"time": float("inf")},
    ],
)  # fmt: skip
def test_an_impossible_dose_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        Dose(**{"time": 0, "amount": 5, "unit": "mg", "route": "oral", **wrong})


def test_a_schedule_reads_as_it_is_spoken() -> None:
    assert str(oral("apixaban", 5, "mg", every="12 h")) == "apixaban 5 mg by mouth every 12 h"
    given = infusion("vancomycin", 1, "g", over="90 min", every="12 h", until="3 d", start="1 d")
    assert str(given) == "vancomycin 1 g intravenously over 1.5 h every 12 h, 4 times from 24 h on"
    assert str(bolus("x", 2, "mg")) == "x 2 mg intravenously"
    assert str(Schedule((), "x")) == "x nothing"


def test_series_end_where_they_should() -> None:
    assert oral("x", 1, "mg", every="12 h", until="2 d").doses[0].count == 4  # 0, 12, 24, 36 h
    assert oral("x", 1, "mg", every="12 h", count=3).doses[0].count == 3
    assert oral("x", 1, "mg").doses[0].count == 1
    assert [t for t, _, _ in oral("x", 1, "mg", every=12).given("2 d")] == [0, 12, 24, 36, 48]
    with pytest.raises(InputError):
        oral("x", 1, "mg", every=12, until=24, count=2)
    with pytest.raises(DataError, match="interval"):
        oral("x", 1, "mg", count=2)


def test_schedules_of_one_drug_add_up_and_move() -> None:
    both = bolus("x", 2, "mg") + oral("x", 1, "mg", every=12, count=2).shift("1 d")
    assert both.given(100) == [(0.0, 2, "mg"), (24.0, 1, "mg"), (36.0, 1, "mg")]
    with pytest.raises(InputError, match="different drugs"):
        bolus("x", 1, "mg") + bolus("y", 1, "mg")


def test_records_are_in_the_units_of_the_model() -> None:
    s = infusion("x", 1, "mg", over="12 h", every="1 d").to_subject(InDays(), [24.0, 60.0])
    dose = s.evid == 1
    assert s.amt[dose] == pytest.approx([1000.0], rel=1e-15)
    assert s.rate[dose] == pytest.approx([2000.0], rel=1e-15)
    assert (s.ii[dose][0], s.addl[dose][0], s.cmt[dose][0]) == (1.0, 2, 2)
    assert s.time.tolist() == [0.0, 1.0, 2.5]


def test_a_molar_dose_needs_a_molar_mass_and_a_product_its_moiety() -> None:
    with pytest.raises(UnitError):
        oral("x", 1, "mmol").to_subject(InDays(), [1.0])
    s = oral("x", 1, "mmol").to_subject(InDays(), [1.0], molar_mass=500.0, moiety_factor=0.5)
    assert s.amt[0] == pytest.approx(250_000.0, rel=1e-15)


def test_open_series_last_as_long_as_anything_is_observed() -> None:
    s = oral("x", 1, "mg", every=12).to_subject(Oral(), [0.0, 30.0, 36.0], {"WT": 70.0})
    assert s.addl[s.evid == 1].tolist() == [3]


def test_a_covariate_changes_at_its_time_under_every_interpolation_rule() -> None:
    s = oral("x", 1, "mg").to_subject(Oral(), [6.0, 24.0, 30.0], {"WT": ([0.0, 24.0], [70.0, 80.0])})
    assert s.time.tolist() == [0.0, 6.0, 24.0, 24.0, 24.0, 30.0]
    assert s.covariates["WT"].tolist() == [70.0, 70.0, 70.0, 80.0, 80.0, 80.0]
    assert s.evid.tolist() == [1, 0, 2, 2, 0, 0]


def test_levels_and_occasions_travel_with_the_records() -> None:
    s = oral("x", 1, "mg", every=24).to_subject(
        Oral(), [1.0, 25.0], {"WT": 70.0}, output="concentration", values=[3.0, np.nan], occasions=[0, "1 d"]
    )
    observed = s.evid == 0
    assert s.mdv[observed].tolist() == [0, 1]
    assert s.occasion[observed].tolist() == [0, 1]


def test_what_the_model_lacks_is_refused() -> None:
    given = oral("x", 1, "mg")
    with pytest.raises(UnknownNameError, match="route"):
        oral("x", 1, "mg", route="nasal").to_subject(Oral(), [1.0], {"WT": 70.0})
    with pytest.raises(UnknownNameError, match="output"):
        given.to_subject(Oral(), [1.0], {"WT": 70.0}, output="effect")
    with pytest.raises(DataError, match="WT"):
        given.to_subject(Oral(), [1.0])
    with pytest.raises(DataError, match="not negative"):
        given.to_subject(Oral(), [-1.0], {"WT": 70.0})
    with pytest.raises(DataError, match="increasing"):
        given.to_subject(Oral(), [1.0], {"WT": ([0.0, 0.0], [1.0, 2.0])})
