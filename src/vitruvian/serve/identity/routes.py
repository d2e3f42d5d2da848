"""All routes of identity."""

from __future__ import annotations

from fastapi import APIRouter

from vitruvian.serve.identity import by_provider, own, people, purpose, sign_in

router = APIRouter(include_in_schema=False)
for part in (sign_in, by_provider, own, purpose, people):
    router.include_router(part.router)
