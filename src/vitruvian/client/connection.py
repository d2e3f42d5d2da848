"""One connection to a server: requests, errors as the types of the house, waiting when asked to wait."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from vitruvian.core import AccessError, InputError, RefusalError, StoreError, UnknownNameError, VitruvianError

_TRIES = 5
_LONGEST_WAIT_S = 60.0
_ERRORS: Mapping[int, type[VitruvianError]] = {
    401: AccessError, 403: AccessError, 404: UnknownNameError, 409: RefusalError, 503: StoreError,
}  # fmt: skip


class Connection:
    """Requests to /api/v1 of a server. A request that was told to wait is sent again, up to five times."""

    def __init__(self, url: str, token: str, timeout_s: float, transport: httpx.BaseTransport | None = None) -> None:
        self._timeout_s = timeout_s
        headers = {"authorization": f"Bearer {token}", "accept": "application/json"}
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/v1", headers=headers, timeout=timeout_s, transport=transport
        )

    def send(self, method: str, path: str, **request: Any) -> Any:
        """The JSON of an answer, None where there is none. Raises the house's errors, `StoreError` without a server."""
        query = {name: value for name, value in (request.pop("query", None) or {}).items() if value is not None}
        for attempt in range(_TRIES):
            for _, (_, stream) in request.get("files", ()):
                stream.seek(0)
            try:
                answer = self._http.request(method, path, params=query, **request)
            except (httpx.ReadTimeout, httpx.WriteTimeout) as error:
                seconds = f"no answer within {self._timeout_s:g} s"
                todo = "Ask as a job (`patient.submit`), or give `Client` a longer `timeout_s`."
                raise StoreError(seconds, got=f"{method} {path}", todo=todo) from error
            except httpx.TransportError as error:
                raise StoreError("the server cannot be reached", got=str(error), todo="See that it runs.") from error
            if answer.status_code != 429 or attempt == _TRIES - 1:
                break
            time.sleep(min(float(answer.headers.get("retry-after", 1)), _LONGEST_WAIT_S))
        if answer.status_code >= 400:
            raise _error(answer)
        return answer.json() if answer.content else None

    def pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Any]:
        """The items of a list, page after page."""
        after = None
        while True:
            page = self.send("GET", path, query={**query, "after": after})
            yield from page["items"]
            after = page["next"]
            if after is None:
                return

    def close(self) -> None:
        """Let go of the connection."""
        self._http.close()


def _error(answer: httpx.Response) -> VitruvianError:
    """The error of the house that a problem stands for."""
    try:
        told = answer.json()
    except ValueError:
        told = {}
    kind = _ERRORS.get(answer.status_code, InputError if answer.status_code < 500 else StoreError)
    what = str(told.get("title") or f"the server answered {answer.status_code}")
    return kind(what, got=told.get("got"), allowed=told.get("allowed"), todo=told.get("todo"))
