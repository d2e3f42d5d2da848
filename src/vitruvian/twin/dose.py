"""The main job in one call: the right dose of a drug for this patient."""

from __future__ import annotations

from vitruvian.model import Model
from vitruvian.pharmacology import Drug, find, find_model
from vitruvian.record import Patient, Record
from vitruvian.twin.answer import Answer
from vitruvian.twin.evidence import Asked
from vitruvian.twin.goals import goal_for
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
    """The answer for one person and drug; a refusal is an answer too.

    `model` names one model to use alone; otherwise all models of the drug that suit the person are averaged.
    Raises `UnknownNameError` (patient, drug, model), `InputError` (goal), `DataError` (record without dated facts).
    """
    person = record.patient(patient) if isinstance(patient, str) else patient
    drug = find(drug) if isinstance(drug, str) else drug
    wanted = goal_for(drug, goal, mic=mic)
    chosen: tuple[Model, ...] | None = (find_model(model),) if model else None
    twin = Twin(person, drug, asked, chosen, draws=draws, seed=seed)
    return twin.recommend(wanted, loading=loading)
