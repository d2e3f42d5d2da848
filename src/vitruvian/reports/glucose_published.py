"""What closed-loop systems reached in trials and in daily life, to stand beside a simulated one."""

from __future__ import annotations

from dataclasses import dataclass

from vitruvian.core import Source


@dataclass(frozen=True)
class Published:
    """One published result: percent of time in 70–180 mg/dL before and with the system, and below 70 and 54."""

    system: str
    who: str
    in_range: float
    source: Source
    before: float | None = None
    below_70: float | None = None
    below_70_before: float | None = None
    below_54: float | None = None


_PIVOTAL = Source("MiniMed 780G pivotal trial, PMC8971997", status="one transcription")
_WORLD = Source("MiniMed 780G in daily life, 101,629 users", status="unverified")
_IQ = Source(
    "Brown SA, et al. N Engl J Med 2019;381:1707; table in PMC9131039",
    doi="10.1056/NEJMoa1907863",
    status="one transcription",
    errata="61 % before was not checked in the paper.",
)
_IQ_WORLD = Source("Control-IQ in daily life, 9,010 users", status="unverified")
_FIVE = Source("Omnipod 5 pivotal trial", status="unverified", errata="64.7 % before was not checked in the paper.")

PUBLISHED = (
    Published("MiniMed 780G", "trial, 157 people", 74.5, _PIVOTAL, 68.8, 2.3, 3.3),
    Published("MiniMed 780G", "daily life, 101,629 users", 72.3, _WORLD),
    Published("Control-IQ", "trial", 71.0, _IQ, 61.0, 1.58, None, 0.29),
    Published("Control-IQ", "daily life, 9,010 users", 73.6, _IQ_WORLD, 63.6),
    Published("Omnipod 5", "trial, adults", 73.9, _FIVE, 64.7, 1.32),
    Published("Omnipod 5", "trial, children", 68.0, _FIVE, None, 1.78),
    Published("CamAPS", "trial, 2018", 65.0, Source("CamAPS, 2018", status="unverified")),
    Published("Diabeloop", "trial", 68.5, Source("Diabeloop", status="unverified")),
)
"""Real people: their days are harder and less known than simulated ones."""
