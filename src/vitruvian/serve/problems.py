"""Errors as answers: problem+json (RFC 9457) for programs, a page for people, an OperationOutcome under /fhir."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, RedirectResponse, Response

from vitruvian.core import AccessError, RefusalError, StoreError, UnknownNameError, VitruvianError
from vitruvian.serve.caller import SignInNeeded
from vitruvian.serve.server import server_of
from vitruvian.serve.trace import trace_id


class TooMany(VitruvianError):
    """Too many requests or attempts: wait."""

    exit_code = 6

    def __init__(self, wait_s: int, instead: str = "") -> None:
        super().__init__("too many attempts", todo=", ".join(filter(None, (f"Wait {wait_s} s", instead))) + ".")
        self.wait_s = wait_s


_STATUS: tuple[tuple[type[VitruvianError], int], ...] = (
    (SignInNeeded, 401),
    (TooMany, 429),
    (AccessError, 403),
    (UnknownNameError, 404),
    (StoreError, 503),
    (RefusalError, 409),
    (VitruvianError, 422),
)
_FHIR_CODE = {400: "invalid", 401: "login", 403: "forbidden", 404: "not-found", 405: "not-supported", 409: "conflict",
              412: "conflict", 413: "too-long", 415: "not-supported", 422: "processing", 429: "throttled",
              501: "not-supported", 503: "transient"}  # fmt: skip


class Precondition(VitruvianError):
    """What was to be changed is not what the sender had seen."""


class HttpError(VitruvianError):
    """An error of a request that has a status of its own, and under /fhir perhaps an OperationOutcome of its own."""

    status: ClassVar[int] = 400

    @property
    def issues(self) -> list[dict[str, Any]]:
        """Issues of an OperationOutcome."""
        return []


def add_handlers(app: FastAPI) -> None:
    """Every error of the house, of the framework, and of validation gets the same shape."""

    @app.exception_handler(VitruvianError)
    def of_house(request: Request, error: VitruvianError) -> Response:
        headers = {"Retry-After": str(error.wait_s)} if isinstance(error, TooMany) else {}
        return answer(request, status_of(error), error.what, error, headers)

    @app.exception_handler(HTTPException)
    def of_framework(request: Request, error: HTTPException) -> Response:
        headers = dict(error.headers or {})
        return answer(request, error.status_code, str(error.detail), _misled(request, error, headers), headers)

    @app.exception_handler(RequestValidationError)
    def of_validation(request: Request, error: RequestValidationError) -> Response:
        found = [f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in error.errors()]
        return answer(request, 422, "the request is not valid: " + "; ".join(found[:10]))


def _misled(request: Request, error: HTTPException, headers: dict[str, str]) -> VitruvianError | None:
    """What to do for a program at a wrong address, or with a wrong method."""
    if error.status_code not in (404, 405) or not request.url.path.startswith("/api/"):
        return None
    todo = "/api/v1/openapi.json lists addresses and methods."
    return VitruvianError(str(error.detail), got=request.method, allowed=headers.get("Allow"), todo=todo)


def answer(
    request: Request,
    status: int,
    what: str,
    error: VitruvianError | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """One error in the shape that the sender reads."""
    more = dict(headers or {}) | ({"WWW-Authenticate": challenge(request)} if status == 401 else {})
    if request.url.path.startswith("/fhir"):
        found = outcome(status, what) if error is None else outcome_of_error(error)
        return JSONResponse(found, status, more, "application/fhir+json")
    if "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api"):
        return _page(request, status, what, error, more)
    body: dict[str, Any] = {"type": "about:blank", "title": what, "status": status, "detail": str(error or what)}
    if error is not None:
        parts = {"got": error.got, "allowed": error.allowed, "todo": error.todo}
        body |= {name: str(part) for name, part in parts.items() if part is not None}
    body["trace"] = trace_id()
    return JSONResponse(body, status, more, "application/problem+json")


def challenge(request: Request) -> str:
    """How one may prove who one is; agents are told where the door's metadata lie (RFC 9728)."""
    path = request.url.path
    if path != "/mcp":
        return "Bearer"
    return f'Bearer resource_metadata="{server_of(request).settings.url}/.well-known/oauth-protected-resource{path}"'


def outcome(status: int, text: str) -> dict[str, Any]:
    """An OperationOutcome of one error."""
    issue = {"severity": "error", "code": _FHIR_CODE.get(status, "exception"), "diagnostics": text}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


def outcome_of_error(error: VitruvianError) -> dict[str, Any]:
    """An OperationOutcome of an error, with all of its issues where it has several."""
    issues = error.issues if isinstance(error, HttpError) else []
    return outcome(status_of(error), str(error)) | ({"issue": issues} if issues else {})


def _page(request: Request, status: int, what: str, error: VitruvianError | None, headers: dict[str, str]) -> Response:
    from vitruvian.serve.pages.render import page

    part = "hx-request" in request.headers
    if status == 401 and request.url.path != "/sign-in/once":
        if part:  # the whole page goes to sign in, not the part that was asked for
            return Response(status_code=401, headers=headers | {"HX-Redirect": "/sign-in"})
        return RedirectResponse(_sign_in_place(request), 303)
    return page(
        request,
        "problem_part.html" if part else "problem.html",
        None,
        status=status,
        headers=headers,
        what=what,
        error=error,
        code=status,
        trace=trace_id(),
    )


def _sign_in_place(request: Request) -> str:
    """Where to sign in, with the way back for what can be asked again."""
    asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return f"/sign-in?{urlencode({'next': asked})}" if request.method == "GET" and asked != "/" else "/sign-in"


def status_of(error: VitruvianError) -> int:
    """The status of the answer to a request that failed."""
    if isinstance(error, HttpError):
        return error.status
    if isinstance(error, Precondition):
        return 412
    return next(status for kind, status in _STATUS if isinstance(error, kind))
