"""One thing to say of an order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vitruvian.twin.doors.door import Told

Topic = Literal["allergy", "dose", "interaction", "genotype"]
Weight = Literal["info", "warning", "critical"]
LONGEST = 139
"""Letters of a summary: one less than what CDS Hooks allows."""


@dataclass(frozen=True)
class Note:
    """A sentence, what lies behind it (Markdown), and its source; `told` the answer where it recommends a regimen."""

    topic: Topic
    weight: Weight
    drug: str
    summary: str
    detail: str
    source: str = ""
    told: Told | None = None

    def __post_init__(self) -> None:
        if len(self.summary) > LONGEST:
            object.__setattr__(self, "summary", self.summary[: LONGEST - 1].rstrip() + "…")


def listed(lines: tuple[str, ...]) -> str:
    """Lines as a Markdown list."""
    return "\n".join(f"- {line}" for line in lines if line)
