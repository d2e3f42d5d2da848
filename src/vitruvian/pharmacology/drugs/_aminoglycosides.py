"""What gentamicin, tobramycin and amikacin share: sources, targets, monitoring."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.pharmacology.drug import LabelRule, Monitoring, Target

_INF = float("inf")
BULLETIN = Source(
    "Therapeutic drug monitoring of aminoglycosides. Christchurch Medicines Information Service bulletin, 25 May 2022",
    table="PK/PD targets, adults on once-daily dosing",
    status="primary",
)
PEAK = Source(
    "Moore RD, Lietman PS, Smith CR. Clinical response to aminoglycoside therapy: importance of the ratio of peak "
    "concentration to minimal inhibitory concentration. J Infect Dis 1987;155:93-99",
    "10.1093/infdis/155.1.93",
    status="two transcriptions agree",
)
ONCE_DAILY = Source(
    "Freeman CD, Nicolau DP, Belliveau PP, Nightingale CH. Once-daily dosing of aminoglycosides: review and "
    "recommendations for clinical practice. J Antimicrob Chemother 1997;39:677-686",
    "10.1093/jac/39.6.677",
    "abstract",
    "primary",
)
LABEL = Source("Aminoglycoside injection, prescribing information (FDA)", table="Warnings; Dosage and administration")
HOUSE = Source("Ceiling set by this project, far above any recommended dose", status="assumption")


def targets(auc: tuple[float, float], trough: float, mic: float) -> tuple[Target, ...]:
    """Once-daily targets: AUC24 in mg·h/L (default), peak of 8 to 12 MIC; harm: AUC24, trough (mg/L) above."""
    low, high = auc
    return (
        Target("auc24", "auc24", low, high, "mg.h/L", BULLETIN, indication="once-daily dosing"),
        Target("peak_mic", "peak", 8, 12, "1", PEAK, indication="Gram-negative infection", per_mic=True, mic=mic),
        Target("auc24_high", "auc24", 1.25 * high, _INF, "mg.h/L", HOUSE, kind="harm", indication="toxicity"),
        Target("trough_high", "trough", trough, _INF, "mg/L", BULLETIN, kind="harm", indication="kidney, hearing"),
    )


MONITORING = (
    Monitoring("serum creatinine", "before the first dose, then at least every two days", LABEL, "SCR", 48),
    Monitoring("body weight", "at the start", LABEL, "WT", 24 * 30),
    Monitoring("level", "two levels after the first or second dose, or one at 6 to 14 h and a trough", BULLETIN),
    Monitoring("hearing and balance", "at the start and weekly in courses of more than a week", LABEL),
)
RULES = (
    LabelRule(
        "impaired renal function",
        needs=("CRCL",),
        applies=lambda p: p["CRCL"] < 50,
        action="caution",
        consequence="The label requires longer intervals or lower doses, guided by levels.",
        source=LABEL,
    ),
)
