"""Maturation of kidney filtration with post-menstrual age."""

from __future__ import annotations

from vitruvian.person._range import within


def postmenstrual_weeks(*, gestation_weeks: float, postnatal_days: float) -> float:
    """Post-menstrual age in weeks."""
    gestation = within("gestational age", gestation_weeks, "weeks", 22.0, 44.0, "Give completed weeks at birth.")
    days = within("postnatal age", postnatal_days, "days", 0.0, 45_000.0, "Give the days since birth.")
    return gestation + days / 7.0


def filtration_maturation(pma_weeks: float) -> float:
    """Fraction of adult filtration: PMA^3.4 / (47.7^3.4 + PMA^3.4).

    Source: Rhodin 2009, doi:10.1007/s00467-008-0997-5.
    """
    age = within("post-menstrual age", pma_weeks, "weeks", 22.0, 7_000.0, "Give weeks since the last period.")
    return age**3.4 / (47.7**3.4 + age**3.4)


def filtration_rate(*, pma_weeks: float, weight_kg: float) -> float:
    """Typical filtration rate, mL/min: 121.2 (W/70)^0.75 x maturation. Source: Rhodin 2009, as above."""
    weight = within("weight", weight_kg, "kg", 0.3, 450.0, "Give the weight in kg.")
    return 121.2 * (weight / 70.0) ** 0.75 * filtration_maturation(pma_weeks)
