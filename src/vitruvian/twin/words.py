"""How metrics, units, ranges and harms are written for people: the one place for display names."""

from __future__ import annotations

from math import inf

from vitruvian.pharmacology import Target
from vitruvian.twin.metrics import limits, threshold

_METRICS = {
    "auc24": "AUC24",
    "cumulative_auc": "cumulative AUC",
    "trough": "trough",
    "peak": "peak",
    "average": "average concentration",
    "inr": "INR",
    "time_above": "time above the limit",
}
_UNITS = {"1": "", "{INR}": "", "{ratio}": "", "%": "%"}


def metric_name(metric: str, above: str = "") -> str:
    """Name of a metric for people; `above` is what time_above counts from, as in "8 mg/L"."""
    if metric == "time_above" and above:
        return f"time above {above}"
    return _METRICS.get(metric, metric)


def output_name(output: str) -> str:
    """Name of a model's output for people."""
    return {"inr": "INR"}.get(output, output.replace("_", " "))


def unit_text(unit: str) -> str:
    """A UCUM unit for people: "mg.h/L" → "mg·h/L", "umol/L" → "µmol/L"; nothing for numbers without unit."""
    if unit in _UNITS:
        return _UNITS[unit]
    text = unit.replace("{1.73_m2}", "1,73 m²").replace(".", "·").replace("1,73", "1.73")
    text = text.replace("m2", "m²").replace("10*9", "10⁹")
    return "·".join("/".join(_micro(part) for part in factor.split("/")) for factor in text.split("·"))


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


def percent_text(p: float) -> str:
    """A probability: whole percent, and never a certainty that draws cannot show ("<1 %", ">99 %")."""
    if p < 0.005:
        return "<1 %"
    return ">99 %" if p > 0.995 else f"{100 * p:.0f} %"


def _micro(part: str) -> str:
    return f"µ{part[1:]}" if part in ("ug", "umol", "uL", "u[IU]") else part
