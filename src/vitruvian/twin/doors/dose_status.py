"""How dosing stands for one person: each drug with what is missing, its last level, and how well models follow it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitruvian.core import DataError
from vitruvian.model import Covariate
from vitruvian.twin.case import Case
from vitruvian.twin.covariates import MEASURED, to_measure
from vitruvian.twin.doors.door import Missing, State, Status
from vitruvian.twin.doors.own_drugs import Own
from vitruvian.twin.draws import value_at
from vitruvian.twin.evidence import Asked, read_case
from vitruvian.twin.guard import refused
from vitruvian.twin.twin import Twin, by_default
from vitruvian.twin.words import covariate_name, number_text, percent_text, unit_text

if TYPE_CHECKING:
    from vitruvian.record import Patient


def status_of(patient: Patient, own: Own, at: str | None, twin: Twin | None) -> Status:
    """The state of one drug; `twin` is its calibrated twin where one is at hand."""
    try:
        case = twin.case if twin is not None else read_case(patient, own.name, Asked(at))
    except DataError as error:
        return Status("blocked", str(error), own.newest, subject=own.name)
    lacking, blocked = _lacking(case)
    checks = (twin or Twin(case, case.drug)).checks()
    missing = (*lacking, *_level_missing(case))
    question = f"Which dose of {own.name}?"
    if blocked:
        text = f"No model of {own.name} may be used: {', '.join(one.what for one in lacking)} not recorded."
        return Status("blocked", text, own.newest, _credible(case, twin), missing, "", own.name)
    if refused(checks):
        first = next(m for m in checks if m.severity == "refusal")
        state: State = "stale" if first.code == "data-too-old" else "blocked"
        text = f"No dose of {own.name} is recommended now: {first.text}"
        missing = (
            (*missing, Missing(first.text, "The guard stops a recommendation.", first.todo)) if first.todo else missing
        )
        return Status(state, text, own.newest, _credible(case, twin), missing, question, own.name)
    if not own.taken:
        text = f"{own.name} was stopped; a dose for a new start can be worked out."
        return Status("stale", text, own.newest, _credible(case, twin), missing, question, own.name)
    text = f"{own.name} can be individualised{_with(case)}."
    return Status("ready", text, own.newest, _credible(case, twin), missing, question, own.name)


def _lacking(case: Case) -> tuple[tuple[Missing, ...], bool]:
    """Covariates that models need and the record lacks, and whether no model is left."""
    models = by_default(case.drug)
    needs: dict[str, list[str]] = {}
    units: dict[str, Covariate] = {}
    for model in models:
        known = {name for given in case.covariates_for(case.model(model)) for name in given}
        for one in model.covariates:
            if one.default is None and one.name != "TIME" and one.name not in known:
                for name in to_measure(one.name, case.covariates):
                    needs.setdefault(name, []).append(model.name)
                    units.setdefault(name, one)
    found = tuple(
        Missing(covariate_name(name), f"{len(set(who))} of {len(models)} models of {case.drug.name} need it.",
                _todo(name, units[name]))
        for name, who in needs.items()
    )  # fmt: skip
    without = {who for some in needs.values() for who in some}
    return found, bool(without) and len(without) == len(models)


def _todo(name: str, one: Covariate) -> str:
    unit = unit_text(MEASURED.get(name, one.unit))
    return f"Record {covariate_name(name)}{f' in {unit}' if unit else ''} with its time, or say it when you ask."


def _level_missing(case: Case) -> tuple[Missing, ...]:
    if case.levels or not case.drug.assays:
        return ()
    name = (
        "an INR" if any(o.unit == "{INR}" for o in case.drug.default_model.outputs) else f"a level of {case.drug.name}"
    )
    why = "Without one the answer is that of people like this person, not of this person."
    return (Missing(name, why, "Measure one; the answer says at what time it teaches most."),)


def _credible(case: Case, twin: Twin | None) -> str:
    """How well models follow this person's levels, or on what an answer rests."""
    count = len(case.levels)
    if not count:
        return "No level of this person: the answer rests on the published models alone."
    last = max(case.levels, key=lambda one: one.time)
    text = (
        f"{count} level{'s' if count > 1 else ''}, the last {number_text(last.value)} {unit_text(last.unit)}".rstrip()
    )
    text += f" on {last.when}" if last.when else ""
    if twin is None or not twin.fits:
        return f"{text}; ask for a dose to see how well the models follow them."
    best = max(twin.fits, key=lambda fit: fit.weight)
    odd = sum(check.surprising for check in best.checks)
    fits = "all as expected" if not odd else f"{odd} of them surprising"
    p_value = f", posterior-predictive p = {best.p_value:.2g}" if best.p_value is not None else ""
    return f"{text}: {fits} under {best.model.title} (weight {percent_text(best.weight)}{p_value})."


def _with(case: Case) -> str:
    clearance = case.covariates.get("CRCL")
    known = f"{len(case.levels)} levels" if len(case.levels) > 1 else "one level" if case.levels else ""
    kidney = f"creatinine clearance {value_at(clearance, case.now):.0f} mL/min" if clearance is not None else ""
    parts = [part for part in (known, kidney) if part]
    return f" with {' and '.join(parts)}" if parts else ""
