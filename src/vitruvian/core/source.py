"""Where a number comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

Status = Literal["primary", "two transcriptions agree", "one transcription", "unverified", "assumption"]
STATUSES: tuple[Status, ...] = get_args(Status)


@dataclass(frozen=True)
class Source:
    """A publication (or stated assumption) behind a number.

    `status` tells how the number was read: *primary* (in the paper, label or guideline itself), *two transcriptions
    agree*, *one transcription* (in another's copy of it), *unverified* (stated from general knowledge and not traced to
    a readable source in this version; the default), or *assumption* (set by this project). `errata` records known
    corrections and disagreements.
    """

    citation: str
    doi: str | None = None
    table: str | None = None
    status: Status = "unverified"
    errata: str | None = None

    def __str__(self) -> str:
        doi = f" doi:{self.doi}" if self.doi else ""
        table = f", {self.table}" if self.table else ""
        return f"{self.citation}{table}.{doi} [{self.status}]"
