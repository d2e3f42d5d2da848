"""How often a watch calls for nothing: alerts on the person's own past, as a rate a day with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Rate:
    """Alerts a day over `days`, with the exact 95 % interval (Garwood F. Biometrika 1936;28:437).

    Nobody judged the past: some of these alerts may have been right, so that false ones are no more than this.
    """

    alerts: int
    days: float
    by_kind: dict[str, int] = field(default_factory=dict)

    @property
    def per_day(self) -> float:
        """Alerts a day."""
        return self.alerts / self.days

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return _chi2(0.025, 2 * self.alerts) / 2.0 / self.days if self.alerts else 0.0

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return _chi2(0.975, 2 * self.alerts + 2) / 2.0 / self.days

    def __str__(self) -> str:
        days = f"{self.days:.1f} days of this person's own past"
        return f"at most {self.per_day:.2f} false alerts a day (95 % interval {self.low:.2f}–{self.high:.2f}; {days})"


def together(rates: list[Rate]) -> Rate | None:
    """The rate of several signals of one person, over the longest of their times, rounded up; None for none."""
    if not rates:
        return None
    kinds: dict[str, int] = {}
    for one in rates:
        for kind, count in one.by_kind.items():
            kinds[kind] = kinds.get(kind, 0) + count
    days = max(one.days for one in rates)
    return Rate(math.ceil(sum(one.per_day for one in rates) * days - 1e-9), days, kinds)


def _chi2(p: float, freedom: int) -> float:
    """Quantile of a chi-squared variable."""
    from scipy.stats import chi2

    return float(chi2.ppf(p, freedom))
