"""Dosing, as others see it: which drugs of this person may be individualised, and the right dose of one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from vitruvian.pharmacology import find, library
from vitruvian.twin.answer import Answer, Band
from vitruvian.twin.doors.door import Field, Line, Picture, Question, Status, Table, Told
from vitruvian.twin.dose import dose
from vitruvian.twin.evidence import Asked
from vitruvian.twin.text import shown

if TYPE_CHECKING:
    from vitruvian.record import Patient

_KINDS = frozenset({"medication_request", "medication_statement", "medication_administration"})
_ROWS = 12


class DoseDoor:
    """Model-informed dosing of the drugs of the library."""

    name = "dose"
    title = "Dose"
    about = "The dose that reaches a target in this person, from published models and their own levels."

    def status(self, patient: Patient, at: str | None = None) -> tuple[Status, ...]:
        """One for each drug of the library that the person was given."""
        return tuple(
            Status("ready", f"{find(name).name} can be individualised.", moment, subject=name,
                   next_question=f"Which dose of {name}?")
            for name, moment in sorted(_drugs(patient, at).items())
        )  # fmt: skip

    def questions(self, patient: Patient) -> tuple[Question, ...]:
        """The dose of one drug; those that the person takes come first."""
        own = sorted(_drugs(patient, None))
        names = [*own, *(one for one in library() if one not in own)]
        fields = (
            Field("drug", "Drug", "choice", default=names[0] if own else None, choices=tuple((n, n) for n in names)),
            Field("goal", "Goal", "text", optional=True, about='A name, or such as "auc24 400-600 mg.h/L".'),
            Field("route", "Route", "choice", choices=(("oral", "oral"), ("iv", "iv"), ("sc", "sc")), optional=True),
            Field("indication", "Indication", "text", default=""),
            Field("loading", "With a loading dose", "flag", default=False),
        )
        return (Question("recommend", "Which dose?", "Standard and personalised regimens beside each other.", fields),)

    def ask(self, patient: Patient, question: str, values: Mapping[str, Any], at: str | None = None) -> Told:
        """The recommendation."""
        asked = Asked(at, values.get("route"), values.get("indication", ""))
        answer = dose(
            patient.record, patient, values["drug"], goal=values.get("goal") or None, asked=asked,
            loading=bool(values.get("loading")),
        )  # fmt: skip
        return told(answer)


DOSE = DoseDoor()


def told(answer: Answer) -> Told:
    """An answer on dosing in the shape of all answers."""
    best = answer.best
    return Told(
        "dose", "recommend", answer.sentence, answer.refused, answer.messages,
        pictures=(_picture(best.band),) if best is not None and best.band is not None else (),
        tables=(_options(answer),) if answer.options else (),
        reasons=answer.reasons, citations=answer.citations, data=answer.to_dict(),
    )  # fmt: skip


def _drugs(patient: Patient, at: str | None) -> dict[str, str]:
    """Drugs of the library among the person's medication, with the moment of the newest fact."""
    known = set(library())
    found: dict[str, str] = {}
    for one in patient.facts(until=at):
        name = one.detail.get("drug")
        if one.kind in _KINDS and name in known:
            found[str(name)] = one.start.isoformat() if one.start else found.get(str(name), "")
    return found


def _picture(band: Band) -> Picture:
    line = Line("median", band.q50, ((band.q05, band.q95), (band.q25, band.q75)))
    return Picture(
        "course", f"{band.output} from now", "time from now", "h", band.output, band.unit, band.time_h, (line,)
    )


def _options(answer: Answer) -> Table:
    columns = ("Regimen", "P(target)", "P(harm), largest", "Metric, median (90 %)", "Allowed", "Note")
    rows = tuple(
        (one.regimen, one.p_target, max(one.p_harm.values(), default=0.0), str(one.metric),
         "yes" if one.allowed else "no", "recommended" if k == answer.recommended else one.label or one.why)
        for k, one in shown(answer, _ROWS)
    )  # fmt: skip
    return Table("options", "Regimens", columns, rows)
