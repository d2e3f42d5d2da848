"""The main job in one call: the right dose of a drug for this patient."""

from __future__ import annotations

from vitruvian import __version__
from vitruvian.core import InputError
from vitruvian.model import Model
from vitruvian.pharmacology import Drug, find, find_model, models
from vitruvian.record import Patient, Record
from vitruvian.twin.answer import Answer
from vitruvian.twin.evidence import Asked
from vitruvian.twin.goals import goal_for
from vitruvian.twin.reading import HOUR_MS
from vitruvian.twin.twin import DRAWS, Twin


def dose(
    record: Record,
    patient: str | Patient,
    drug: str | Drug,
    *,
    goal: str | None = None,
    mic: float | None = None,
    model: str | None = None,
    loading: bool = False,
    asked: Asked = Asked(),
    draws: int = DRAWS,
    seed: int = 0,
) -> Answer:
    """The answer for one person and drug; a refusal is an answer too. The posterior is kept in the record.

    `model` names one model to use alone; otherwise all models of the drug that suit the person are averaged.
    Raises `UnknownNameError` (patient, drug, model), `InputError` (goal, another drug's model), `DataError` (record
    without dated facts).
    """
    person = record.patient(patient) if isinstance(patient, str) else patient
    drug = find(drug) if isinstance(drug, str) else drug
    wanted = goal_for(drug, goal, mic=mic)
    chosen = (_model_of(drug, model),) if model else None
    twin = Twin(person, drug, asked, chosen, draws=draws, seed=seed)
    answer, twin = twin.asked_for(wanted, loading=loading)
    keep_posterior(record, person, twin)
    return answer


def _model_of(drug: Drug, name: str) -> Model:
    """The named model; one that the library holds for another drug is refused, a user's own is not."""
    chosen = find_model(name)
    if chosen not in drug.models and chosen.name in models():
        allowed = ", ".join(m.name for m in drug.models)
        raise InputError(f"{chosen.name} is not a model of {drug.name}", allowed=allowed)
    return chosen


def keep_posterior(record: Record, person: Patient, twin: Twin) -> None:
    """The posterior of every model in the record: draws, weight, the moment up to which data were used.

    Nothing is kept of a twin that was not calibrated, or by an actor who may not add to the record.
    """
    if twin.fits is None or not record.may_keep(person.id):
        return
    cutoff = twin.case.origin_ms + round(twin.case.now * HOUR_MS)
    for fit in twin.fits or ():
        summary = {"weight": fit.weight, "method": fit.main.method[0], "etas": list(fit.main.estimate.names)}
        arrays = {"eta": fit.draws.eta, "alternative": fit.draws.alternative}
        record.save_state(person.id, fit.model.name, __version__, cutoff_ms=cutoff, summary=summary, arrays=arrays)
