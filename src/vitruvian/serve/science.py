"""Rooms of science are loaded by one thread, after the first page is shown or when the first caller needs them.

Two threads that load parts of one library at the same time may wait for each other; so nobody else loads these first.
"""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from threading import Event, Thread

from starlette.concurrency import run_in_threadpool

from vitruvian.serve.server import Server

_PART = "science"
_ROOMS = (
    "vitruvian.pharmacology", "scipy.stats", "polars", "vitruvian.twin.doors.dose", "vitruvian.twin.orders.dose",
    "vitruvian.twin.orders.genotype", "vitruvian.twin.orders.interaction", "vitruvian.twin.images",
    "vitruvian.twin.qt", "vitruvian.twin.doors.glucose", "vitruvian.twin.doors.heart", "vitruvian.reports",
    "vitruvian.serve.mcp.protocol",
)  # fmt: skip
_PATIENCE_S = 5.0
_LOG = logging.getLogger("vitruvian.serve")


@dataclass(frozen=True)
class _Science:
    wanted: Event = field(default_factory=Event)
    loaded: Event = field(default_factory=Event)
    ended: Event = field(default_factory=Event)

    def load(self) -> None:
        self.wanted.wait(_PATIENCE_S)
        absent = [room for room in _ROOMS if room not in sys.modules]
        try:
            for room in absent:
                if not self.ended.is_set():
                    import_module(room)
        except Exception:  # whoever needs that room is told
            _LOG.exception("a part of the program could not be loaded")
        finally:
            self.loaded.set()
        if absent:  # what is loaded stays: the collector need not look at it again and again
            gc.collect()
            gc.freeze()
        gc.enable()


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    """The loading thread; an interpreter must not end within an import."""
    science = server.parts[_PART] = _Science()
    loader = Thread(target=science.load, name="science")
    loader.start()
    try:
        yield
    finally:
        science.ended.set()
        science.wanted.set()
        await run_in_threadpool(loader.join)


def shown(server: Server) -> None:
    """The first page was made: now there is time to load."""
    if found := server.parts.get(_PART):
        found.wanted.set()


def ready(server: Server) -> bool:
    """Whether `needed` returns at once."""
    found = server.parts.get(_PART)
    return found is None or found.loaded.is_set()


def needed(server: Server) -> None:
    """Return once everything is loaded; without a running server each thread loads by itself."""
    if found := server.parts.get(_PART):
        found.wanted.set()
        found.loaded.wait()
