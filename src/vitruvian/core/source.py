"""Where a number comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Status = Literal["primary", "two transcriptions agree", "one transcription", "assumption"]


@dataclass(frozen=True)
class Source:
    """A publication (or stated assumption) behind a number.

    `status` tells how the number was read: *primary* (in the paper itself), *two transcriptions agree*,
    *one transcription*, or *assumption*. `errata` records known corrections and disagreements.
    """

    citation: str
    doi: str | None = None
    table: str | None = None
    status: Status = "one transcription"
    errata: str | None = None

    def __str__(self) -> str:
        doi = f" doi:{self.doi}" if self.doi else ""
        table = f", {self.table}" if self.table else ""
        return f"{self.citation}{table}.{doi} [{self.status}]"
