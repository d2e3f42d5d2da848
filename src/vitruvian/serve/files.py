"""Style and scripts of the pages: compressed, and asked for anew after an update."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp


class _Files(StaticFiles):
    def file_response(self, *args: Any, **more: Any) -> Response:
        """With the word that a kept copy is to be checked (by its ETag) before it is used."""
        answer = super().file_response(*args, **more)
        answer.headers.setdefault("cache-control", "no-cache")
        return answer


def files_of(folder: Path) -> ASGIApp:
    """The files of a folder, which may be absent. They hold no secret, so that compression gives none away."""
    return GZipMiddleware(_Files(directory=folder, check_dir=False), minimum_size=1000)
