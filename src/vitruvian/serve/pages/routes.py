"""All routes of pages."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.pages import dose, dose_paper, home, measurement, patient, twin

router = APIRouter(include_in_schema=False)
for part in (home, patient, measurement, dose, dose_paper, twin):
    router.include_router(part.router)
