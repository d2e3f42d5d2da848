"""All routes of `oauth`."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.oauth import applications, authorize, ehr_routes, exchange, metadata, registration, service_pages

router = APIRouter(include_in_schema=False)
for part in (metadata, authorize, exchange, registration, applications, service_pages, ehr_routes):
    router.include_router(part.router)
