"""A template as an answer, with what every page shows: who is signed in, for what purpose, where they can go."""

from __future__ import annotations

from functools import cache, partial
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from vitruvian.core import SPELLINGS
from vitruvian.record import Fact
from vitruvian.serve.caller import Caller
from vitruvian.serve.pages.audit_words import action_text, detail_text
from vitruvian.serve.pages.charts import picture_json, picture_tables
from vitruvian.serve.pages.places import person_places, places
from vitruvian.serve.science import needed
from vitruvian.serve.science import shown as shown_first
from vitruvian.serve.server import server_of
from vitruvian.twin import words


@cache
def templates() -> Environment:
    """The templates of the server; what records say is never markup."""
    made = Environment(
        loader=PackageLoader("vitruvian.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "picture_json": picture_json,
        "picture_tables": picture_tables,
        "percent": words.percent_text,
        "number": words.number_text,
        "unit": words.unit_text,
        "interval": words.interval_text,
        "age": words.age_text,
        "covariate": words.covariate_name,
        "parameter": words.parameter_name,
        "cell": _cell,
        "moment": _moment,
        "clock": _clock,
        "told": detail_text,
        "did": action_text,
        "purpose": _purpose,
        "urlencode": _segment,
    }
    return made


def page(
    request: Request,
    template: str,
    caller: Caller | None,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
    **shown: Any,
) -> HTMLResponse:
    """The answer; `caller` is None where nobody is signed in."""
    csrf = caller.csrf if caller is not None else ""
    shown |= {"caller": caller, "csrf": csrf, "path": request.url.path}
    if caller is not None:
        shown |= {"places": places(caller), "person_places": partial(_person_places, request, caller)}
    text = templates().get_template(template).render(**shown)
    shown_first(server_of(request))
    return HTMLResponse(text, status, {"cache-control": "no-store"} | (headers or {}))


def _person_places(request: Request, caller: Caller, person: str) -> list[tuple[str, str]]:
    needed(server_of(request))  # the twins say their titles
    return person_places(caller, person)


def _cell(value: str | float | None) -> str:
    """What stands in a cell of a table."""
    if value is None:
        return ""
    return value if isinstance(value, str) else words.number_text(float(value))


def _moment(text: str) -> str:
    """A moment in ISO 8601 to the minute, as people read it."""
    return text[:16].replace("T", " ") + (" UTC" if text.endswith(("Z", "+00:00")) else "")


def _clock(fact: Fact) -> str:
    """The time of day at which a fact began, where it is known: ", 07:40"."""
    start = fact.start
    return f", {start:%H:%M}" if start is not None and fact.precision == "instant" else ""


def _segment(text: str) -> str:
    """A part of an address; a slash in it is not the end of it."""
    return quote(text, safe="")


def _purpose(code: str) -> str:
    """The readable spelling of a purpose of use; a code without one stays."""
    if code in ("own", SPELLINGS["own"]):
        return "own use"
    return next((name.replace("_", " ") for name, known in SPELLINGS.items() if known == code), code)
