"""Starting: sample patients into an empty record, the address and a sign-in link, then serve until told to stop."""

from __future__ import annotations

import gc
from dataclasses import asdict
from typing import Any

from vitruvian.serve.identity import add_account, sign_in_link
from vitruvian.serve.identity.accounts import by_name
from vitruvian.serve.server import Server
from vitruvian.serve.settings import OpenIdProvider, RoleRule, Settings
from vitruvian.serve.trace import log_lines

OWNER = "owner"
"""Name of the account that the printed link signs in."""

_KEPT_OPEN_S = 75
"""Longer than proxies and programs keep a connection that rests: who closes last loses no request."""


def prepared(settings: Settings) -> str:
    """Make record and store ready; gives the one-time sign-in link of the owner."""
    server = Server.open(settings)
    try:
        if settings.samples and not server.record.people():
            _take_in_samples(server)
        owner = by_name(server.store, OWNER) or add_account(server.store, OWNER, ["owner"])
        return sign_in_link(server.store, settings.url, owner.id)
    finally:
        server.close()


def serve(settings: Settings) -> None:
    """Serve until a signal; requests under way are finished first."""
    import os

    import orjson
    import uvicorn

    if settings.workers > 1:
        gc.enable()  # this process only looks after others
    log_lines()
    os.environ["VITRUVIAN_SERVE"] = orjson.dumps(asdict(settings), default=str).decode()
    uvicorn.run(
        "vitruvian.serve.running:worker_app",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        ssl_certfile=str(settings.tls_cert) if settings.tls_cert else None,
        ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
        log_config=None,
        access_log=False,
        timeout_keep_alive=_KEPT_OPEN_S,
        server_header=False,
    )


def worker_app() -> object:
    """The application of one worker process, from the settings that `serve` left for it."""
    import os

    import orjson

    from vitruvian.serve.app import make_app

    told = orjson.loads(os.environ["VITRUVIAN_SERVE"])
    for name in ("providers", "ehrs"):
        told[name] = tuple(provider_told(one) for one in told[name])
    told["cds_origins"] = tuple(told["cds_origins"])
    log_lines()
    return make_app(Settings(**told))


def provider_told(told: dict[str, Any]) -> OpenIdProvider:
    """A provider as `serve` left it for its workers."""
    return OpenIdProvider(**told | {"roles": tuple(RoleRule(**one) for one in told["roles"])})


def _take_in_samples(server: Server) -> None:
    from vitruvian.ingest import samples

    for name, files in samples().items():
        server.record.ingest(*files, patient=name)
