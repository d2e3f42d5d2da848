"""`/mcp` over streamable HTTP: one request, one answer, whoever's token it carries; no state between requests.

Source: Model Context Protocol, "Transports" and "Authorization"; RFC 9728 (protected resource metadata).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vitruvian.serve.background import beside_requests
from vitruvian.serve.caller import Allow, Caller, Open, SignInNeeded
from vitruvian.serve.mcp.transport import SESSION, Transport
from vitruvian.serve.server import Server, server_of

router = APIRouter(include_in_schema=False)
PATH = "/mcp"
_PART = "mcp"
_PATIENT = "x-vitruvian-patient"
_PROPOSE = "x-vitruvian-propose"
_SCOPES = ("patient/*.rs", "user/*.rs", "launch/patient", "offline_access")


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    """The SDK's transport, while the server runs."""
    transport = server.parts[_PART] = Transport()
    async with beside_requests(transport.run()):
        yield


@router.post(PATH)
def agents(request: Request, caller: Annotated[Caller, Allow("read", "agents")]) -> Response:
    """One message of an agent. Headers may narrow the session to a patient, or let it propose."""
    from vitruvian.serve.mcp.session import AgentSession, narrowed

    server = server_of(request)
    if caller.session:
        raise SignInNeeded("agents bring a token", got="a session of a browser", todo="Make a token for the agent.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise HTTPException(415, "messages are application/json")
    origin = request.headers.get("origin")
    if origin is not None and origin.rstrip("/") != server.settings.url:
        raise HTTPException(403, "requests from pages of other hosts are not answered")
    if named := request.headers.get(_PATIENT):
        caller = narrowed(caller, named)
    proposes = request.headers.get(_PROPOSE, "").lower() in ("1", "true", "yes")
    request.scope[SESSION] = AgentSession(server, caller, "http", proposes)
    return _Handed(server.parts[_PART])


@router.get(PATH, dependencies=[Open("it only says that nothing is streamed here")])
def no_stream() -> Response:
    """No stream of the server's own: it speaks when it is asked."""
    raise HTTPException(405, "send messages by POST", headers={"Allow": "POST"})


@router.get("/.well-known/oauth-protected-resource", dependencies=[Open("agents ask it before they have a token")])
@router.get("/.well-known/oauth-protected-resource/mcp", dependencies=[Open("agents ask it before they have a token")])
def protected_resource(request: Request) -> dict[str, Any]:
    """Who gives tokens for `/mcp`, and with which scopes."""
    url = server_of(request).settings.url
    return {
        "resource": f"{url}{PATH}",
        "resource_name": "Vitruvian",
        "authorization_servers": [url],
        "bearer_methods_supported": ["header"],
        "scopes_supported": list(_SCOPES),
    }


class _Handed(Response):
    """The answer that the SDK gives itself."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.background = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.transport.answer(scope, receive, send)
