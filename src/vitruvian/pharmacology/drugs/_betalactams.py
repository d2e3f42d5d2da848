"""What meropenem and piperacillin share: sources and targets on the time above the MIC."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import Monitoring, Target

_INF = float("inf")
TOXICITY = Source(
    "Imani S, Buscher H, Marriott D, Gentili S, Sandaradura I. Too much of a good thing: a retrospective study of "
    "beta-lactam concentration-toxicity relationships. J Antimicrob Chemother 2017;72:2891-2897",
    "10.1093/jac/dkx209",
    "abstract: trough with 50 % risk",
    "primary",
)
CRITICAL = Source(
    "Pai Mangalore R, Peel TN, Udy AA, Peleg AY. The clinical application of beta-lactam antibiotic therapeutic drug "
    "monitoring in the critical care setting. J Antimicrob Chemother 2023;78:2395-2405",
    "10.1093/jac/dkad223",
    status="one transcription",
)
EUCAST = Source("EUCAST clinical breakpoints, susceptible category", status="one transcription")
HOUSE = Source("Ceiling set by this project, above any recommended dose", status="assumption")


def time_above(name: str, percent: float, unbound: float, mic: float, source: Source, times: float = 1) -> Target:
    """At least `percent` of the interval with unbound concentration above `times` the MIC (mg/L)."""
    return Target(
        name, "time_above", percent, 100, "%", source, threshold=times, per_mic=True, mic=mic, unbound=unbound
    )


def trough_high(name: str, limit: float, indication: str) -> Target:
    """Harm: total trough (mg/L) above which half of the people had the adverse effect."""
    return Target(name, "trough", limit, _INF, "mg/L", TOXICITY, kind="harm", indication=indication)


def monitoring(label: Source) -> tuple[Monitoring, ...]:
    """Measurements that a beta-lactam needs."""
    return (
        Monitoring("serum creatinine", "before the first dose, then every two to three days", label, "SCR", 72),
        Monitoring("level", "trough after the first day, and when renal function changes", CRITICAL),
    )
