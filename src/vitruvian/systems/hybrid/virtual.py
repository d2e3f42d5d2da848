"""Virtual adults with the covariates that pharmacokinetic models ask for, and levels of them under one model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from vitruvian.core import Source
from vitruvian.infer import draw_level, prior_of
from vitruvian.model import Model, Schedule, Subject, compile_events, simulate
from vitruvian.person import cockcroft_gault, fat_free_mass

ASSUMED = Source(
    "Adult inpatients as assumed here: age 25 to 90 years, height by sex, body mass index, creatinine rising with age",
    status="assumption",
)
Person = dict[str, float]


def adults(count: int, seed: int) -> list[Person]:
    """AGE (years), FEMALE, HT (cm), WT, FFM (kg), SCR (mg/dL), CRCL (mL/min, Cockcroft–Gault) of adult inpatients.

    None is on dialysis. A distribution assumed here, not fitted to any hospital.
    """
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        female = bool(rng.random() < 0.45)
        age = float(25 + 65 * rng.beta(2.2, 1.5))
        height = float(np.clip(rng.normal(162 if female else 175, 7), 140, 205))
        index = float(np.clip(27 * np.exp(0.2 * rng.standard_normal()), 16, 50))
        usual = (0.72 if female else 0.92) * np.exp(0.004 * (age - 50))
        creatinine = float(np.clip(usual * np.exp(0.35 * rng.standard_normal()), 0.35, 4.0))
        weight = index * (height / 100) ** 2
        found.append(
            {
                "AGE": age,
                "FEMALE": float(female),
                "HT": height,
                "WT": weight,
                "FFM": fat_free_mass(weight, height, female=female, age_y=age),
                "SCR": creatinine,
                "DIALYSIS": 0.0,
            }
        )
    return found


def known(model: Model, person: Mapping[str, float]) -> Person:
    """A person's covariates as `model` counts them: clearance from creatinine raised to the model's floor."""
    for covariate in model.covariates:
        if covariate.name == "CRCL":
            floor = covariate.creatinine_floor if person["AGE"] > covariate.floor_above_age else 0.0
            clearance = cockcroft_gault(
                age_y=person["AGE"],
                weight_kg=person["WT"],
                creatinine_mg_dl=max(person["SCR"], floor),
                female=bool(person["FEMALE"]),
            )
            return {**person, "CRCL": clearance}
    return dict(person)


def levels(
    truth: Model, people: Sequence[Person], schedules: Sequence[Schedule], times: Float[np.ndarray, "n k"], seed: int
) -> Float[np.ndarray, "n k"]:
    """Levels of the first output, with residual error, of people of the model `truth`, each at own `times` (h).

    A level below a tenth of the smallest typical one comes out as that: an assay reads nothing below it.
    """
    subjects = [
        schedule.to_subject(truth, at, known(truth, person), id=str(k))
        for k, (person, schedule, at) in enumerate(zip(people, schedules, times, strict=True))
    ]
    table = compile_events(truth, subjects)
    rng = np.random.default_rng(seed)
    factor = np.asarray(prior_of(truth, table.n_occasions).cholesky)
    f = simulate(truth, table, eta=rng.standard_normal((len(people), len(factor))) @ factor.T)[:, : times.shape[1], 0]
    drawn = draw_level(truth.outputs[0].error, f, rng.standard_normal(f.shape))
    return np.maximum(drawn, 0.1 * f.min())


def seen_by(
    model: Model,
    people: Sequence[Person],
    schedules: Sequence[Schedule],
    times: Float[np.ndarray, "n k"],
    measured: Float[np.ndarray, "n k"],
) -> list[Subject]:
    """The people's doses and levels as records for `model`, with all covariates of each, also those it ignores."""
    found = []
    for k, (person, schedule) in enumerate(zip(people, schedules, strict=True)):
        own = known(model, person)
        subject = schedule.to_subject(model, times[k], own, values=measured[k], id=f"virtual-{k}")
        found.append(replace(subject, covariates={n: np.full(len(subject), v) for n, v in own.items()}))
    return found
