"""All that is known of one person (`$everything`), and the administrative resources to which it refers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from vitruvian.core import DataError
from vitruvian.serve.fhir.dates import Span, span, span_of
from vitruvian.serve.fhir.elements import at
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.parameters import parameters
from vitruvian.serve.fhir.seen import ADMINISTRATIVE, Seen, mentioned
from vitruvian.serve.scopes import covers

_NOT_CARE = frozenset({"birthdate", "death-date", "expiration-date"})
KNOWN = ("start", "end", "_since", "_type", "_count")


@dataclass(frozen=True)
class Wanted:
    """Dates of care (`start` included, `end` too), the moment since when something changed (ms), types."""

    start: float = float("-inf")
    end: float = float("inf")
    since: float = float("-inf")
    types: frozenset[str] = frozenset()

    @classmethod
    def of(cls, given: dict[str, str]) -> Wanted:
        """What a request says. Raises `SearchError`."""
        found: dict[str, Span] = {}
        for name in ("start", "end", "_since"):
            if name in given:
                try:
                    found[name] = span(given[name])
                except DataError as error:
                    raise SearchError(f"{name} needs a date", allowed="such as 2026-03-01") from error
        types = frozenset(given.get("_type", "").split(",")) - {""}
        whole = (float("-inf"), float("inf"))
        return cls(
            found.get("start", whole)[0], found.get("end", whole)[1], found.get("_since", whole)[0], types
        )  # fmt: skip


def everything(seen: Seen, person: str, wanted: Wanted) -> tuple[list[Entry], list[Entry]]:
    """(resources of a person, the Patient first; administrative resources to which they refer)."""
    own = [one for one in seen.everything(person, wanted.types) if _fits(one, wanted)]
    own.sort(key=lambda one: one.type != "Patient")
    return own, list(_administrative(seen, own, wanted.types))


def _administrative(seen: Seen, own: Collection[Entry], types: frozenset[str]) -> Iterator[Entry]:
    names = {name for one in own for name in mentioned(one.resource)}
    kinds = sorted({name.partition("/")[0] for name in names} & ADMINISTRATIVE & (types or ADMINISTRATIVE))
    for kind in kinds:
        if covers(seen.caller, kind, "r"):
            yield from (one for one in seen.of(kind, []) if one.name in names)


def _fits(entry: Entry, wanted: Wanted) -> bool:
    """Changed since then, and of care in those dates; what has no date of care is always wanted."""
    if entry.updated_ms < wanted.since:
        return False
    dates = [one for name, one in parameters(entry.type).items() if one.kind == "date" and name not in _NOT_CARE]
    spans = [found for one in dates for value in at(entry.resource, one.paths) if (found := span_of(value))]
    return not spans or any(low <= wanted.end and high > wanted.start for low, high in spans)
