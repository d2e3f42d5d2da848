"""All routes of pages."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.pages import dose, dose_paper, home, twin

router = APIRouter(include_in_schema=False)
for part in (home, dose, dose_paper, twin):
    router.include_router(part.router)
