"""A drug as the heart meets it: how strongly it blocks each current, and at which concentration it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal

from vitruvian.core import DataError
from vitruvian.systems.cardiac_safety.block import CURRENTS

Risk = Literal["low", "intermediate", "high"]
RISKS: tuple[Risk, ...] = ("low", "intermediate", "high")
"""Classes of the risk of torsade de pointes, from the lowest."""


@dataclass(frozen=True)
class Potency:
    """Block of one current: IC50 in nM, Hill coefficient; 90 % intervals where the data set tells them."""

    ic50: float
    hill: float
    ic50_interval: tuple[float, float] | None = None
    hill_interval: tuple[float, float] | None = None


@dataclass(frozen=True)
class Binding:
    """Binding to hERG and trapping in it: rate Kmax·Ku·Cⁿ/(Cⁿ + halfmax) on, Ku off; closing by voltage at Vhalf."""

    Kmax: float  # 1
    Ku: float  # 1/ms
    n: float  # 1
    halfmax: float  # nM^n
    Vhalf: float  # mV


@dataclass(frozen=True)
class CardiacDrug:
    """A drug on the heart; `cmax` is the free (unbound) therapeutic peak in nM. A current not in `potency` is spared.

    With `binding` the kinetics act on IKr, and the potency of IKr serves models that lack them. `risk` is the known
    class, where there is one. Raises `DataError` naming the field for a number that cannot be.
    """

    name: str
    cmax: float
    potency: Mapping[str, Potency] = field(default_factory=dict)
    binding: Binding | None = None
    risk: Risk | None = None
    source: str = ""
    dataset: str = ""
    """Of the laboratory whose blocks these are, as thresholds name it."""

    def __post_init__(self) -> None:
        if not self.name.strip():
            raise DataError("a drug needs a name", got=repr(self.name))
        self._above_zero("Cmax (nM)", self.cmax)
        for current, one in self.potency.items():
            if current not in CURRENTS:
                raise self._wrong(f"block of {current}", current, ", ".join(CURRENTS))
            self._above_zero(f"{current} IC50 (nM)", one.ic50)
            self._above_zero(f"{current} Hill", one.hill)
            self._interval(f"{current} IC50 interval (nM)", one.ic50, one.ic50_interval)
            self._interval(f"{current} Hill interval", one.hill, one.hill_interval)
        if self.binding is not None:
            for name in ("Kmax", "Ku", "n", "halfmax"):
                self._above_zero(f"hERG {name}", getattr(self.binding, name))
            if not -300.0 <= self.binding.Vhalf <= 100.0:
                raise self._wrong("hERG Vhalf (mV)", self.binding.Vhalf, "-300 to 100")
        if self.risk is not None and self.risk not in RISKS:
            raise self._wrong("class", self.risk, ", ".join(RISKS))

    def _above_zero(self, what: str, value: float) -> None:
        if not 0.0 < value < inf:
            raise self._wrong(what, value, "a finite number above 0")

    def _interval(self, what: str, value: float, ends: tuple[float, float] | None) -> None:
        if ends is not None and not 0.0 < ends[0] <= value <= ends[1] < inf:
            raise self._wrong(what, ends, f"low ≤ {value:g} ≤ high, above 0")

    def _wrong(self, what: str, got: object, allowed: str) -> DataError:
        return DataError(f"{self.name}: {what}", got=got, allowed=allowed)
