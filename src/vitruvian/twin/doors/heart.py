"""The heart twin, as others see it: the beat of this person, what an intervention would change, drugs and the QT."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from vitruvian.core import DataError
from vitruvian.systems.cardiac_safety import library
from vitruvian.twin.doors.alive import after_death
from vitruvian.twin.doors.door import Field, FieldError, Missing, Question, Status, Told
from vitruvian.twin.doors.heart_drugs import heart_drugs, taken_of
from vitruvian.twin.doors.heart_shown import beat_told, what_if_told
from vitruvian.twin.doors.warm import Warm, seen_now
from vitruvian.twin.heart import (
    INTERVENTIONS,
    Evidence,
    HeartTwin,
    WhatIf,
    current,
    limits_of,
    read_evidence,
    resting,
    what_if,
)

if TYPE_CHECKING:
    from vitruvian.record import Patient

_TWINS: Warm[HeartTwin] = Warm(32)
_ANSWERS: Warm[WhatIf] = Warm(96)
_QT: Warm[Told] = Warm(64)
_NO_AMOUNT = ("mitral_repair", "aortic_replacement")
_VOLUMES = frozenset({"edv", "esv", "stroke_volume", "lvot_vti"})
_PRESSURES = frozenset({"systolic", "diastolic", "mean_arterial"})


class HeartDoor:
    """Heart and circulation of one person."""

    name = "heart"
    title = "Heart"
    needs = "A blood pressure, and an echocardiogram: end-diastolic volume and EF, or LVOT VTI and diameter."
    about = "This person's heart and circulation from blood pressure, echocardiogram and ECG; drugs and the QT."

    def status(self, patient: Patient, at: str | None = None) -> tuple[Status, ...]:
        """One, for a person of whose heart something was measured; none for others."""
        try:
            evidence = read_evidence(patient, at)
        except DataError as error:
            if "holds nothing" in str(error):
                return ()
            return (
                Status(
                    "blocked",
                    f"The heart cannot be told: {error.what}.",
                    missing=(Missing(_lacking(error.what), "No beat without it.", error.todo or ""),),
                ),
            )
        if dead := after_death(patient, at):
            return dead
        twin = _TWINS.peek((seen_now(patient), at))
        missing = _missing(evidence)
        blocked = any(one.what in ("blood pressure", "a volume or flow of the heart") for one in missing)
        text = f"{len(evidence.values)} measurements to {evidence.at.replace('T', ' ')} tell of this heart."
        if blocked:
            text = "What was measured does not tell this heart's work."
        return (
            Status("blocked" if blocked else "ready", text, evidence.at.replace(" ", "T"), _credible(twin), missing,
                   "What would an intervention do?"),
        )  # fmt: skip

    def questions(self, patient: Patient) -> tuple[Question, ...]:
        """The beat, what an intervention would do, and drugs on the QT."""
        choices = tuple((name, one.title) for name, one in INTERVENTIONS.items())
        own = taken_of(patient)
        names = [*own, *sorted(name for name in library() if name not in own)]
        plasma = "In plasma; left out, the newest in the record, else 4.2."
        return (
            Question("what_if", "What would an intervention do?", "At once, before reflexes answer.",
                     (Field("intervention", "Intervention", "choice", default="fluid", choices=choices),
                      Field("amount", "How much", optional=True,
                            low=0.1, high=3000.0, about=_amounts()))),
            Question("beat", "How does this heart beat?", "Pressures, volumes and flows of one beat, with bands."),
            Question("qt", "What does a drug do to the QT?", "At multiples of the usual free peak; some seconds.",
                     (Field("drug", "Drug", "choice", default=own[0] if own else None,
                            choices=tuple((one, one) for one in names)),
                      Field("times", "Times the usual free peak", default=1.0, low=0.05, high=20.0),
                      Field("potassium", "Potassium", unit="mmol/L", low=1.5, high=9.0, optional=True, about=plasma))),
        )  # fmt: skip

    def ask(self, patient: Patient, question: str, values: Mapping[str, Any], at: str | None = None) -> Told:
        """The answer; raises `RefusalError` where the twin cannot tell."""
        key = (seen_now(patient), at)
        if question == "qt":
            asked = tuple(sorted(values.items()))
            return _QT.get((key, asked), lambda: heart_drugs(patient, values, at))
        twin = _TWINS.get(key, lambda: current(patient, at))
        if question == "beat":
            return beat_told(twin, resting(twin))
        return what_if_told(twin, _answer(twin, key, values["intervention"], values.get("amount")))


HEART = HeartDoor()


def _lacking(what: str) -> str:
    """What to get, where an error says that there is none of it."""
    return what.removeprefix("there is no ")


def _answer(twin: HeartTwin, key: Hashable, name: str, amount: float | None) -> WhatIf:
    if name in _NO_AMOUNT and amount not in (None, 1.0):
        raise FieldError("amount", "amount: this has none", got=f"{amount:g}", todo="Leave the amount out.")
    low, high, unit = limits_of(name)
    if amount is not None and not low <= amount <= high:
        allowed = f"{low:g} to {high:g} {unit}"
        raise FieldError("amount", f"amount: out of range for {name}", got=f"{amount:g}", allowed=allowed)
    return _ANSWERS.get((key, name, amount), lambda: what_if(twin, name, amount))


def _missing(evidence: Evidence) -> tuple[Missing, ...]:
    """What no beat can be told without, first."""
    there, found = set(evidence.values), []
    if not there & _PRESSURES:
        found.append(Missing("blood pressure", "Resistance and stiffness of the arteries rest on it.",
                             "Measure it with a cuff."))  # fmt: skip
    if not there & _VOLUMES:
        found.append(Missing("a volume or flow of the heart", "Its output is a guess without one.",
                             "Add EDV and EF, or LVOT VTI and diameter, by echocardiography."))  # fmt: skip
    if "e_to_e_prime" not in there and "left_atrial" not in there:
        found.append(Missing("E/e′", "Filling pressure is that of people alike.", "Add it from the echocardiogram."))
    return tuple(found)


def _credible(twin: HeartTwin | None) -> str:
    if twin is None:
        return "Learned from the measurements at the first question (some seconds)."
    told = [one.title for one in twin.learned if one.identified]
    fit = "follows the measurements" if twin.misfit <= 1.5 else "follows the measurements loosely"
    return f"The model {fit} (mean squared error {twin.misfit:.2g}); they teach {', '.join(told) or 'nothing'}."


def _amounts() -> str:
    """Ranges of each kind of amount in words."""
    told = {name: limits_of(name) for name in INTERVENTIONS if name not in _NO_AMOUNT}
    own = [
        f"{INTERVENTIONS[name].title.split(' by')[0]} {low:g}–{high:g} {unit}"
        for name, (low, high, unit) in told.items()
        if not unit.startswith("of ")
    ]
    low, high, unit = next(one for one in told.values() if one[2].startswith("of "))
    return f"{'; '.join(own)}; drugs {low:g}–{high:g} {unit}. Left out: the usual."
