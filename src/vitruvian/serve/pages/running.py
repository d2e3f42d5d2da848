"""What pages do while the server runs: once the first one is shown, load what the next ones need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from threading import Event, Thread

from starlette.concurrency import run_in_threadpool

from vitruvian.serve.server import Server

PART = "first page"
_ROOMS = (
    "vitruvian.pharmacology", "vitruvian.twin.doors.dose", "vitruvian.reports", "vitruvian.twin.doors.glucose",
    "vitruvian.twin.doors.heart", "vitruvian.serve.mcp.protocol",
)  # fmt: skip
_PATIENCE_S = 5.0


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    """Load heavy rooms beside requests, after the first page or where none is asked for."""
    shown, ended = Event(), Event()
    server.parts[PART] = shown
    loader = Thread(target=_load, args=(shown, ended))
    loader.start()
    try:
        yield
    finally:  # an interpreter must not end within an import
        ended.set()
        shown.set()
        await run_in_threadpool(loader.join)


def _load(shown: Event, ended: Event) -> None:
    shown.wait(_PATIENCE_S)
    for room in _ROOMS:
        if not ended.is_set():
            import_module(room)
