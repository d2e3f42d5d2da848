"""What is known of a person's heart: the only adapter from records, tables and plain numbers to the heart twin."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, Quantity, UnitError, convert
from vitruvian.twin.answer import Message, Used
from vitruvian.twin.heart.quantities import BY_NAME, Measure

CURVES = {"pressure": "mm[Hg]", "flow": "mL/s"}
"""Curves over one beat: arterial pressure, and flow through the aortic valve."""
_EF_APART = 0.08
_DOPPLER = frozenset({"lvot_vti", "lvot_diameter", "e_wave", "a_wave"})
"""Measured to be multiplied or divided: their errors are shares of a product."""
_PERSON = frozenset({"age", "height", "weight"})


@dataclass(frozen=True)
class Curve:
    """One beat: `time` from the R wave, s, and `value` in mmHg or mL/s; `error` is the SD of a point."""

    time: Float[np.ndarray, T]
    value: Float[np.ndarray, T]
    error: float | None = None


@dataclass(frozen=True)
class Evidence:
    """What was measured in one person, by name in the units of `quantities`; nothing is made up."""

    person: str
    values: Mapping[str, float]
    errors: Mapping[str, float] = field(default_factory=dict)
    """SD of a measurement, where it is not the usual one."""
    female: bool | None = None
    curves: Mapping[str, Curve] = field(default_factory=dict)
    at: str = ""
    """When the newest of it was measured."""
    messages: tuple[Message, ...] = ()
    used: tuple[Used, ...] = ()

    @property
    def period(self) -> float:
        """Length of a beat, s."""
        return 60.0 / self.values["heart_rate"]


def evidence_of(
    values: Mapping[str, float | str | Quantity],
    *,
    person: str = "",
    female: bool | None = None,
    errors: Mapping[str, float] | None = None,
    curves: Mapping[str, Curve] | None = None,
    at: str = "",
    used: tuple[Used, ...] = (),
) -> Evidence:
    """Checked evidence of plain numbers (in the units of `quantities`) or of texts and quantities with a unit.

        evidence_of({"heart_rate": 72, "systolic": 128, "diastolic": 76, "ejection_fraction": "55 %", "edv": "120 mL"})

    Raises `DataError` or `UnitError` with the field and the rule: an unknown name, another unit, a value that cannot
    be, diastolic above systolic, ESV above EDV, an ejection fraction that EDV and ESV deny, no heart rate.
    """
    plain = {name: _number(name, value) for name, value in values.items()}
    for name in errors or {}:
        measure_of(name)
    for name, sd in (errors or {}).items():
        if not (math.isfinite(sd) and sd > 0):
            raise DataError(f"the error of {name} is not a positive number", got=sd, allowed="above 0")
        if name not in plain or not (BY_NAME[name].error or name in _DOPPLER):
            todo = "Leave it out, or give the quantity."
            raise DataError(f"the error of {name} is of no use", got=sd, allowed="one of a fitted quantity", todo=todo)
    _check_whole(plain)
    checked = checked_curves(curves or {}, 60.0 / plain["heart_rate"])
    messages = tuple(_said(plain, checked))
    return Evidence(person, plain, dict(errors or {}), female, checked, at, messages, used)


def measure_of(name: str) -> Measure:
    """The quantity of that name; raises `DataError`."""
    if name not in BY_NAME:
        raise DataError("the heart twin knows no such quantity", got=name, allowed=", ".join(BY_NAME))
    return BY_NAME[name]


def _number(name: str, value: float | str | Quantity) -> float:
    """The value of a quantity in its unit, within what is possible."""
    one = measure_of(name)
    if isinstance(value, str):
        value = _parsed(name, value)
    number = convert(value.value, value.unit, one.unit) if isinstance(value, Quantity) else float(value)
    if not math.isfinite(number):
        raise DataError(f"{name} is not a number", got=number, allowed=_range(one), todo="Leave the value out instead.")
    if not one.low <= number <= one.high:
        todo = "Give its unit." if not isinstance(value, Quantity) else "Check the value and its unit."
        raise DataError(f"{name}: no such {one.title}", got=f"{number:g} {one.unit}", allowed=_range(one), todo=todo)
    return number


def _parsed(name: str, text: str) -> float | Quantity:
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return Quantity.parse(text)
    except UnitError as error:
        raise UnitError(
            f"{name}: {error.args[0]}", got=repr(text), allowed=f"a number of {BY_NAME[name].unit}"
        ) from error


def _range(one: Measure) -> str:
    return f"{one.low:g} to {one.high:g} {one.unit}"


def _check_whole(values: Mapping[str, float]) -> None:
    """Rules between quantities."""
    if "heart_rate" not in values:
        raise DataError("there is no heart rate", todo="Record the heart rate (heart_rate) of that moment.")
    systolic, diastolic, mean = (values.get(n) for n in ("systolic", "diastolic", "mean_arterial"))
    if systolic is not None and diastolic is not None and diastolic >= systolic:
        raise DataError(
            "diastolic: not below systolic", got=f"{systolic:g}/{diastolic:g} mmHg", allowed="diastolic < systolic"
        )
    for low, middle in ((diastolic, mean), (mean, systolic)):
        if low is not None and middle is not None and low >= middle:
            raise DataError("mean_arterial: not between diastolic and systolic", got=f"{mean:g} mmHg")
    edv, esv, ef = (values.get(n) for n in ("edv", "esv", "ejection_fraction"))
    if edv is not None and esv is not None and esv >= edv:
        raise DataError("esv: not below edv", got=f"ESV {esv:g} mL, EDV {edv:g} mL", allowed="ESV < EDV")
    if edv is not None and esv is not None and ef is not None and abs(ef - (1 - esv / edv)) > _EF_APART:
        got = f"{ef:.0%} beside {1 - esv / edv:.0%} from EDV {edv:g} and ESV {esv:g} mL"
        todo = "Leave out what was not measured in the same study."
        raise DataError(
            "ejection_fraction: denied by edv and esv", got=got, allowed=f"within {_EF_APART:.0%}", todo=todo
        )
    interval = 60_000.0 / values["heart_rate"]
    for name in ("pr_interval", "qt_interval", "ejection_time"):
        if values.get(name, 0.0) >= interval:
            raise DataError(
                f"{name}: longer than a beat", got=f"{values[name]:g} ms", allowed=f"below {interval:.0f} ms"
            )


def checked_curves(curves: Mapping[str, Curve], period: float) -> dict[str, Curve]:
    """Curves of one beat of that period, s; raises `DataError` for one that is none."""
    return {name: _checked_curve(name, one, period) for name, one in curves.items()}


def _checked_curve(name: str, curve: Curve, period: float) -> Curve:
    if name not in CURVES:
        raise DataError("the heart twin knows no such curve", got=name, allowed=", ".join(CURVES))
    time, value = np.asarray(curve.time, float), np.asarray(curve.value, float)
    if time.shape != value.shape or time.ndim != 1 or len(time) < 10:
        raise DataError(
            f"{name} curve: times and values do not fit", got=f"{time.shape}, {value.shape}", allowed="10 or more"
        )
    if not (np.isfinite(time).all() and np.isfinite(value).all()):
        raise DataError(f"{name} curve: holds what is no number", todo="Leave those points out.")
    if (np.diff(time) <= 0).any():
        raise DataError(f"{name} curve: times do not increase", got=f"{time[:3]} …")
    if not 0.7 * period <= time[-1] - time[0] <= 1.15 * period:
        got, allowed = f"{time[-1] - time[0]:.2f} s", f"one beat, {period:.2f} s"
        raise DataError(f"{name} curve: not one beat of the heart rate", got=got, allowed=allowed)
    if curve.error is not None and not (math.isfinite(curve.error) and curve.error > 0):
        raise DataError(f"{name} curve: its error is not a positive number", got=curve.error, allowed="above 0")
    low, high = (20, 300) if name == "pressure" else (-300, 2500)
    if value.min() < low or value.max() > high:
        got = f"{value.min():g} to {value.max():g} {CURVES[name]}"
        raise DataError(f"{name} curve: no such values", got=got, allowed=f"{low} to {high} {CURVES[name]}")
    return Curve(time, value, curve.error)


def _said(values: Mapping[str, float], curves: Mapping[str, Curve]) -> list[Message]:
    """What the reader should know of evidence that is not wrong."""
    said = []
    if not {"systolic", "diastolic", "mean_arterial"} & set(values) and "pressure" not in curves:
        todo = "Measure it with a cuff."
        said.append(
            Message("warning", "no-pressure", "No blood pressure: resistance and compliance are guesses.", todo)
        )
    if not {"edv", "esv", "stroke_volume", "lvot_vti"} & set(values) and "flow" not in curves:
        text = "No volume of the heart and no flow: its output is a guess."
        said.append(Message("warning", "no-volume", text, "Add EDV and EF, or LVOT VTI and diameter."))
    if "lvot_vti" in values and "lvot_diameter" not in values and "stroke_volume" not in values:
        text = "No diameter of the outflow tract: taken from body size; the stroke volume is uncertain by a fifth."
        said.append(Message("note", "no-diameter", text, "Add lvot_diameter."))
    if not {"height", "weight"} <= set(values):
        said.append(Message("note", "no-size", "No height and weight: an adult of 1.8 m² is the starting point."))
    if values.get("qrs_duration", 0.0) > 120:
        text = "Broad QRS: the ventricles do not contract together, which the model does not know."
        said.append(Message("warning", "broad-qrs", text))
    return said
