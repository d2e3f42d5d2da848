"""The page of one person: who it is, what is known, how the twins stand; each part can be read alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.core import UnknownNameError
from vitruvian.record import Fact, Patient
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.paging import Number, paged
from vitruvian.serve.pages.person import name_of
from vitruvian.serve.pages.render import page
from vitruvian.twin.doors import twin_doors

router = APIRouter(prefix="/patients/{person}")
Reader = Annotated[Caller, Allow("read", "facts")]
_ROWS, _DOUBTS = 45, 10

PARTS: Mapping[str, str] = {
    "laboratory": "Laboratory and other measurements",
    "vitals": "Vital signs",
    "wearables": "Wearables and monitors",
    "genome": "Genome",
    "images": "Images and studies",
    "history": "What happened",
}
"""Parts of the page by name, in the order in which they stand."""


@router.get("")
def overview(request: Request, person: str, caller: Reader) -> Response:
    """Who it is, problems and drugs; the other parts come when the page stands."""
    from vitruvian.reports import Known, panel_counts, timeline_head

    patient = caller.patient(person)
    facts = patient.facts()
    view, (laboratory, vitals) = timeline_head(Known(patient.id, facts)), panel_counts(facts)
    lanes = {one.style: one for one in view["lanes"]}
    counts = {"laboratory": laboratory, "vitals": vitals, "wearables": len(patient.signals()),
              "genome": view["who"].genomes + len(view["who"].genes), "images": view["who"].images,
              "history": len(view["rows"])}  # fmt: skip
    return page(
        request, "patient.html", caller, patient=patient, name=view["who"].name, parts_of=PARTS, counts=counts,
        problems=lanes.get("problem"), drugs=lanes.get("drug"), **view,
    )  # fmt: skip


@router.get("/twins")
def twins(request: Request, person: str, caller: Annotated[Caller, Allow("read", "twins")]) -> Response:
    """How every twin stands for this person: state, newest data, credibility, what is missing, what to ask next."""
    patient = caller.patient(person)
    doors = [(door, door.status(patient)) for door in twin_doors().values()]
    return _part(request, caller, patient, "states", "Twins", doors=doors)


@router.get("/parts/{part}")
def part_of_page(request: Request, person: str, part: str, caller: Reader) -> Response:
    """One part: for the page, or as a page of its own."""
    if part not in PARTS:
        raise UnknownNameError("no such part of the page", got=repr(part), allowed=", ".join(PARTS))
    patient = caller.patient(person)
    view = _view(patient, with_days=part == "wearables")
    if part == "genome":
        view["usual"], view["unusual"] = _genes(patient)
    return _part(request, caller, patient, part, PARTS[part], **view)


@router.get("/timeline")
def timeline(request: Request, person: str, caller: Reader, part: Number = 1, doubts: Number = 1) -> Response:
    """Everything that has a date, newest first, and what is doubtful, both in pages; the lanes come afterwards."""
    patient = caller.patient(person)
    view = _view(patient, with_days=False)
    return page(
        request, "timeline.html", caller, patient=patient, name=view["who"].name, day=view["day"],
        from_to=view["from_to"], title_of=view["title_of"], visit_of=view["visit_of"],
        entries=paged(view["rows"], part, _ROWS),
        doubtful=paged(view["doubtful"], doubts, _DOUBTS),
    )  # fmt: skip


def _part(request: Request, caller: Caller, patient: Patient, part: str, title: str, **shown: Any) -> Response:
    whole = "hx-request" not in request.headers
    return page(
        request, "patient_part.html" if whole else f"patient_{part}.html", caller, patient=patient, part=part,
        title=title, name=name_of(patient) if whole else "", **shown,
    )  # fmt: skip


def _view(patient: Patient, *, with_days: bool) -> dict[str, Any]:
    """What the timeline knows of the person (see `vitruvian.reports`)."""
    from vitruvian.reports import Known, timeline_view

    facts: list[Fact] = patient.facts()
    days = {name: patient.daily(name) for name in patient.signals()} if with_days else {}
    return timeline_view(Known(patient.id, facts, days))


def _genes(patient: Patient) -> tuple[list[Fact], list[Fact]]:
    """Genes that work as in most people, and the others, which a prescriber must know; by name."""
    found = {one.code: one for one in patient.facts(kind="genotype")}
    rows = [found[code] for code in sorted(found)]
    usual = [one for one in rows if str(one.value_text or "").startswith(("Normal", "Reference")) or _absent(one)]
    return usual, [one for one in rows if one not in usual]


def _absent(fact: Fact) -> bool:
    return str(fact.value_text or "").endswith(("absent", "negative"))
