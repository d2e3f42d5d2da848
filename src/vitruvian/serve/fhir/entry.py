"""One resource as a caller sees it: its bytes, what they say, whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from vitruvian.core import DataError, parse_instant, to_datetime

Json = dict[str, Any]


@dataclass(frozen=True)
class Entry:
    """A version of a resource. `person` is "" where it is about nobody; `patients` are references to that person."""

    type: str
    content: bytes
    person: str
    patients: tuple[str, ...]
    """ "Patient/id" for each id that sources use for the person; the one of this resource first."""
    number: str
    """Version id."""
    received_ms: int
    line: str
    current: bool = True
    made: bool = False
    """Written by this server from what did not come as FHIR."""

    @cached_property
    def resource(self) -> Json:
        """The parsed resource."""
        found: Json = orjson.loads(self.content)
        return found

    @cached_property
    def id(self) -> str:
        """Logical id: the one that the source gave it."""
        return str(self.resource.get("id") or self.line)

    @property
    def name(self) -> str:
        """ "Type/id"."""
        return f"{self.type}/{self.id}"

    @cached_property
    def updated(self) -> str:
        """When it last changed, as it says itself, else when it came."""
        said = (self.resource.get("meta") or {}).get("lastUpdated")
        return said if isinstance(said, str) and self._is_moment(said) else _moment(self.received_ms)

    @cached_property
    def updated_ms(self) -> int:
        """The same in milliseconds since 1970 UTC."""
        return parse_instant(self.updated).ms

    @staticmethod
    def _is_moment(text: str) -> bool:
        try:
            return parse_instant(text).precision == "instant"
        except DataError:
            return False


def _moment(ms: int) -> str:
    return to_datetime(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
