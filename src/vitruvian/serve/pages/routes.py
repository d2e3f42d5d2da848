"""All routes of pages."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.pages import home, twin

router = APIRouter(include_in_schema=False)
for part in (home, twin):
    router.include_router(part.router)
