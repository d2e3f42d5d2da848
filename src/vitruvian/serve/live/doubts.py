"""What is doubtful of samples that were kept all the same, told with the acknowledgement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from pydantic import BaseModel

from vitruvian.core import now_ms
from vitruvian.record import Samples, doubts_of
from vitruvian.tables.signals import signals

_WORDS: Mapping[str, str] = {
    "no_unit": "no unit: the value cannot be used",
    "wrong_unit": "the unit does not lead to that of the signal: the value cannot be used",
    "no_value": "no value",
    "implausible": "outside the plausible range of the signal",
    "future": "more than a day ahead of the clock here",
    "reversed": "ends before it starts",
    "no_offset": "time without an offset: taken as UTC",
}


class UnknownSignal(BaseModel):
    """A name that no table knows: kept, but nothing watches it. `meant`: names that are near."""

    signal: str
    samples: int
    meant: list[str]


class Doubted(BaseModel):
    """Samples that were kept and are doubted; `allowed` is the unit of the signal, or its range."""

    signal: str
    unit: str
    reason: str
    told: str
    samples: int
    allowed: str = ""


def doubts(found: Iterable[Samples]) -> dict[str, list[UnknownSignal] | list[Doubted]]:
    """`unknown_signals` and `doubted` of batches, each only where there are any."""
    now, counts = now_ms(), Counter[tuple[str, str, str]]()
    for one in found:
        for reason, count in doubts_of(one, now).items():
            counts[one.signal, one.unit if reason != "unknown_signal" else "", reason] += count
    unknown = [_unknown(name, n) for (name, _, reason), n in counts.items() if reason == "unknown_signal"]
    doubted = [_doubted(*key, n) for key, n in counts.items() if key[2] != "unknown_signal"]
    told: dict[str, list[UnknownSignal] | list[Doubted]] = {"unknown_signals": unknown, "doubted": doubted}
    return {name: some for name, some in told.items() if some}


def _unknown(name: str, samples: int) -> UnknownSignal:
    return UnknownSignal(signal=name, samples=samples, meant=get_close_matches(name.lower(), signals(), 3, 0.6))


def _doubted(name: str, unit: str, reason: str, samples: int) -> Doubted:
    known, allowed = signals().get(name), ""
    if known is not None and reason in ("no_unit", "wrong_unit"):
        allowed = f"a unit such as {known.unit}"
    elif known is not None and reason == "implausible":
        allowed = f"{known.low:g} to {known.high:g} {known.unit}"
    return Doubted(signal=name, unit=unit, reason=reason, told=_WORDS[reason], samples=samples, allowed=allowed)
