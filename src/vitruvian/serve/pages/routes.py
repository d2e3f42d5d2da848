"""All routes of pages."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.pages import audit, consent, dose, dose_paper, home, intake, measurement, monitor, patient, twin

router = APIRouter(include_in_schema=False)
for part in (home, patient, measurement, dose, dose_paper, consent, audit, intake, monitor, twin):
    router.include_router(part.router)
