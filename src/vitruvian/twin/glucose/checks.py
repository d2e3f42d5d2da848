"""What entries are left out or doubted before a twin reads them, and why; pure functions of columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from jaxtyping import Bool, Float, Int

from vitruvian.core import DataError
from vitruvian.twin.answer import Message
from vitruvian.twin.glucose.entries import MINUTE, Entries

MMOL = 18.016
"""mg/dL in one mmol/L of glucose."""
_READABLE = (20.0, 600.0)  # mg/dL: the widest range of sensors on the market
_LOW_UNIT = 35.0  # mg/dL: nobody's median; in mmol/L it would be 630 mg/dL
_LARGEST = {"carbohydrates": 400.0, "insulin_bolus": 60.0, "insulin_basal": 150.0}
_TYPED_TEN = 15.0  # U: below this a bolus ten times too large cannot be told from a large one
_DAILY = (4.0, 250.0)  # U/d of a person with type 1 diabetes
_SAME_MS = 10 * MINUTE


def checked(entries: Mapping[str, Entries]) -> tuple[dict[str, Entries], list[Message]]:
    """The entries that may be used, in order of time, and what was left out or is doubtful.

    Raises `DataError` where all glucose is in another unit than it says, or insulin as a whole cannot be in units.
    """
    kept: dict[str, Entries] = {}
    said: list[Message] = []
    for signal, one in entries.items():
        good, told = _ordered(signal, one)
        said += told
        for rule in _RULES.get(signal, (_no_number,)):
            keep, text = rule(signal, good)
            if not keep.all():
                said.append(Message("warning", _code(rule.__name__), _counted(good, ~keep, text[0]), text[1]))
                good = good.only(keep)
        kept[signal] = good
    said += list(_insulin_as_a_whole(kept))
    return kept, said


Verdict = tuple[Bool[np.ndarray, " n"], tuple[str, str]]


def _ordered(signal: str, one: Entries) -> tuple[Entries, list[Message]]:
    if len(one) < 2 or (np.diff(one.start) >= 0).all():
        return one, []
    back = int((np.diff(one.start) < 0).sum())
    text = f"{signal}: times run backwards at {back} place{'s' if back > 1 else ''}; the entries were put in order"
    order = np.argsort(one.start, kind="stable")
    return one.only(order), [Message("note", "unsorted", text, "Check that the clock was not changed meanwhile.")]


def _no_number(signal: str, one: Entries) -> Verdict:
    return np.isfinite(one.value), ("without a number in a known unit", "Correct the entries and take them in again.")


def _negative(signal: str, one: Entries) -> Verdict:
    return one.value >= 0, ("negative", "Correct them in the app that they come from, or delete them there.")


def _too_large(signal: str, one: Entries) -> Verdict:
    most = _LARGEST[signal]
    return one.value <= most, (f"above {most:g}, more than anyone takes at once", "Check how the amounts were typed.")


def _typed_ten(signal: str, one: Entries) -> Verdict:
    usual = float(np.median(one.value[one.value > 0])) if (one.value > 0).sum() >= 5 else np.inf
    text = f"eight times the usual dose of {usual:g} U or more: perhaps typed ten times too large"
    return (one.value < _TYPED_TEN) | (one.value < 8 * usual), (text, "Check the doses; correct or confirm them.")


def _other_unit(signal: str, one: Entries) -> Verdict:
    """Glucose by source: one whose median is below 35 mg/dL is in mmol/L, whatever its unit says."""
    names = np.array(one.source, object)
    wrong = np.zeros(len(one), bool)
    for name in dict.fromkeys(one.source):
        mine = names == name
        wrong |= mine & (np.median(one.value[mine]) < _LOW_UNIT)
    todo = f"Say that the unit is mmol/L (1 mmol/L = {MMOL:g} mg/dL) and take the file in again."
    if len(one) and wrong.all():
        got = f"a median of {np.median(one.value):.3g} mg/dL in {len(one)} readings"
        raise DataError("glucose that is said to be in mg/dL is in mmol/L by its level", got=got, todo=todo)
    return ~wrong, ("of a source whose level can only be mmol/L", todo)


def _unreadable(signal: str, one: Entries) -> Verdict:
    low, high = _READABLE
    text = f"outside {low:g}–{high:g} mg/dL, what sensors can read"
    return (one.value >= low) & (one.value <= high), (text, "Nothing: they are not used.")


def _twice(signal: str, one: Entries) -> Verdict:
    """The same amount again within ten minutes from another source, or at the very same moment."""
    keep = np.ones(len(one), bool)
    for k in range(1, len(one)):
        for j in range(k - 1, -1, -1):
            if one.start[k] - one.start[j] > _SAME_MS:
                break
            same = abs(one.value[k] - one.value[j]) <= 0.05 * max(one.value[k], one.value[j])
            if keep[j] and same and (one.source[k] != one.source[j] or one.start[k] == one.start[j]):
                keep[k] = False
    return keep, ("told twice (same amount within 10 min by another source)", "Nothing: each is counted once.")


_RULES = {
    "glucose": (_no_number, _other_unit, _unreadable),
    "carbohydrates": (_no_number, _negative, _too_large, _twice),
    "insulin_bolus": (_no_number, _negative, _too_large, _typed_ten, _twice),
    "insulin_basal": (_no_number, _negative, _too_large, _twice),
    "insulin_basal_rate": (_no_number, _negative),
}


def _insulin_as_a_whole(entries: Mapping[str, Entries]) -> Iterator[Message]:
    parts = [entries[name] for name in ("insulin_bolus", "insulin_basal") if name in entries and len(entries[name])]
    if not parts or entries.get("insulin_basal_rate"):
        return
    start = np.concatenate([one.start for one in parts])
    days = max(float(start.max() - start.min()) / (24 * 60 * MINUTE), 1.0)
    daily = float(sum(one.value.sum() for one in parts)) / days
    if daily > _DAILY[1]:
        got = f"{daily:.0f} U a day over {days:.0f} days"
        raise DataError("insulin cannot be in units", got=got, todo="Check the unit of the export (tenths of a unit?).")
    if days > 2 and daily < _DAILY[0]:
        text = f"only {daily:.1f} U of insulin a day are recorded"
        yield Message("warning", "little-insulin", text, "Take in all insulin: without it the twin blames the person.")


def compression_lows(
    minute: Float[np.ndarray, N], glucose: Float[np.ndarray, N], eaten: Float[np.ndarray, M], night: Bool[np.ndarray, N]
) -> Bool[np.ndarray, N]:
    """Readings in a sudden dip at night that ends as suddenly without food: somebody lay on the sensor.

    A dip begins with a fall by 20 mg/dL or more, at 2 mg/dL/min or faster, to below 80, and ends within 90 minutes with
    a rise as fast, with nothing eaten from its begin to its end (`eaten`: minutes of meals).
    """
    marked = np.zeros(len(glucose), bool)
    k = 1
    while k < len(glucose):
        if not (night[k] and glucose[k] < 80.0 and _step(minute, glucose, k) <= -20.0):
            k += 1
            continue
        end = next((j for j in range(k + 1, len(glucose)) if _step(minute, glucose, j) >= 20.0), None)
        if end is not None and minute[end] - minute[k] <= 90.0:
            fed = ((eaten >= minute[k] - 10.0) & (eaten <= minute[end])).any()
            if not fed and glucose[end] >= 75.0:
                marked[k:end] = True
                k = end
        k += 1
    return marked


def _step(minute: Float[np.ndarray, N], glucose: Float[np.ndarray, N], k: int) -> float:
    """Largest change to reading `k` from one up to 20 minutes before, of those at 2 mg/dL/min or faster."""
    near = [j for j in range(k - 1, max(k - 6, -1), -1) if minute[k] - minute[j] <= 20.0]
    changes = [glucose[k] - glucose[j] for j in near if abs(glucose[k] - glucose[j]) >= 2.0 * (minute[k] - minute[j])]
    return max(changes, key=abs, default=0.0)


def _counted(one: Entries, out: Bool[np.ndarray, N], text: str) -> str:
    values = one.value[out]
    shown = ", ".join(f"{v:g}" for v in values[:3]) + (" …" if len(values) > 3 else "")
    return f"{int(out.sum())} of {len(one)} left out: {text} ({shown})"


def _code(name: str) -> str:
    return name.strip("_").replace("_", "-")


def gaps(minute: Int[np.ndarray, N], longest: float = 30.0) -> Float[np.ndarray, M]:
    """Lengths in minutes of the times between readings that are longer than `longest`."""
    between = np.diff(np.sort(minute)).astype(float)
    return between[between > longest]
