"""All routes of /api/v1."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.api import facts, patients, samples, twins

router = APIRouter(prefix="/api/v1")
for part in (patients, facts, samples, twins):
    router.include_router(part.router)
