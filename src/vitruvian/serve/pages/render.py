"""A template as an answer, with what every page shows: who is signed in, and for what purpose."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from vitruvian.serve.caller import Caller


@cache
def templates() -> Environment:
    """The templates of the server; what records say is never markup."""
    return Environment(
        loader=PackageLoader("vitruvian.serve"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


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
    text = templates().get_template(template).render(caller=caller, csrf=csrf, path=request.url.path, **shown)
    return HTMLResponse(text, status, {"cache-control": "no-store"} | (headers or {}))
