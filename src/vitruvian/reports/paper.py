"""What a sheet of paper says beside the answer: whose it is, when it was made, and the what-if that it carries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vitruvian.twin import Option

if TYPE_CHECKING:
    from vitruvian.record import Patient


@dataclass(frozen=True)
class Paper:
    """All empty for a report that stands beside its record; a sheet that is carried around needs the first two."""

    person: str = ""
    """Name, sex, birth date and id, as on a wristband."""
    made: str = ""
    """The moment at which it was made, in words."""
    what_if: str = ""
    """What was tried and what came of it; it stands before the recommendation and is marked on every page."""
    own: Option | None = None
    """The regimen that was tried: drawn and listed beside the recommended one."""

    @classmethod
    def of(cls, patient: Patient, what_if: str = "", own: Option | None = None) -> Paper:
        """A sheet about one person, made now."""
        return cls(whose(patient), f"{datetime.now(UTC):%d %b %Y, %H:%M} UTC", what_if, own)


def whose(patient: Patient) -> str:
    """Name, sex, birth date and id, as far as the record states them."""
    said = {one.code: one for one in patient.facts(kind="demographic")}
    name, sex, born = (said.get(one) for one in ("name", "sex", "birth_date"))
    parts = (name and name.value_text, sex and sex.value_code, born and f"born {born.value_text}")
    return " · ".join([*(one for one in parts if one), f"id {patient.id}"])


PLAIN = Paper()
