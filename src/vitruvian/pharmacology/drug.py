"""What is known of a drug beside its models: products, targets, limits, regimens, label criteria, monitoring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf
from typing import Literal, TypeVar

from vitruvian.core import DataError, Source, UnknownNameError
from vitruvian.model import Model

Metric = Literal["auc24", "trough", "peak", "time_above", "inr", "cumulative_auc", "average"]
Person = Mapping[str, float]
"""Numbers of a person by covariate name (WT kg, AGE y, SCR mg/dL, CRCL mL/min, …)."""


@dataclass(frozen=True)
class Product:
    """One thing that a pharmacy hands out.

    `strength` (in `unit`) is what one tablet, capsule, vial or pen holds, as labelled; `moiety_factor` turns
    labelled amount into the amount of the moiety that the models dose and measure (salts and prodrugs < 1).
    `divisible` is the number of equal parts a unit can be split into; `increment` the smallest step of a
    measured dose (solutions), which then replaces whole units.
    """

    form: str
    strength: float
    unit: str = "mg"
    route: str = "oral"
    moiety_factor: float = 1.0
    divisible: int = 1
    increment: float | None = None

    @property
    def step(self) -> float:
        """Smallest step of a dose with this product, in `unit`."""
        return self.increment if self.increment is not None else self.strength / self.divisible


@dataclass(frozen=True)
class Target:
    """A range that a metric of an output should reach (`kind` "efficacy") or that it must not (`kind` "harm").

    Efficacy: low ≤ value ≤ high is success. Harm: low ≤ value ≤ high is the region of harm.
    `metric`: auc24 (output·h per 24 h), trough, peak, average, cumulative_auc, inr (value of the output), or
    time_above (percent of the interval above `threshold`). With `per_mic` the limits (time_above: the threshold)
    are multiples of the MIC, whose default is `mic` (mg/L). `unbound` multiplies the concentration first.
    `when`: "steady_state", "day_1", "all" (whole course), or a time in hours.
    """

    name: str
    metric: Metric
    low: float
    high: float
    unit: str
    source: Source
    kind: Literal["efficacy", "harm"] = "efficacy"
    indication: str = ""
    output: str = "concentration"
    threshold: float | None = None
    per_mic: bool = False
    mic: float | None = None
    unbound: float = 1.0
    when: str | float = "steady_state"


@dataclass(frozen=True)
class Monitoring:
    """A measurement that dosing this drug requires.

    `covariate` is the person number it feeds, if any; `max_age` (hours) is how old it may be to be used.
    """

    what: str
    when: str
    source: Source
    covariate: str | None = None
    max_age: float | None = None


@dataclass(frozen=True)
class Limit:
    """A limit on a dose: `quantity` single or daily (unit an amount, per kg or per m²) or rate (amount per hour).

    `kind` absolute: outside is refused. recommended: outside is said, with the source.
    """

    quantity: Literal["single", "daily", "rate"]
    kind: Literal["absolute", "recommended"]
    high: float
    unit: str
    source: Source
    low: float = 0.0


@dataclass(frozen=True)
class Bounds:
    """All limits of a drug's dose."""

    limits: tuple[Limit, ...]

    def range(
        self, quantity: str, kind: str = "absolute", *, weight: float | None = None, bsa: float | None = None
    ) -> tuple[float, float]:
        """Tightest (low, high) in plain amounts (rate: per hour); (0, inf) if no such limit exists.

        `weight` in kg, `bsa` in m². Raises `DataError` if a limit per kg or per m² needs a number not given.
        """
        low, high = 0.0, inf
        for limit in self.limits:
            if limit.quantity == quantity and limit.kind == kind:
                scale = _scale(limit.unit, weight, bsa)
                low, high = max(low, limit.low * scale), min(high, limit.high * scale)
        return low, high


@dataclass(frozen=True)
class LabelRule:
    """A criterion of the label that binds the dose.

    `applies` is a pure function of the person numbers named in `needs`. `action`: "amount" (the single dose is
    `amount` `unit`), "maximum" (single dose at most that), "maximum_daily", "avoid" (not to be given), or "caution".
    """

    name: str
    needs: tuple[str, ...]
    applies: Callable[[Person], bool]
    action: Literal["amount", "maximum", "maximum_daily", "avoid", "caution"]
    consequence: str
    source: Source
    amount: float | None = None
    unit: str = "mg"
    indication: str = ""

    def check(self, person: Person) -> bool:
        """Whether the rule binds this person; raises `DataError` if a needed number is missing."""
        missing = [name for name in self.needs if name not in person]
        if missing:
            raise DataError(
                f"label rule {self.name!r} cannot be checked",
                got=f"no {', '.join(missing)}",
                todo="Record the missing number before dosing.",
            )
        return bool(self.applies(person))


