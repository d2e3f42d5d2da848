"""Answers to applications, which nobody may keep on the way."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

NO_STORE = {"cache-control": "no-store", "pragma": "no-cache"}


def refused(error: str, description: str, status: int = 400) -> Response:
    """An error as RFC 6749 has it."""
    return JSONResponse({"error": error, "error_description": description}, status, NO_STORE)
