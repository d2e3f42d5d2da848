"""A drug on this person's heart: the shift of the QT at multiples of the usual free peak, with their potassium."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from vitruvian.core import RefusalError
from vitruvian.systems.cardiac_safety import CardiacDrug, QtShift, library, qt_shift
from vitruvian.twin.answer import Message, Used
from vitruvian.twin.doors.door import Table, Told
from vitruvian.twin.doors.heart_cell import action_potential
from vitruvian.twin.words import number_text, percent_text

if TYPE_CHECKING:
    from vitruvian.record import Patient

SAMPLES = 24
_POTASSIUM, _QTC = "2823-3", "8634-8"
_NORMAL = 4.2


def taken_of(patient: Patient) -> list[str]:
    """Drugs with a known block that the person's medication names, sorted."""
    named = {str(f.detail.get("drug") or "") for f in patient.facts() if f.detail.get("drug")}
    return sorted(named & set(library()))


def heart_drugs(patient: Patient, values: Mapping[str, Any], at: str | None) -> Told:
    """The shift of QT under one drug, and how sure it is; a refusal where repolarisation fails."""
    drug = library()[values["drug"]]
    potassium, used = _potassium(patient, values.get("potassium"), at)
    nanomolar = values["times"] * drug.cmax
    notes = _notes(patient, drug)
    try:
        found = qt_shift([drug], [nanomolar], potassium=potassium, samples=SAMPLES)
    except RefusalError as error:
        refusal = Message("refusal", "repolarisation", str(error), "Choose another drug.")
        picture = action_potential(drug, nanomolar, potassium)
        return Told("heart", "qt", str(error), True, (refusal, *notes), (picture,), citations=(drug.source,))
    sentence = (
        f"{drug.name} at {values['times']:g} times its usual free peak ({number_text(nanomolar)} nM) lengthens the QT "
        f"by {found.qt.median:.0f} ms ({found.qt.low:.0f}–{found.qt.high:.0f}); chance of more than 60 ms "
        f"{percent_text(found.over_60)}."
    )
    warning = _warning(found, drug)
    rows = (
        ("QT", f"{found.qt.median:+.0f} ms", f"{found.qt.low:+.0f} to {found.qt.high:+.0f} ms"),
        ("APD90 of one cell", f"{found.apd90.median:+.0f} ms", f"{found.apd90.low:+.0f} to {found.apd90.high:+.0f} ms"),
    )
    chances = (("above 10 ms", percent_text(found.over_10)), ("above 60 ms", percent_text(found.over_60)),
               ("repolarisation fails", percent_text(found.failing)))  # fmt: skip
    tables = (
        Table("qt", "Shift against the same heart without the drug", ("What", "Median", "90 %"), rows),
        Table("chances", "Chance of a shift", ("Shift", "Chance"), chances),
        Table(
            "data",
            "Data used",
            ("What", "Value", "When", "From"),
            tuple((u.name, u.value, u.when, u.origin) for u in used),
        ),
    )
    data = asdict(found) | {"drug": drug.name, "free_nM": nanomolar, "potassium": potassium, "class": drug.risk}
    pictures = (action_potential(drug, nanomolar, potassium),)
    return Told(
        "heart", "qt", sentence, False, (*warning, *notes), pictures, tables, found.reasons, (drug.source,), data
    )


def _potassium(patient: Patient, asked: float | None, at: str | None) -> tuple[float, tuple[Used, ...]]:
    """Plasma potassium, mmol/L, and the data behind the answer."""
    measured = patient.latest(_POTASSIUM, until=at)
    qt = patient.latest(_QTC, until=at)
    lines = [] if qt is None else [Used("QT", f"{qt.value:g} {qt.unit}", str(qt.start)[:16], None, "measured")]
    if asked is not None:
        return asked, (Used("potassium", f"{asked:g} mmol/L", "", None, "given by the person who asks"), *lines)
    if measured is not None and measured.value is not None:
        text = f"{measured.value:g} mmol/L"
        return measured.value, (Used("potassium", text, str(measured.start)[:16], None, "measured"), *lines)
    return _NORMAL, (Used("potassium", f"{_NORMAL:g} mmol/L", "", None, "not recorded: the usual value"), *lines)


def _warning(found: QtShift, drug: CardiacDrug) -> tuple[Message, ...]:
    said = []
    if found.over_10 > 0.5:
        text = f"{drug.name} more likely than not lengthens this QT by more than 10 ms."
        said.append(Message("warning", "qt", text, "Record an ECG before and under it; keep potassium up."))
    if drug.risk in ("intermediate", "high"):
        text = f"{drug.name} is known for {drug.risk} risk of torsade de pointes (CiPA)."
        said.append(Message("warning", "torsade", text, source=drug.source))
    return tuple(said)


def _notes(patient: Patient, drug: CardiacDrug) -> tuple[Message, ...]:
    """Other drugs on the heart that the person takes and that are not in this shift."""
    others = [name for name in taken_of(patient) if name != drug.name]
    if not others:
        return ()
    text = f"Also taken: {', '.join(others)}, whose block comes on top of this shift."
    return (Message("warning", "other-drugs", text, "Ask for each; their shifts may add."),)
