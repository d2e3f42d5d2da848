"""`vitruvian mcp`: one agent over standard input and output, with the rights of a token or of the local owner."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from vitruvian.serve.caller import Caller
from vitruvian.serve.identity import caller_of_token
from vitruvian.serve.mcp.protocol import protocol_server
from vitruvian.serve.mcp.session import AgentSession, narrowed
from vitruvian.serve.server import Server
from vitruvian.serve.settings import Settings
from vitruvian.serve.trace import log_lines


def serve_stdio(
    record: str, *, token: str | None = None, patient: str | None = None, purpose: str = "", propose: bool = False
) -> None:
    """Serve until the input ends. Raises `SignInNeeded`, `UnknownNameError` for a token or patient that is none."""
    log_lines()
    server = Server.open(Settings(record, samples=False))
    try:
        caller = _caller(server, token, patient, purpose)
        caller()
        anyio.run(_serve, lambda: AgentSession(server, caller(), "stdio", propose))
    finally:
        server.close()


def _caller(server: Server, token: str | None, patient: str | None, purpose: str) -> Callable[[], Caller]:
    """Who calls, found anew at every request: a token may be withdrawn at any time."""

    def found() -> Caller:
        if token:
            caller = caller_of_token(server, token, "/mcp")
        else:
            caller = Caller(server.record.actor.id, "local owner", server.record)
        caller = caller.acting(purpose) if purpose else caller
        return narrowed(caller, patient) if patient else caller

    return found


async def _serve(session_of: Callable[[], AgentSession]) -> None:
    from mcp.server.stdio import stdio_server

    app = protocol_server(lambda _: session_of())
    async with stdio_server() as (reading, writing):
        await app.run(reading, writing, app.create_initialization_options())
