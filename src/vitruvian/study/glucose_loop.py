"""Virtual people under several policies for insulin, the same days for each: the closed loop against the hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.control import (
    GlucosePolicy,
    Plan,
    Setting,
    Therapy,
    TreatedLows,
    policy_named,
    run,
    unplanned,
)
from vitruvian.core import DataError, content_hash
from vitruvian.physiology.glucose import (
    INSULET,
    STRATA,
    UVA_PADOVA_2008,
    VETTORETTI_POPULATION,
    Estimate,
    Metrics,
    People,
    Pump,
    Sensor,
    Variability,
    days_of,
    estimates,
    glucose_metrics,
    virtual_people,
)

MANUAL = "basal_bolus"
LOOP = "predictive"
USUAL = Variability()
WORN = replace(VETTORETTI_POPULATION, gap_rate=1.0, gap_minutes=30.0)
"""A sensor that once a day is not heard of for half an hour; chosen by this project."""
STEP = 5
"""Minutes between the values that are kept."""


@dataclass(frozen=True)
class LoopStudy:
    """What is compared; the same seed gives the same people, days, settings and sensors for every policy."""

    policies: Mapping[str, GlucosePolicy]
    strata: Sequence[str] = STRATA
    people: int = 100
    days: int = 14
    seed: int = 1
    sensor: Sensor = WORN
    pump: Pump = INSULET
    variability: Variability = USUAL
    target: float = 120.0
    settings_error: float = 0.15
    """SD of the logarithm by which basal, ratio and correction miss what the person needs."""

    def __post_init__(self) -> None:
        if self.people < 1 or self.days < 1 or not self.policies:
            got = f"{self.people} people, {self.days} days, {len(self.policies)} policies"
            raise DataError("a study needs people, days and policies", got=got, allowed="1 or more of each")


@dataclass(frozen=True)
class LoopResult:
    """By stratum and policy: glucose every 5 minutes (k, n), insulin (U/d) and carbohydrates (g/d) of each person."""

    study: LoopStudy
    glucose: Mapping[tuple[str, str], Float[np.ndarray, "k n"]]
    insulin: Mapping[tuple[str, str], Float[np.ndarray, " n"]]
    carbohydrates: Mapping[tuple[str, str], Float[np.ndarray, " n"]]

    def metrics(self, stratum: str, policy: str) -> Metrics:
        """Of each person of a stratum, from glucose itself, not from the sensor."""
        return glucose_metrics(self.glucose[stratum, policy], STEP)

    def table(self) -> dict[tuple[str, str], dict[str, Estimate]]:
        """Mean of each metric with its bootstrap interval, by stratum and policy."""
        found = {}
        for stratum, policy in self.glucose:
            named = self.metrics(stratum, policy).named()
            people = [stratum] * self.study.people
            found[stratum, policy] = estimates(named, people, seed=self.study.seed)[stratum]
        return found

    def differences(self, policy: str = LOOP, against: str = MANUAL) -> dict[str, dict[str, Estimate]]:
        """`policy` minus `against` in the same people, by stratum, with paired intervals."""
        found: dict[str, dict[str, Estimate]] = {}
        for stratum in self.study.strata:
            ours, theirs = (self.metrics(stratum, one).named() for one in (policy, against))
            paired = {name: ours[name] - theirs[name] for name in ours}
            found |= estimates(paired, [stratum] * self.study.people, seed=self.study.seed)
        return found


def study_of(names: Sequence[str], people: int = 100, days: int = 14, seed: int = 1, **rest: Any) -> LoopStudy:
    """A study of policies by name (`policy_named`)."""
    return LoopStudy({name: policy_named(name) for name in names}, people=people, days=days, seed=seed, **rest)


def headline(people: int = 100, days: int = 14, seed: int = 1) -> LoopStudy:
    """Manual basal–bolus against predictive control, all variability on."""
    return study_of((MANUAL, LOOP), people, days, seed)


def run_loop_study(
    study: LoopStudy, folder: Path | None = None, advance: Callable[[int], None] = lambda n: None
) -> LoopResult:
    """Run all strata and policies; with `folder` each finished part is kept, and a study begun there goes on.

    Raises `DataError` where `folder` holds another study.
    """
    wanted = [(stratum, policy) for stratum in study.strata for policy in study.policies]
    parts: dict[tuple[str, str], tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    people_of = cache(lambda stratum: virtual_people(stratum, study.people, study.seed))
    if folder is not None:
        _claim(study, folder)
    for stratum, policy in wanted:
        file = folder / f"{stratum}-{policy}.npz" if folder else None
        if file is not None and file.exists():
            with np.load(file) as kept:
                parts[stratum, policy] = kept["glucose"], kept["insulin"], kept["carbohydrates"]
        else:
            parts[stratum, policy] = _part(study, people_of(stratum), study.policies[policy])
            if file is not None:
                _keep(file, parts[stratum, policy])
        advance(1)
    glucose, insulin, carbohydrates = ({key: one[j] for key, one in parts.items()} for j in range(3))
    return LoopResult(study, glucose, insulin, carbohydrates)


def _claim(study: LoopStudy, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mark, print_ = folder / "study.txt", content_hash(repr(study).encode())
    if mark.exists() and mark.read_text() != print_:
        raise DataError("this folder holds another study", got=str(folder), todo="Name another folder, or empty it.")
    mark.write_text(print_)


def _keep(file: Path, part: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    """Write a part whole or not at all."""
    aside = file.with_suffix(".part")
    with aside.open("wb") as stream:
        np.savez_compressed(stream, glucose=part[0], insulin=part[1], carbohydrates=part[2])
    aside.replace(file)


def _part(study: LoopStudy, people: People, policy: GlucosePolicy) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    parameters = {name: jnp.asarray(value) for name, value in people.parameters.items()}
    setting = Setting(UVA_PADOVA_2008, parameters, therapy_of(people, study), study.sensor, study.pump)
    key = jax.random.PRNGKey(_seed(study, 2, people.stratum))
    trace = run(setting, TreatedLows(policy), plan_of(people, study), key)
    glucose = np.asarray(trace.glucose)[STEP - 1 :: STEP]
    insulin, carbohydrates = (np.asarray(one).sum(0) / study.days for one in (trace.insulin, trace.carbohydrates))
    return glucose, insulin, carbohydrates


def plan_of(people: People, study: LoopStudy) -> Plan:
    """The days of these people."""
    days = days_of(people.parameters["BW"], study.days, _seed(study, 3, people.stratum), study.variability)
    named = {name: jnp.asarray(value) for name, value in days._asdict().items()}
    return unplanned(study.days * 1440, len(people))._replace(**named)


def therapy_of(people: People, study: LoopStudy) -> Therapy:
    """Settings as a clinic would have them: what the people need, missed by `settings_error`."""
    n, settings = len(people), people.settings
    random = np.random.default_rng(_seed(study, 1, people.stratum))
    basal, ratio, correction = np.exp(study.settings_error * random.standard_normal((3, n)))
    return Therapy(
        weight=jnp.asarray(people.parameters["BW"]),
        basal=jnp.asarray(settings.basal * basal),
        carbohydrate_ratio=jnp.asarray(settings.carbohydrate_ratio * ratio),
        correction=jnp.asarray(settings.correction * correction),
        target=jnp.full(n, study.target),
        total_daily=jnp.asarray(settings.total_daily),
    )


def _seed(study: LoopStudy, purpose: int, stratum: str) -> int:
    """Another one for settings (1), sensors (2) and days (3) of each stratum."""
    return int(np.random.default_rng([study.seed, purpose, STRATA.index(stratum)]).integers(2**31))
