"""What pages do while the server runs: load what draws the first person's page before somebody waits for it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module

from vitruvian.serve.server import Server


@asynccontextmanager
async def running(_: Server) -> AsyncIterator[None]:
    """Load the reports beside the first requests."""
    threading.Thread(target=import_module, args=("vitruvian.reports",), daemon=True).start()
    yield
