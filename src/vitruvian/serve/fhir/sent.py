"""One request that changes resources of a type: who, which type, which one, and what came."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Header, Request
from starlette.responses import Response

from vitruvian.record import Moment
from vitruvian.serve.fhir.conditional import matching
from vitruvian.serve.fhir.current import Current, current_of
from vitruvian.serve.fhir.desk import Writer
from vitruvian.serve.fhir.request import Body, written_answer
from vitruvian.serve.fhir.storing import Written, decided


class Sent:
    """A dependency: the parts of a request to write. `name` is "" where criteria say which resource is meant."""

    def __init__(
        self, request: Request, kind: str, desk: Writer, body: Body, if_match: Annotated[str | None, Header()] = None
    ) -> None:
        self._request, self.kind, self.desk, self.body, self.tag = request, kind, desk, body, if_match
        self.name: str = request.path_params.get("name", "")

    def before(self) -> Current | None:
        """The resource that it is about as it stands, None where there is none."""
        if self.name:
            return current_of(self.desk.caller, self.kind, self.name)
        return matching(self.desk, self.kind, self._request.url.query)

    def answered(self, decide: Callable[[Moment], Written]) -> Response:
        """The answer to what is decided on the record as it stands."""
        return written_answer(self._request, decided(self.desk.caller, decide))
