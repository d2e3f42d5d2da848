"""Where tokens serve: the audiences of this server (RFC 8707 `resource`, SMART `aud`)."""

from __future__ import annotations

from vitruvian.serve.settings import Settings

PATHS = ("", "/fhir", "/mcp", "/api/v1", "/cds-services")


def path_of(settings: Settings, audience: str) -> str | None:
    """The path of an audience, None where it is not of this server."""
    plain = audience.rstrip("/")
    return next((path for path in PATHS if f"{settings.url}{path}" == plain), None)
