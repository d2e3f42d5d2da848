"""Whether the record says that a person has died, by any moment: no twin answers after that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitruvian.core import RefusalError, to_ms
from vitruvian.twin.answer import Message

if TYPE_CHECKING:
    from vitruvian.record import Patient


def deceased(patient: Patient, at: str | None = None) -> tuple[Message, ...]:
    """The refusal of the guard where the record says that the person had died by `at` (`None`: ever)."""
    from vitruvian.twin.guard import check_alive
    from vitruvian.twin.reading import death

    by = None if at is None else to_ms(at)
    return tuple(check_alive(death(patient.facts(kind="demographic"), by)))


def require_alive(patient: Patient, at: str | None = None) -> None:
    """Raise `RefusalError` where the record says that the person had died by `at` (`None`: ever)."""
    for one in deceased(patient, at):
        raise RefusalError(one.text, todo=one.todo)
