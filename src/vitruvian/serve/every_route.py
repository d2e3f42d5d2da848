"""Every route of the application with its whole path, whatever router it came with."""

from __future__ import annotations

from typing import Any

from fastapi.routing import RouteContext, iter_route_contexts
from starlette.types import Scope


def every_route(app: Any) -> list[RouteContext]:
    """All routes and mounts, with their whole paths and dependencies."""
    return list(iter_route_contexts(app.routes))


def template_of(scope: Scope) -> str:
    """The template of the route that a request came to ("/patients/{person}"): the ids in its path stay out."""
    route, app = scope.get("route"), scope.get("app")
    if route is None or app is None:
        return "(none)"
    known = getattr(app.state, "templates", None)
    if known is None:
        known = app.state.templates = {id(one.original_route): one.path for one in every_route(app)}
    return str(known.get(id(route)) or "(none)")
