"""Routes under /fhir."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.fhir.write import write_router

router = APIRouter(prefix="/fhir")
router.include_router(write_router)