@dataclass(frozen=True)
class Loading:
    """A first, larger dose: range in `unit` (may be per kg)."""

    low: float
    high: float
    unit: str
    source: Source


@dataclass(frozen=True)
class Regimen:
    """Ingredients of candidate regimens on one route: intervals and infusion durations in hours, a loading dose.

    `durations` is empty for routes without infusion; `continuous` allows a constant infusion.
    """

    route: str
    intervals: tuple[float, ...]
    durations: tuple[float, ...] = ()
    loading: Loading | None = None
    continuous: bool = False


@dataclass(frozen=True)
class StandardDose:
    """The dose that label or guideline gives before anything is known but size: what personalised doses stand beside.

    `amount` in `unit` (mg, mg/kg, mg/m2) every `interval` hours, infused over `duration` hours (None: not infused).
    """

    name: str
    amount: float
    unit: str
    interval: float
    route: str
    source: Source
    duration: float | None = None
    indication: str = ""

    def amount_for(self, *, weight: float | None = None, bsa: float | None = None) -> float:
        """Amount for a person of `weight` kg and `bsa` m²; raises `DataError` if the one needed is not given."""
        return self.amount * _scale(self.unit, weight, bsa)


@dataclass(frozen=True)
class Drug:
    """A drug: its published models (the first is the default) and all that dosing it needs.

    `codes`: ingredient codes by system ("rxnorm", "atc"). `assays`: LOINC code of a level → output it measures.
    `molar_mass` in g/mol of the moiety measured. `unbound` is the fraction unbound in plasma.
    """

    name: str
    title: str
    codes: Mapping[str, str]
    models: tuple[Model, ...]
    molar_mass: float
    products: tuple[Product, ...]
    targets: tuple[Target, ...]
    bounds: Bounds
    regimens: tuple[Regimen, ...]
    standard: tuple[StandardDose, ...]
    monitoring: tuple[Monitoring, ...]
    label_rules: tuple[LabelRule, ...] = ()
    assays: Mapping[str, str] | None = None
    unbound: float | None = None
    synonyms: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def default_model(self) -> Model:
        """The model used unless another is named."""
        return self.models[0]

    def model(self, name: str) -> Model:
        """Model by its full name; raises `UnknownNameError`."""
        return _by_name(self.models, name, f"{self.name} has no model")

    def target(self, name: str) -> Target:
        """Target by name; raises `UnknownNameError`."""
        return _by_name(self.targets, name, f"{self.name} has no target")

    @property
    def efficacy_targets(self) -> tuple[Target, ...]:
        """Targets to reach; the first is the default goal."""
        return tuple(t for t in self.targets if t.kind == "efficacy")

    @property
    def harm_targets(self) -> tuple[Target, ...]:
        """Regions of harm."""
        return tuple(t for t in self.targets if t.kind == "harm")

    def regimen(self, route: str) -> Regimen:
        """Candidate ingredients on a route; raises `UnknownNameError`."""
        for regimen in self.regimens:
            if regimen.route == route:
                return regimen
        allowed = ", ".join(r.route for r in self.regimens)
        raise UnknownNameError(f"{self.name} has no regimen by this route", got=route, allowed=allowed)

    def amounts(self, route: str, low: float, high: float, *, most_units: int = 4) -> tuple[float, ...]:
        """Doses from `low` to `high` (labelled amounts) that can be given with real products by `route`.

        Whole or split units of one strength, at most `most_units`; measured doses in steps of the increment.
        """
        found: set[float] = set()
        for product in self.products:
            if product.route == route:
                count = int(high / product.step + 1e-9)
                if product.increment is None:
                    count = min(count, most_units * product.divisible)
                found.update(round(k * product.step, 9) for k in range(1, count + 1))
        return tuple(sorted(a for a in found if low - 1e-9 <= a <= high + 1e-9))


def _scale(unit: str, weight: float | None, bsa: float | None) -> float:
    """Number that turns an amount in `unit` into a plain amount."""
    parts = unit.split("/")
    for part, value, name in (("kg", weight, "body weight"), ("m2", bsa, "body surface area")):
        if part in parts[1:]:
            if value is None:
                raise DataError(f"a dose in {unit} needs {name}", todo=f"Record the {name}.")
            return value
    return 1.0


T = TypeVar("T", Model, Target)


def _by_name(items: tuple[T, ...], name: str, what: str) -> T:
    for item in items:
        if item.name == name:
            return item
    raise UnknownNameError(what, got=name, allowed=", ".join(i.name for i in items))
