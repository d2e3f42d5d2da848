"""`vitruvian mcp`: the door for an agent on this machine, over standard input and output."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from vitruvian.cli._record import DEFAULT_RECORD, RECORD_OPTION


def mcp_command(
    record: str | None = RECORD_OPTION,
    patient: Annotated[str | None, typer.Option(help="The one patient of the session; others do not exist.")] = None,
    purpose: Annotated[str, typer.Option(help="Purpose of use: treatment, research …")] = "",
    token: Annotated[
        str | None, typer.Option(help="Rights of this token instead of the local owner's [VITRUVIAN_TOKEN].")
    ] = None,
    propose: Annotated[bool, typer.Option(help="The agent may propose writes; a person confirms them.")] = False,
) -> None:
    """Serve an agent (Model Context Protocol) over standard input and output; it reads, and may propose."""
    from vitruvian.serve.mcp.stdio import serve_stdio

    where = record or os.environ.get("VITRUVIAN_RECORD") or DEFAULT_RECORD
    secret = token or os.environ.get("VITRUVIAN_TOKEN")
    serve_stdio(where, token=secret, patient=patient, purpose=purpose, propose=propose)
