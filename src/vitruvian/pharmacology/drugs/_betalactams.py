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
    "Huttner A, Harbarth S, Hope WW, Lipman J, Roberts JA. Therapeutic drug monitoring of the beta-lactam antibiotics. "
    "J Antimicrob Chemother 2015;70:3178-3183",
    "10.1093/jac/dkv201",
    "abstract: most centres aim at 100 % of the time above the MIC",
    "primary",
)
FOUR_TIMES = Source(
    "Schoenenberger-Arnaiz JA, Ahmad-Diaz F, Miralbes-Torner M, et al. Usefulness of therapeutic drug monitoring of "
    "piperacillin and meropenem in routine clinical practice. Eur J Hosp Pharm 2020;27:e30",
    table="abstract: plasma level above four times the MIC",
    status="primary",
)
HOUSE = Source("Ceiling set by this project, above any recommended dose", status="assumption")


def time_above(name: str, percent: float, unbound: float, mic: float, source: Source, times: float = 1) -> Target:
    """At least `percent` of the interval with unbound concentration above `times` the MIC (mg/L)."""
    return Target(
        name,
        "time_above",
        min(percent, 99),  # the whole interval, but for rounding
        _INF,
        "%",
        source,
        indication=f"MIC up to {mic:g} mg/L, the EUCAST breakpoint, unless measured",
        threshold=times,
        per_mic=True,
        mic=mic,
        unbound=unbound,
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
