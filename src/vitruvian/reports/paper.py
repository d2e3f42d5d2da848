"""What a sheet of paper says beside the answer: whose it is, when it was made, and the what-if that it carries."""

from __future__ import annotations

from dataclasses import dataclass

from vitruvian.twin import Option


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


PLAIN = Paper()
