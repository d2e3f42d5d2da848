"""The application: one list of its parts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI

from vitruvian import __version__
from vitruvian.serve import api, cds, fhir, identity, live, mcp, oauth, operations, pages, preparing, science
from vitruvian.serve.address import remember_address
from vitruvian.serve.faults import Faults
from vitruvian.serve.files import files_of
from vitruvian.serve.heads import Heads
from vitruvian.serve.problems import add_handlers
from vitruvian.serve.server import Server
from vitruvian.serve.settings import Settings
from vitruvian.serve.slashes import EncodedSlashes
from vitruvian.serve.told import Told
from vitruvian.serve.trace import Traced

_HERE = Path(__file__).parent
_PARTS = (api, oauth, fhir, live, pages, mcp, cds, operations, identity)
"""Each has a `router`, and the first that fits a path answers; one with work of its own beside requests has
`running(server)`, an asynchronous context."""


def make_app(settings: Settings) -> FastAPI:
    """The whole server over one record. Raises `InputError`, `StoreError` where record or store cannot be opened."""
    server = Server.open(settings)
    remember_address(server.store, settings.url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.callback(server.close)
            await stack.enter_async_context(science.running(server))
            await stack.enter_async_context(preparing.running(server))
            for part in _PARTS:
                if hasattr(part, "running"):
                    await stack.enter_async_context(part.running(server))
            yield

    app = FastAPI(
        title="Vitruvian",
        version=__version__,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.server = server
    metrics = server.parts["metrics"] = operations.Metrics(server)
    app.add_middleware(Faults)
    app.add_middleware(Told)
    app.add_middleware(operations.Measured, metrics=metrics)
    app.add_middleware(cds.Cors, origins=settings.cds_origins)
    app.add_middleware(EncodedSlashes)
    app.add_middleware(Heads)
    app.add_middleware(Traced)
    add_handlers(app)
    for part in _PARTS:
        app.include_router(part.router)
    for name in ("static", "assets"):
        app.mount(f"/{name}", files_of(_HERE / name), name=name)
    return app
