"""All routes of /api/v1."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.api import twins

router = APIRouter(prefix="/api/v1")
for part in (twins,):
    router.include_router(part.router)
