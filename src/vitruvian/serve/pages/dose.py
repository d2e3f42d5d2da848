"""The dose page: what the dose twin recommends for one drug, why, and what another regimen would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.core import UnknownNameError, VitruvianError
from vitruvian.record import Patient
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.dose_view import dose_view, supposed, what_if_form
from vitruvian.serve.pages.person import name_of
from vitruvian.serve.pages.render import page
from vitruvian.twin.doors import Told, ask, drugs_of, slow_to_compare, twin_door

router = APIRouter(prefix="/patients/{person}/twins/dose")
Reader = Annotated[Caller, Allow("read", "twins")]


@router.get("")
def dose_page(request: Request, person: str, caller: Reader) -> Response:
    """The question, and a place for the answer, which is asked for when the page stands."""
    patient, values = caller.patient(person), asked_values(request)
    own = [one.name for one in drugs_of(patient, values.get("at"))]
    asked = next(one for one in twin_door("dose").questions(patient) if one.name == "recommend")
    drug = values.get("drug") or (own[0] if own else "")
    return page(
        request, "dose.html", caller, patient=patient, name=name_of(patient), drug=drug, values=values, asked=asked,
        own=own, query=query_of(request, drug),
    )  # fmt: skip


@router.get("/answer")
def dose_answer(request: Request, person: str, caller: Reader) -> Response:
    """The recommendation with its reasons: a part of the page, or a page of its own without scripts."""
    patient, values = caller.patient(person), asked_values(request)
    told, error = told_or_why(patient, "recommend", values)
    shown: dict[str, Any] = {}
    if told is not None:
        compare = next(one for one in twin_door("dose").questions(patient) if one.name == "compare")
        shown = dose_view(told)
        shown |= what_if_form(compare, shown["a"], values)
    template = "dose_answer.html" if "hx-request" in request.headers else "dose_answer_page.html"
    return page(
        request, template, caller, patient=patient, name=name_of(patient), told=told, error=error,
        drug=values.get("drug", ""), query=query_of(request), base=request.url.path.removesuffix("/answer"),
        supposition=supposed(values), **shown,
    )  # fmt: skip


@router.get("/what-if")
def what_if(request: Request, person: str, caller: Reader) -> Response:
    """A regimen of the reader's own, another drug beside it, or another genotype, against what is recommended.

    Where comparing takes long, a part of the page gets the regimen alone at first and asks again (`beside`).
    """
    patient, values = caller.patient(person), asked_values(request)
    part, beside = "hx-request" in request.headers, values.pop("beside", "")
    by_itself = part and not beside and bool(supposed(values)) and _slow(values.get("drug", ""))
    told, error = told_or_why(patient, "regimen" if by_itself else "compare", values)
    more = str(request.url.include_query_params(beside="1").query) if by_itself and told and not told.refused else ""
    return page(
        request, "what_if.html" if part else "what_if_page.html", caller, patient=patient, name=name_of(patient),
        told=told, error=error, drug=values.get("drug", ""), query=query_of(request).replace("&beside=1", ""),
        base=request.url.path.removesuffix("/what-if"), supposition=supposed(values), more=more,
    )  # fmt: skip


def _slow(drug: str) -> bool:
    try:
        return slow_to_compare(drug)
    except UnknownNameError:  # said where the question is asked
        return False


def asked_values(request: Request) -> dict[str, str]:
    """What the form says, without what was left empty; "at" is the moment asked about."""
    return {name: text for name, text in request.query_params.items() if text.strip()}


def query_of(request: Request, drug: str = "") -> str:
    """The query of the request again, with a drug where it names none."""
    params = request.query_params
    return str(request.url.include_query_params(drug=drug).query if drug and "drug" not in params else params)


def told_or_why(
    patient: Patient, question: str, values: Mapping[str, str]
) -> tuple[Told | None, VitruvianError | None]:
    """The answer, or why there is none: the page says that where the answer would stand."""
    given = {name: value for name, value in values.items() if name != "at"}
    try:
        return ask(patient, "dose", question, given, values.get("at")), None
    except VitruvianError as error:
        return None, error
