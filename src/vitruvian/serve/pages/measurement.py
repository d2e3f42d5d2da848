"""One measurement of a person over time: the whole course with its range, and the values as a table."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from vitruvian.core import UnknownNameError
from vitruvian.record import Patient
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.pages.person import name_of
from vitruvian.serve.pages.render import page
from vitruvian.twin.doors import Line, Picture

if TYPE_CHECKING:
    import polars as pl

router = APIRouter(prefix="/patients/{person}/measurements")
Reader = Annotated[Caller, Allow("read", "facts")]
_POINTS = 20_000
"""Values that a picture holds at most: the newest."""
_AT_ONCE = 150
"""Up to so many values are in the page itself."""
_MARKS = 200
"""Up to so many values each is a mark; more are a curve."""


@router.get("/{code}")
def measurement(request: Request, person: str, code: str, caller: Reader) -> Response:
    """All values of a code or of a signal, one picture for each unit; doubtful ones are left out and counted.

    Where there are many, the pictures come when the page stands.
    """
    patient = caller.patient(person)
    shown = _shown(patient, code)
    later = shown["count"] > _AT_ONCE
    return page(
        request, "measurement.html", caller, patient=patient, name=name_of(patient), code=code, later=later, **shown
    )


@router.get("/{code}/course")
def course(request: Request, person: str, code: str, caller: Reader) -> Response:
    """The pictures alone, compressed (they hold no secret); a page of its own without scripts."""
    patient = caller.patient(person)
    shown = _shown(patient, code)
    if "hx-request" not in request.headers:
        return page(
            request, "measurement.html", caller, patient=patient, name=name_of(patient), code=code, later=False, **shown
        )
    found = page(request, "measurement_course.html", caller, **shown)
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return found
    packed = {"content-encoding": "gzip", "vary": "accept-encoding", "cache-control": "no-store"}
    return Response(gzip.compress(found.body), headers=packed, media_type="text/html")


def _shown(patient: Patient, code: str) -> dict[str, Any]:
    """Title, range, pictures and counts of all sound values."""
    import polars as pl

    table = patient.observations(code).filter(pl.col("value").is_not_null())
    sound = table.filter(pl.col("flags").is_in(["", "no_offset"]))
    if sound.is_empty():
        raise UnknownNameError("nothing of this kind was measured", got=repr(code))
    panel = _panel(patient, code)
    title = panel.title if panel is not None else code.replace("_", " ")
    usual = panel.range if panel is not None else None
    zone = (usual.low, usual.high) if usual is not None else None
    pictures = [
        _picture(k, title, unit, sound.filter(pl.col("unit") == unit), zone) for k, unit in enumerate(_units(sound))
    ]
    return {
        "title": title, "pictures": pictures, "usual": usual, "doubtful": table.height - sound.height,
        "count": sound.height, "most": _POINTS,
    }  # fmt: skip


def _units(table: pl.DataFrame) -> list[str]:
    """Units in order of how many values have them; most often there is one."""
    found: list[str] = table["unit"].drop_nulls().value_counts(sort=True)["unit"].to_list()
    return found


def _picture(
    k: int, title: str, unit: str, table: pl.DataFrame, zone: tuple[float | None, float | None] | None
) -> Picture:
    newest = table.tail(_POINTS)
    x = tuple(one / 1000.0 for one in newest["start"].dt.epoch("ms").to_list())
    y = tuple(newest["value"].to_list())
    lines = [Line(title, y)] if len(x) > 1 else []
    lines += [Line("measured", y, marks=True)] if len(x) <= _MARKS else []
    return Picture(f"measured-{k}", title, "when", "", title, unit, x, tuple(lines), zone, x_is_time=True)


def _panel(patient: Patient, code: str) -> Any:
    """The small picture of the timeline, for name and range; None for what only samples tell."""
    from vitruvian.reports import Known, timeline_view

    facts = [one for one in patient.facts() if one.kind == "demographic" or one.code == code]
    view = timeline_view(Known(patient.id, facts))
    return next((one for one in (*view["lab"], *view["vital"]) if one.code == code), None)
