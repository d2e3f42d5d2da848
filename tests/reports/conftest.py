"""A small answer made by hand: three regimens, two models, two levels, one of which does not fit."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vitruvian.twin import Answer, Band, Interval, Message, Option
from vitruvian.twin.answer import Given, GoalStated, Learned, Level, ModelUsed, NextLevel, Used

SOURCES = ("First A. A model. J Test 2001;1:1-9. doi:10.1000/one", "Second B. A goal. J Test 2002;2:1-9.")
TIMES = tuple(float(h) for h in range(0, 97, 4))


def band(first: float, scale: float) -> Band:
    """A saw-tooth over 96 hours from `first`, in mg/L."""
    time = tuple(first + h for h in TIMES)
    curves = [tuple(q * scale * (20 - (h % 24) / 2) for h in TIMES) for q in (0.6, 0.85, 1.0, 1.2, 1.6)]
    return Band(time, *curves, unit="mg/L", output="concentration")


def option(dose: float, label: str, p_target: float, harm: float, **more: object) -> Option:
    """A regimen once a day whose AUC24 is proportional to the dose."""
    made = Option(
        regimen=f"{dose:g} mg IV over 1 h every 24 h",
        dose=dose,
        dose_unit="mg",
        interval_h=24.0,
        route="iv",
        duration_h=1.0,
        loading_dose=None,
        daily_dose=dose,
        label=label,
        metric=Interval(dose / 2.5, dose / 3.3, dose / 1.6, "mg.h/L"),
        p_target=p_target,
        p_below=(1 - p_target) / 4,
        p_above=3 * (1 - p_target) / 4,
        p_harm={"auc24_high": harm},
        utility=p_target - harm / 2,
        allowed=True,
        why="",
        per_model={"one": (p_target - 0.1, dose / 2.6), "two": (p_target + 0.1, dose / 2.4)},
    )
    return replace(made, **more)


def model(name: str, weight: float) -> ModelUsed:
    """A model that converged."""
    return ModelUsed(name, f"Model {name}", weight, SOURCES[0], "read", "importance", 300.0, 0.2, True)


@pytest.fixture
def answer() -> Answer:
    """The answer that recommends the second of three regimens."""
    return Answer(
        patient="person-7",
        drug="vancomycin",
        asked_at="2025-05-14 08:02",
        sentence="Give vancomycin 1250 mg IV over 1 h every 24 h: 64 % chance of AUC24 400–600 mg·h/L.",
        refused=False,
        goal=GoalStated(
            "auc24",
            "auc24",
            "concentration",
            400.0,
            600.0,
            "mg.h/L",
            "at steady state",
            "infection",
            SOURCES[1],
            ("AUC24 above 600 mg·h/L",),
        ),
        options=(
            option(2000, "standard", 0.12, 0.8, band=band(0, 1.6), first_h=3.0),
            option(1250, "personalised", 0.64, 0.19, band=band(0, 1.0), first_h=15.0),
            option(5000, "", 0.11, 0.999, allowed=False, why="above the absolute daily maximum"),
        ),
        recommended=1,
        standard=0,
        exact_dose=1262.0,
        exact_dose_text="The exact dose is 1262 mg.",
        messages=(
            Message("warning", "old", "The creatinine is old.", "Measure it again.", "A source apart"),
            Message("note", "gene", "The genome is unknown."),
        ),
        reasons=("The kidney clears slowly.",),
        data_used=(
            Used("WT", "71 kg", "2025-05-12 07:30", 48.5, "measured"),
            Used("CYP3A5", "*1/*3", "", None, "genome"),
        ),
        levels=(
            Level(
                "2025-05-13 23:20", -8.7, 29.7, "mg/L", "concentration", Interval(28.6, 25.1, 34.1, "mg/L"), 0.86, 0.1
            ),
            Level(
                "2025-05-14 07:40",
                -0.4,
                58.1,
                "mg/L",
                "concentration",
                Interval(17.0, 13.8, 21.9, "mg/L"),
                0.001,
                2.2,
                "does not fit the other data",
            ),
        ),
        past=band(-96, 1.1),
        learned=(Learned("CL", "L/h", Interval(2.6, 1.7, 4.1, "L/h"), Interval(2.4, 1.7, 3.3, "L/h"), 0.45),),
        models=(model("one", 0.7), model("two", 0.3)),
        spread="Two models were averaged.",
        next_level=NextLevel("2025-05-15 07:00", 23.0, "concentration", 0.4, "A level tomorrow at 07:00 teaches most."),
        would_be_wrong_if=("a dose was not given",),
        monitoring=("creatinine: twice a week",),
        citations=SOURCES,
        seed=7,
        version="9.9",
        given=(Given("2025-05-13 11:00", -21.0, 1000.0, "mg"),),
    )


@pytest.fixture
def refused(answer: Answer) -> Answer:
    """The same person, refused before anything was simulated."""
    message = Message("refusal", "no-weight", "The body weight is unknown.", "Record it.")
    return replace(
        answer,
        sentence="No dose of vancomycin is recommended: the body weight is unknown. Record it.",
        refused=True,
        options=(),
        recommended=None,
        standard=None,
        exact_dose=None,
        exact_dose_text="",
        messages=(message,),
        levels=(),
        past=None,
        learned=(),
        models=(),
        spread="",
        next_level=None,
    )
