"""What is watched in each signal, and where every threshold is from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

NEWS2 = "Royal College of Physicians. National Early Warning Score (NEWS) 2. London: RCP, 2017 (a single score of 3)."
RANGES = "Battelino T et al. Diabetes Care 2019;42:1593, doi:10.2337/dci19-0028 (level 2 hypo- and hyperglycaemia)."
DELAY = "Görges M et al. Anesth Analg 2009;108:1546 (a delay of 19 s removes two thirds of ineffective alarms)."
SIGNAL_LOSS = "Signal-loss alert of glucose sensors after 20 min (user guide of the Dexcom G6)."
MAD = "Rousseeuw PJ, Croux C. J Am Stat Assoc 1993;88:1273 (median absolute deviation, factor 1.4826)."
MODIFIED_Z = "Iglewicz B, Hoaglin DC. How to Detect and Handle Outliers. ASQC, 1993 (modified z score above 3.5)."
CUSUM = "Page ES. Biometrika 1954;41:100; k = 0.5 and h from 5: Montgomery DC, Statistical Quality Control, ch. 9."
ROBUST_CUSUM = "Lucas JM, Crosier RB. Commun Stat Theory Methods 1982;11:2669 (outliers do not drive a CUSUM)."
CONFORMAL = "Lei J et al. J Am Stat Assoc 2018;113:1094 (bands from the quantiles of past residuals)."
HAMPEL = "Hampel FR. J Am Stat Assoc 1974;69:383; Pearson RK. IEEE Trans Control Syst Technol 2002;10:55."


@dataclass(frozen=True)
class Rule:
    """How one signal is watched; values in its canonical unit (`tables/signals`).

    `low` and `high` are the limits that call for somebody at once, after `delay_s` beyond them. Samples are judged
    together in windows of `window_s` (0: each by itself). A forecast looks `ahead` windows back. A `jump` away from
    the samples before it is doubted until others agree. `stuck_s`: how long the same value may stay (None: for ever).
    `silence_s`: the shortest silence that may count as a missing signal. `grain` is the least spread that is believed.
    """

    signal: str
    low: float | None
    high: float | None
    window_s: float
    delay_s: float
    ahead: int
    jump: float
    stuck_s: float | None
    silence_s: float
    grain: float
    sources: tuple[str, ...]

    @property
    def window_ms(self) -> int:
        """Length of a window, 0 where each sample is judged by itself."""
        return round(1000 * self.window_s)


_VITAL = (NEWS2, DELAY)
_ALL = (
    Rule("heart_rate", 40.0, 131.0, 60, 19, 5, 40.0, 1800, 60, 2.0, _VITAL),
    Rule("respiratory_rate", 8.0, 25.0, 60, 19, 5, 15.0, 3600, 60, 1.0, _VITAL),
    Rule("oxygen_saturation", 91.0, None, 60, 19, 5, 10.0, None, 60, 1.0, _VITAL),
    Rule("body_temperature", 35.0, None, 300, 600, 6, 1.5, None, 3600, 0.2, (NEWS2,)),
    Rule("systolic_blood_pressure", 90.0, 220.0, 60, 19, 5, 60.0, 3600, 3600, 4.0, _VITAL),
    Rule("glucose", 54.0, 250.0, 0, 290, 6, 45.0, 5400, 1200, 5.0, (RANGES, SIGNAL_LOSS)),
)
RULES: Mapping[str, Rule] = MappingProxyType({one.signal: one for one in _ALL})
"""Signals that are watched, by name. Limits include the value itself."""

SET_HERE = (
    "The lengths of windows, jumps, the time that a value may stay the same, the silence of other signals and the "
    "delay of glucose limits (two readings) are set here and tested on made-up people."
)
