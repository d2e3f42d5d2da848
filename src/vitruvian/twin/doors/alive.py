"""After death no twin is ready; before it, looking back, all may be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitruvian.twin.doors.door import Status
from vitruvian.twin.lifetime import deceased

if TYPE_CHECKING:
    from vitruvian.record import Patient


def after_death(patient: Patient, at: str | None) -> tuple[Status, ...]:
    """How every twin stands after death; empty for the living."""
    return tuple(Status("blocked", one.text) for one in deceased(patient, at))
