"""At which a request to write is dealt with: who asks, this server's address, bytes of resources opened lately."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.fhir.shelf import Shelf, shelf_of
from vitruvian.serve.server import server_of


@dataclass(frozen=True)
class Desk:
    """One request to write; `home` is the address of this server for FHIR."""

    caller: Caller
    home: str
    shelf: Shelf


def home_of(request: Request) -> str:
    """Address of this server for FHIR, without a slash at the end."""
    return f"{server_of(request).settings.url}/fhir"


def _desk(request: Request, caller: Annotated[Caller, Allow("ingest", "fhir")]) -> Desk:
    return Desk(caller, home_of(request), shelf_of(request))


def _open_desk(request: Request, caller: Annotated[Caller, Allow("own", "fhir")]) -> Desk:
    return Desk(caller, home_of(request), shelf_of(request))


Writer = Annotated[Desk, Depends(_desk)]
"""The desk of a request by one who may take in."""
Sender = Annotated[Desk, Depends(_open_desk)]
"""The desk of a request that says itself what it needs: each of its parts asks for its own right."""
