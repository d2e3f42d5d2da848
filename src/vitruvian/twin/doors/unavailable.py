"""A twin that is installed and cannot be used: it stands in its place and says why; the others work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vitruvian.core import UnsupportedError
from vitruvian.twin.doors.door import Missing, Question, Status, Told

if TYPE_CHECKING:
    from vitruvian.record import Patient

_TODO = "Install it anew, or a version that fits this one, and start the server again."


class Unavailable:
    """In place of a `TwinDoor`: `name` of its entry point, and why it could not be used."""

    def __init__(self, name: str, why: str) -> None:
        self.name, self.why = name, why
        self.title = f"{name} (unavailable)"
        self.about = f"The twin {name} is installed and cannot be used: {why}"

    def status(self, patient: Patient, at: str | None = None) -> tuple[Status, ...]:
        """Blocked for everybody, with the reason."""
        return (Status("blocked", self.about, missing=(Missing(f"the twin {self.name}", self.why, _TODO),)),)

    def questions(self, patient: Patient) -> tuple[Question, ...]:
        """None."""
        return ()

    def ask(self, patient: Patient, question: str, values: Mapping[str, Any], at: str | None = None) -> Told:
        """Raises `UnsupportedError` with the reason."""
        raise UnsupportedError(self.about, todo=_TODO)
