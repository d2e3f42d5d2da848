"""Rows of the authorisation matrix, and requests made of the routes of an application."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import Mount, Route

from vitruvian.serve.caller import demands
from vitruvian.serve.every_route import every_route

ROLES = (
    "owner", "clinician", "researcher", "public_health_officer", "payer", "auditor", "administrator", "data_loader",
    "patient",
)  # fmt: skip
READERS = "owner clinician researcher public_health_officer payer patient"
INGESTERS = "owner clinician administrator data_loader"

# (action, resource) → roles that may, written by hand: what the program says must agree with it
ROWS: Mapping[tuple[str, str], str] = {
    **dict.fromkeys([("read", one) for one in (
        "patients", "facts", "twins", "scenarios", "jobs", "fhir", "cds", "agents", "alerts", "streams", "own",
    )], READERS),
    **dict.fromkeys([("search", one) for one in ("patients", "facts", "fhir", "alerts")],
                    "owner clinician researcher public_health_officer"),
    **dict.fromkeys([("ingest", one) for one in (
        "files", "quarantine", "fhir", "proposals", "streams", "cds",
    )], INGESTERS),
    **dict.fromkeys([("derive", one) for one in ("twins", "alerts", "facts", "cds", "streams", "fhir")],
                    "owner clinician researcher"),
    **dict.fromkeys([("export", one) for one in ("patients", "facts", "fhir", "files")],
                    "owner clinician researcher patient"),
    ("consent", "consent"): "owner clinician patient",
    ("audit", "audit"): "owner auditor administrator patient",
    ("quarantine", "quarantine"): "owner administrator",
    ("identity", "identity"): "owner administrator",
    ("administer", "accounts"): "owner administrator",
    ("administer", "metrics"): "owner administrator",
    ("administer", "cds"): "owner administrator",
    ("administer", "own"): "owner administrator",
    **dict.fromkeys([("monitor", one) for one in ("alerts", "streams")], "owner clinician"),
    **dict.fromkeys([("own", one) for one in ("own", "proposals", "agents", "fhir")], " ".join(ROLES)),
}  # fmt: skip

WITHOUT = frozenset({"/static", "/assets", "/api/v1/openapi.json"})
"""Files of the program itself: nothing of anybody is there."""

_KNOWN = {"twin": "dose", "question": "recommend", "signal": "steps", "decision": "confirm"}
_IN_FHIR = {"kind": "Patient", "type": "Patient", "resource_type": "Patient"}


@dataclass(frozen=True)
class Way:
    """One method of one route."""

    method: str
    path: str
    demands: tuple[tuple[str, str], ...] | None
    socket: bool = False

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def names(self) -> list[str]:
        """Names of the parameters of its path."""
        return re.findall(r"{(\w+)(?::\w+)?}", self.path)

    @property
    def points(self) -> bool:
        """Whether its path points at something of somebody; a list does not, though it may be one of a FHIR type."""
        return bool(set(self.names) - set(_IN_FHIR))

    def filled(self, person: str, **known: str) -> str:
        """Its path for a person, with real or plausible ids in all other places."""
        values = _KNOWN | (_IN_FHIR if self.path.startswith("/fhir") else {}) | known

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in ("person", "patient") or (self.path.startswith("/fhir") and name in ("id", "name")):
                return person
            return values.get(name, "unknown-id")

        return re.sub(r"{(\w+)(?::\w+)?}", value, self.path)


def ways_of(app: Any) -> list[Way]:
    """Every method of every route, sockets and mounts too."""
    return list(_ways(app))


def _ways(app: Any) -> Iterator[Way]:
    for one in every_route(app):
        route, path = one.original_route, one.path or ""
        if isinstance(route, Mount) or (isinstance(route, Route) and not isinstance(route, APIRoute)):
            yield Way("GET", path, None)
            continue
        found = demands(one)
        methods = getattr(one, "methods", None)
        if methods is None:
            yield Way("GET", path, found, socket=True)
        for method in sorted(set(methods or ()) - {"HEAD", "OPTIONS"}):
            yield Way(method, path, found)
