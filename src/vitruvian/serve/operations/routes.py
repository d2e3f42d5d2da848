"""/healthz, /readyz, /metrics."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from vitruvian.record import reading
from vitruvian.serve import preparing
from vitruvian.serve.caller import Allow, Caller, Open
from vitruvian.serve.server import Server, server_of

router = APIRouter(tags=["operations"])


@router.get("/healthz", dependencies=[Open("tells only that the process answers")])
def alive() -> dict[str, str]:
    """Whether the process answers; if not, start it again."""
    return {"status": "ok"}


@router.get("/readyz", dependencies=[Open("tells only whether record and store answer")])
def ready(request: Request) -> Response:
    """Whether record and store can be reached; if not, send no requests here.

    `programs` says whether the first question of a drug still waits for its programs; it is answered in any case.
    """
    found = _checks(server_of(request))
    whole = all(found.values())
    told = {
        "status": "ok" if whole else "not ready",
        "parts": {name: "ok" if one else "fails" for name, one in found.items()},
        "programs": preparing.told(server_of(request)),
    }
    return JSONResponse(told, 200 if whole else 503)


@router.get("/metrics")
def metrics(request: Request, caller: Annotated[Caller, Allow("administer", "metrics")]) -> Response:
    """Counts and times of this process; a token of an administrator with the scope system/*.r reads them."""
    return Response(server_of(request).parts["metrics"].text(), media_type=CONTENT_TYPE_LATEST)


def _checks(server: Server) -> dict[str, bool]:
    engines = {"record": server.record.engine, "keys": server.record.keys.engine, "store": server.store.engine}
    return {name: _answers(engine) for name, engine in engines.items()}


def _answers(engine: Engine) -> bool:
    try:
        with reading(engine) as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        return False
    return True
