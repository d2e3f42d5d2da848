"""After death no twin answers and none is ready; before it, looking back, all do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitruvian.core import to_ms
from vitruvian.twin.answer import Message
from vitruvian.twin.doors.door import Status

if TYPE_CHECKING:
    from vitruvian.record import Patient


def deceased(patient: Patient, at: str | None) -> tuple[Message, ...]:
    """The refusal of the guard where the record says that the person had died by `at` (`None`: ever)."""
    from vitruvian.twin.guard import check_alive
    from vitruvian.twin.reading import death

    by = None if at is None else to_ms(at)
    return tuple(check_alive(death(patient.facts(kind="demographic"), by)))


def after_death(patient: Patient, at: str | None) -> tuple[Status, ...]:
    """How every twin stands after death; empty for the living."""
    return tuple(Status("blocked", one.text) for one in deceased(patient, at))
