"""The dose on paper and in other systems: a printable report, the same as PDF, and a draft order."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from vitruvian.core import RefusalError, UnsupportedError
from vitruvian.record import Patient
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.fhir.answers import Answered, resources
from vitruvian.serve.pages.dose import asked_values
from vitruvian.serve.pages.dose_view import supposed
from vitruvian.twin import answer_from
from vitruvian.twin.doors import Told, ask

router = APIRouter(prefix="/patients/{person}/twins/dose")
Reader = Annotated[Caller, Allow("read", "twins")]
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""The report is one file with its style inside, and no script."""


@router.get("/report")
def dose_report(request: Request, person: str, caller: Reader) -> Response:
    """The report of `vitruvian dose --html` with whose it is, for the printer; of a what-if, with that marked."""
    _, text = _sheet(request, person, caller)
    return HTMLResponse(text, headers=_kept("text/html") | _policy())


@router.get("/report.pdf")
def dose_pdf(request: Request, person: str, caller: Reader) -> Response:
    """The report as PDF. Raises `UnsupportedError` where the extra is not installed."""
    from vitruvian.reports import with_plain_colours

    try:
        from weasyprint import HTML
    except ImportError as error:
        todo = "pip install vitruvian[pdf], or print the report from the browser."
        raise UnsupportedError("PDF is not installed here", todo=todo) from error
    told, text = _sheet(request, person, caller)
    body = HTML(string=with_plain_colours(text), url_fetcher=_nothing).write_pdf()
    return Response(body, headers=_kept("application/pdf") | _named(told, "pdf"))


@router.get("/order.json")
def dose_order(request: Request, person: str, caller: Reader) -> Response:
    """The recommended regimen as a draft order with what it rests on: a FHIR R4 Bundle that a person signs or throws
    away. Raises `RefusalError` where none is recommended, and for a what-if."""
    if "dose" in request.query_params or supposed(asked_values(request)):
        raise RefusalError(
            "a what-if is not ordered", todo="Record what has changed and ask again, or order what is recommended."
        )
    told = _asked_of(caller.patient(person), asked_values(request))
    if told.refused or told.data.get("recommended") is None:
        raise RefusalError("no regimen is recommended, so there is nothing to order", todo="Read the refusal.")
    found = resources(Answered(told, f"Patient/{told.data['patient']}"))
    entries = [{"fullUrl": url, "resource": one} for url, one in found]
    body = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    return JSONResponse(body, headers=_named(told, "json"), media_type="application/fhir+json")


def _sheet(request: Request, person: str, caller: Caller) -> tuple[Told, str]:
    """The answer and its page; a regimen in the query is one that somebody tries."""
    from vitruvian.reports import Paper, page

    patient, values = caller.patient(person), asked_values(request)
    told = _asked_of(patient, values)
    plain = told.data.get("own")
    own = (
        answer_from({**told.data, "options": [plain], "recommended": None, "standard": None}).options[0]
        if plain
        else None
    )
    stopped = told.data.get("not_allowed")
    tried = f"{told.sentence} " if stopped else f"{own.regimen} was tried. " if own else ""
    paper = Paper.of(patient, f"{tried}{supposed(values)}".strip(), own)
    return told, page(answer_from(told.data), paper)


def _asked_of(patient: Patient, values: dict[str, str]) -> Told:
    """What is recommended, or where a dose is named, that beside it."""
    given = {name: value for name, value in values.items() if name != "at"}
    return ask(patient, "dose", "compare" if "dose" in values else "recommend", given, values.get("at"))


def _kept(kind: str) -> dict[str, str]:
    return {"content-type": kind, "cache-control": "no-store"}


def _policy() -> dict[str, str]:
    return {"content-security-policy": _POLICY}


def _named(told: Told, ending: str) -> dict[str, str]:
    """The file's name says the drug, never the person: it may lie in a folder of downloads for years."""
    return {
        "cache-control": "no-store",
        "content-disposition": f'attachment; filename="dose-{told.data["drug"]}.{ending}"',
    }


def _nothing(url: str, *_: object, **__: object) -> dict[str, object]:
    """A report asks nothing of the network."""
    raise ValueError("a report has no address in it")
