"""How the metabolic twin stands: the newest reading, what is missing, and how well it explains the days."""

from __future__ import annotations

import numpy as np

from vitruvian.core import now_ms, to_ms
from vitruvian.twin.doors.door import Missing, State, Status
from vitruvian.twin.glucose import Evidence, GlucoseTwin, learned_until

_PER_DAY = 288
_LIVE_MIN = 15.0
_FEWEST = 48


def status_of(evidence: Evidence, twin: GlucoseTwin | None, passed_over: str = "") -> Status:
    """The state of one person with sensor glucose; `passed_over` says why a kept twin is not taken."""
    edge = evidence.newest
    at = evidence.moment(edge)
    minutes = (now_ms() - to_ms(at)) / 60_000
    missing = _missing(evidence, minutes)
    count = int(np.isfinite(evidence.glucose[max(edge - 3 * _PER_DAY, 0) : edge + 1]).sum())
    state: State = "blocked" if count < _FEWEST else "stale" if minutes > _LIVE_MIN else "ready"
    text = f"Glucose was {evidence.glucose[edge]:.0f} mg/dL at the newest reading, {_age(minutes)} old."
    if count < _FEWEST:
        text += f" {count} readings in three days are too few to learn from."
    return Status(
        state, text, at.isoformat(), _credible(evidence, twin, passed_over), missing, "Where does glucose go?"
    )


def _missing(evidence: Evidence, minutes: float) -> tuple[Missing, ...]:
    day = slice(max(evidence.newest - _PER_DAY, 0), evidence.newest + 1)
    found = []
    if minutes > _LIVE_MIN:
        found.append(Missing("a reading of now", "A forecast or bolus is for the newest reading, not for now.",
                             "Connect the sensor, or take in its newest export."))  # fmt: skip
    if not (evidence.bolus[day].any() or evidence.basal[day].any() or evidence.long_acting[day].any()):
        found.append(Missing("insulin of the last day", "What is on board is unknown: no bolus is proposed.",
                             "Take in the log of the pump or pen."))  # fmt: skip
    if not evidence.carbohydrates[day].any():
        found.append(Missing("meals of the last day", "Rises by food cannot be told from other rises.",
                             "Take in the log of carbohydrates."))  # fmt: skip
    share = float(np.isfinite(evidence.glucose[: evidence.newest + 1]).mean())
    if share < 0.7:
        found.append(Missing(f"{100 * (1 - share):.0f} % of readings", "The usual day needs 70 % of two weeks.",
                             "Take in the missing days."))  # fmt: skip
    return tuple(found)


def _credible(evidence: Evidence, twin: GlucoseTwin | None, passed_over: str) -> str:
    days = (evidence.newest + 1) / _PER_DAY
    if twin is None:
        text = f"{days:.0f} days of readings; the twin is learned at the next question (some seconds)."
        return f"{text} {_sentence(passed_over)}" if passed_over else text
    learned = sum(one.learned for one in twin.unknowns)
    text = f"Learned from {(twin.last - twin.first) / _PER_DAY:.0f} days: the twin is off by {twin.sd:.0f} mg/dL (SD);"
    text = f"{text} these data inform {learned} of its {len(twin.unknowns)} parameters."
    return f"{text} {_sentence(learned_until(twin, evidence).text)}"


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _age(minutes: float) -> str:
    if minutes < 120:
        return f"{minutes:.0f} min"
    return f"{minutes / 60:.0f} h" if minutes < 2880 else f"{minutes / 1440:.0f} days"
