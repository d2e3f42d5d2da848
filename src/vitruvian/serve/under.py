"""A router that looks only at addresses under its prefix: of a few hundred routes, those of one room are tried."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.routing import Match
from starlette.types import Scope


class RouterUnder(APIRouter):
    """For a room that is included as it is, so that its prefix is the whole one."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether one of its routes may answer."""
        if scope["type"] != "lifespan" and not scope["path"].startswith(self.prefix):
            return Match.NONE, {}
        return super().matches(scope)
