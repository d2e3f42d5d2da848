"""All routes of `oauth`."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.oauth import applications, authorize, exchange, metadata, registration

router = APIRouter(include_in_schema=False)
for part in (metadata, authorize, exchange, registration, applications):
    router.include_router(part.router)
