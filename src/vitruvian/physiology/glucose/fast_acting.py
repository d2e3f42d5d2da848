"""Insulins given with meals: how fast they leave the skin, for any model with rates of absorption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from vitruvian.core import Source, UnsupportedError

_RATES = (("ka1", "ka2", "kd"), ("k21", "ka", "kd"), ("kd", "ka2"))
_TIMES = ("tmaxI",)


@dataclass(frozen=True)
class FastActing:
    """An insulin that is absorbed `speed` times as fast as the one that models were made for (aspart, lispro)."""

    name: str
    speed: float
    source: Source

    def parameters(self, p: Mapping[str, Any]) -> dict[str, Any]:
        """`p` of a model with this insulin; basal rate and total effect stay. Raises `UnsupportedError`."""
        for names in _RATES:
            if all(name in p for name in names):
                return {**p, **{name: p[name] * self.speed for name in names}}
        if all(name in p for name in _TIMES):
            return {**p, **{name: p[name] / self.speed for name in _TIMES}}
        raise UnsupportedError("the model has no absorption of insulin", got=", ".join(p))


ASPART = FastActing("aspart", 1.0, Source("The insulin of the models' own data", status="assumption"))
FASTER_ASPART = FastActing(
    "faster aspart", 75.0 / 55.0,
    Source("Peak of activity after 55 rather than 75 minutes: LoopKit, exponential insulin models",
           status="one transcription"),
)  # fmt: skip
REGULAR = FastActing(
    "regular human", 45.0 / 100.0,
    Source("NovoLog (insulin aspart), US prescribing information: largest concentration after 40 to 50 minutes, of "
           "regular human insulin after 80 to 120", status="one transcription"),
)  # fmt: skip
FAST_ACTING = {one.name: one for one in (ASPART, FASTER_ASPART, REGULAR)}
