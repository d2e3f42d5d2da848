"""How a person is called on the pages."""

from __future__ import annotations

from vitruvian.core import AccessError
from vitruvian.record import Patient


def name_of(patient: Patient) -> str:
    """The name that the record states, or else the id."""
    found = patient.facts(kind="demographic", code="name")
    return next((one.value_text for one in found if one.value_text), patient.id)


def called(patient: Patient) -> str:
    """The name for those who may read it, else the id: on pages of people who see no data."""
    try:
        return name_of(patient)
    except AccessError:
        return patient.id


def identified(patient: Patient) -> str:
    """The name with the birth date, as far as the record states them and they may be read."""
    try:
        born = [one.value_text for one in patient.facts(kind="demographic", code="birth_date") if one.value_text]
    except AccessError:
        return patient.id
    return ", born ".join((name_of(patient), *born[:1]))
