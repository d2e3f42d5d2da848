"""Forms of somebody who is not signed in, and where they go afterwards."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from vitruvian.core import AccessError
from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.server import server_of

_COOKIE = "vitruvian_form"


def form_key(request: Request) -> tuple[str, str]:
    """The cookie of this browser's forms (a new one where there is none) and what its forms must bring back."""
    cookie = request.cookies.get(_name(request)) or secrets.token_urlsafe(32)
    return cookie, hashed(f"form:{cookie}")


def give_form_cookie(request: Request, answer: Response, cookie: str) -> None:
    """Let a browser keep it; it comes back with requests from our pages alone."""
    secure = server_of(request).settings.secure
    answer.set_cookie(_name(request), cookie, httponly=True, samesite="strict", secure=secure, path="/")


def demand_form_key(request: Request, given: str) -> None:
    """Raise `AccessError` unless a form comes from a page that this server gave to this browser."""
    cookie = request.cookies.get(_name(request), "")
    if not cookie or not secrets.compare_digest(given.encode(), hashed(f"form:{cookie}").encode()):
        raise AccessError("the form does not come from a page of this server", todo="Load the page again.")


def local_place(place: str) -> str:
    """A place on this server, "/" for one that is not."""
    plain = place.startswith("/") and place.isascii() and place.isprintable() and not set(place) & set("\\ ")
    parts = urlsplit(place) if plain and not place.startswith("//") else None
    return place if parts is not None and not parts.scheme and not parts.netloc else "/"


def origin_of(address: str) -> str:
    """Where a form may lead so that it gets to an address: its origin, or its scheme."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}" if parts.scheme in ("http", "https") else f"{parts.scheme}:"


def address_of(request: Request) -> str:
    """From where a request came."""
    return request.client.host if request.client else ""


def _name(request: Request) -> str:
    return f"__Host-{_COOKIE}" if server_of(request).settings.secure else _COOKIE
