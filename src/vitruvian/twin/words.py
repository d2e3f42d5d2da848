"""How metrics, units, ranges and harms are written for people: the one place for display names."""

from __future__ import annotations

from collections.abc import Iterable
from math import inf
from typing import TYPE_CHECKING

from vitruvian.core import unit_text as unit_text
from vitruvian.twin.answer import GoalStated, Interval, Option
from vitruvian.twin.metrics import limits, threshold

if TYPE_CHECKING:
    from vitruvian.model import Covariate
    from vitruvian.pharmacology import Target

_METRICS = {
    "auc24": "AUC24",
    "cumulative_auc": "cumulative AUC",
    "trough": "trough",
    "peak": "peak",
    "average": "average concentration",
    "inr": "INR",
    "time_above": "time above the limit",
}
_COVARIATES = {
    "AGE": "age", "WT": "body weight", "HT": "height", "BMI": "body mass index", "BSA": "body surface",
    "FFM": "fat-free mass", "SCR": "creatinine", "CRCL": "creatinine clearance", "EGFR": "eGFR",
    "EGFR_INDEXED": "eGFR (indexed)", "ALB": "albumin", "BILI": "bilirubin", "HCT": "haematocrit",
    "CRP": "C-reactive protein", "FEMALE": "sex", "PMA": "postmenstrual age", "GA": "gestational age",
    "DIALYSIS": "dialysis", "ADA": "anti-drug antibodies", "AF": "atrial fibrillation", "AMIODARONE": "amiodarone",
    "INR_BASE": "INR before treatment", "NVAF": "atrial fibrillation", "ACS": "acute coronary syndrome",
    "ASIAN": "Asian ancestry", "COMEDICATION": "another antiepileptic drug", "CYP2C19_REDUCED": "reduced CYP2C19",
    "CYP2C9_2": "CYP2C9*2 alleles", "CYP2C9_3": "CYP2C9*3 alleles", "CYP3A4_INDUCER": "a CYP3A4 inducer",
    "CYP3A5_EXPRESSOR": "CYP3A5*1 carrier", "CYSTIC_FIBROSIS": "cystic fibrosis", "DOSE": "last dose", "ECMO": "ECMO",
    "EGFR_CYSTATIN": "eGFR by cystatin C", "EVENING": "evening dose", "GIST": "gastrointestinal stromal tumour",
    "INHIBITOR": "strong inhibitor of CYP3A4 and P-glycoprotein (of the model's own study)",
    "PF": "arterial oxygen pressure over inspired fraction", "PGP_INHIBITOR": "a P-glycoprotein inhibitor",
    "VKORC1_A": "VKORC1 A alleles",
}  # fmt: skip
_PARAMETERS = {
    "CL": "clearance", "CLM": "clearance of the metabolite", "VM": "volume of the metabolite", "V": "volume",
    "V1": "volume", "V2": "volume", "V3": "volume", "VC": "central volume", "VP": "peripheral volume",
    "VP2": "second peripheral volume", "Q": "exchange with the periphery", "Q2": "second exchange",
    "KA": "absorption rate", "KTR": "transit rate", "F": "bioavailability", "LAG": "absorption lag",
    "VMAX": "largest elimination rate", "KM": "level of half that rate", "EC50": "half-maximal effect",
    "KDE": "elimination rate of the drug",
}  # fmt: skip


def metric_name(metric: str, above: str = "") -> str:
    """Name of a metric for people; `above` is what time_above counts from, as in "8 mg/L"."""
    if metric == "time_above" and above:
        return f"time above {above}"
    return _METRICS.get(metric, metric)


def output_name(output: str) -> str:
    """Name of a model's output for people."""
    return {"inr": "INR"}.get(output, output.replace("_", " "))


def covariate_name(name: str) -> str:
    """Name of a person's number for people: "WT" → "body weight"; names not known stay as they are."""
    return _COVARIATES.get(name, name)


def route_name(route: str) -> str:
    """A route for people: "by mouth", "into a vein", "under the skin"."""
    return {"oral": "by mouth", "iv": "into a vein", "sc": "under the skin"}.get(route, route)


