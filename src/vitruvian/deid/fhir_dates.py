"""Dates of FHIR, moved by a person's days or cut to the year; what could show an age over 89 is taken out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from vitruvian.core import DataError
from vitruvian.deid.keyed import moved

Dates = Literal["shift", "year"]
_FORM = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?)?)?")
OLDEST = 89  # years


@dataclass(frozen=True)
class Calendar:
    """How the dates of one person are treated; `days` None where they belong to nobody: then only years are left.

    `on` is the day the data are given away: a date 90 or more years before it would show an age over 89.
    """

    how: Dates
    days: int | None
    on: date

    @property
    def days_of_texts(self) -> int | None:
        """By how many days dates in free text move; None where their year alone stays."""
        return self.days if self.how == "shift" else None

    def treated(self, written: str, *, instant: bool = False) -> str | None:
        """The date as it may be given away, to the same precision; None where it must go. An instant stays whole."""
        found = _FORM.fullmatch(written)
        try:
            day = date(int(found[1]), int(found[2] or 1), int(found[3] or 1)) if found else None
            if found is None or day is None or _years(day, self.on) > OLDEST:
                return None
            if self.how == "shift" and self.days is not None:
                return moved(day, self.days).isoformat()[: min(len(written), 10)] + (found[4] or "")
        except (ValueError, DataError):
            return None
        return f"{found[1]}-01-01T00:00:00Z" if instant else found[1]

    def birth(self, written: str) -> str | None:
        """The year of birth, after the shift; None for anyone over 89."""
        treated = self.treated(written)
        return treated[:4] if treated else None


def _years(then: date, on: date) -> int:
    """Whole years from one day to another."""
    return on.year - then.year - ((on.month, on.day) < (then.month, then.day))
