"""All routes of /api/v1."""

from __future__ import annotations

from vitruvian.serve.api import audit, consent, export, facts, files, jobs, patients, samples, scenarios, twins
from vitruvian.serve.under import RouterUnder

router = RouterUnder(prefix="/api/v1")
for part in (patients, export, facts, samples, twins, scenarios, jobs, files, consent, audit):
    router.include_router(part.router)