def covariate_value(covariate: Covariate, value: float) -> str:
    """A person's number for people: "8.63 kg", "no"."""
    said = {float(k): text for k, text in (covariate.categories or {}).items()}
    if covariate.unit == "1" and not said and value in (0.0, 1.0):
        said = {0.0: "no", 1.0: "yes"}
    return said.get(value) or f"{number_text(value)} {unit_text(covariate.unit)}".strip()


def parameter_name(name: str) -> str:
    """Name of a model parameter for people, symbol kept: "CL" → "clearance (CL)"."""
    known = _PARAMETERS.get(name)
    return name if known is None else (known if name in known else f"{known} ({name})")


def number_text(value: float) -> str:
    """Three significant digits, never an exponent: 0.0123, 1.5, 48.2, 523, 15230."""
    if value == 0:
        return "0"
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{float(f'{value:.3g}'):.12f}".rstrip("0").rstrip(".")


def range_text(low: float | None, high: float | None, unit: str = "") -> str:
    """ "400–600 mg·h/L", "above 600 mg·h/L" (no upper end) or "below 12 mg/L" (no lower end)."""
    bottom, top = low or 0.0, inf if high is None else high
    closed = f"below {top:.6g}" if bottom <= 0 else f"{bottom:.6g}–{top:.6g}"
    text = f"above {bottom:.6g}" if top == inf else closed
    return f"{text} {unit_text(unit)}".strip()


def target_unit(target: Target) -> str:
    """UCUM unit of the limits of `target`: multiples of a MIC are resolved to mg/L."""
    return "mg/L" if target.per_mic and target.metric != "time_above" else target.unit


def target_name(target: Target) -> str:
    """Name of the metric of `target`, its threshold included: "AUC24", "time above 8 mg/L", "unbound trough"."""
    above = ""
    if target.metric == "time_above":
        above = f"{threshold(target):.6g} {'mg/L' if target.per_mic else ''}".strip()
    name = metric_name(target.metric, above)
    return f"unbound {name}" if target.unbound != 1.0 else name


def target_text(target: Target) -> str:
    """Metric and range of a goal or a harm: "AUC24 400–600 mg·h/L", "trough above 20 mg/L", "INR above 4"."""
    low, high = limits(target)
    if target.metric == "time_above" and high == inf:
        return f"{target_name(target)} for at least {low:.6g} % of the interval"
    return f"{target_name(target)} {range_text(low, high, target_unit(target))}"


def harms_text(goal: GoalStated | None, option: Option) -> list[tuple[str, float]]:
    """Each harm in few words with its probability under a regimen; both lists follow the order of the goal."""
    stated = () if goal is None else goal.harms
    names = stated if len(stated) == len(option.p_harm) else tuple(option.p_harm)
    return [(name.split(" (")[0], p) for name, p in zip(names, option.p_harm.values(), strict=True)]


def interval_text(interval: Interval, *, unit: bool = True) -> str:
    """Median and 90 % interval: "485 (355–731) mg·h/L"."""
    text = f"{_three(interval.median)} ({_three(interval.low)}–{_three(interval.high)})"
    return f"{text} {unit_text(interval.unit)}".strip() if unit else text


def age_text(hours: float | None) -> str:
    """How old a datum is: "40 min", "5 h", "3 d", "2.1 years"; nothing where it has no moment."""
    if hours is None:
        return ""
    if hours < 1:
        return f"{60 * hours:.0f} min"
    if hours < 48:
        return f"{hours:.0f} h"
    return f"{hours / 24:.0f} d" if hours < 2 * 8766 else f"{hours / 8766:.1f} years"


def listed(names: Iterable[str]) -> str:
    """ "creatinine, body weight and height"."""
    *first, last = list(names)
    return f"{', '.join(first)} and {last}" if first else last


def percent_text(p: float) -> str:
    """A probability: whole percent, and never a certainty that draws cannot show ("<1 %", ">99 %")."""
    if p < 0.0095:
        return "<1 %"
    return ">99 %" if p > 0.9905 else f"{100 * p:.0f} %"


def _three(value: float) -> str:
    """Three significant digits with their zeros, so that a column of numbers shows one precision."""
    return f"{value:.0f}" if abs(value) >= 99.95 else f"{value:#.3g}".rstrip(".")
