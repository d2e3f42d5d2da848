"""Searching one type: which resources match, in which order, and what comes with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from vitruvian.serve.fhir.criteria import Criteria
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.parameters import parameters
from vitruvian.serve.fhir.query import Asked, Include
from vitruvian.serve.fhir.references import names
from vitruvian.serve.fhir.seen import Seen
from vitruvian.serve.fhir.sorting import ordered
from vitruvian.serve.scopes import covers

MANY = 200
"""People above which matches are not counted unless that is asked for."""
_AT_ONCE = 50
_ROUNDS = 5
"""How often what was included is followed further."""


@dataclass(frozen=True)
class Cursor:
    """Where a page begins: after so many matches, the last of which was `last` ("Type/id")."""

    after: int = 0
    last: str = ""


@dataclass(frozen=True)
class Page:
    """One page of results; `following` is None on the last one."""

    matches: tuple[Entry, ...]
    included: tuple[Entry, ...]
    total: int | None
    following: Cursor | None


def search(seen: Seen, asked: Asked, cursor: Cursor = Cursor()) -> Page:
    """A page of the resources that fulfil a search. Raises `SearchError`, `AccessError`."""
    seen.demand(asked.kind, "s")
    criteria = Criteria(seen, asked)
    people = seen.people if criteria.people is None else criteria.people
    found = (one for one in _candidates(seen, asked.kind, people) if criteria.fits(one))
    counts = asked.total in ("estimate", "accurate") or (asked.total != "none" and len(people) <= MANY)
    if asked.sort or counts or asked.summary == "count":
        matches, total = ordered(list(found), asked.kind, asked.sort), True
    else:
        matches, total = list(islice(found, cursor.after + asked.count + 1)), False
    begin = _begin(matches, cursor)
    page = matches[begin : begin + asked.count]
    more = asked.count and begin + len(page) < len(matches)
    following = Cursor(begin + len(page), page[-1].name) if page and more else None
    count = len(matches) if total and asked.total != "none" else None
    return Page(tuple(page), tuple(_with(seen, asked, page, people)), count, following)


def _candidates(seen: Seen, kind: str, people: Sequence[str]) -> Iterator[Entry]:
    """Resources of some people, some of them at a time, then those about nobody."""
    for start in range(0, len(people), _AT_ONCE):
        yield from (one for one in seen.of(kind, people[start : start + _AT_ONCE]) if one.person)
    yield from (one for one in seen.of(kind, []) if not one.person)


def _begin(matches: Sequence[Entry], cursor: Cursor) -> int:
    """Where the page begins: after the match that was last, wherever it is now."""
    if not cursor.last or (0 < cursor.after <= len(matches) and matches[cursor.after - 1].name == cursor.last):
        return cursor.after
    return next((k + 1 for k, one in enumerate(matches) if one.name == cursor.last), cursor.after)


def _with(seen: Seen, asked: Asked, page: Sequence[Entry], people: Sequence[str]) -> Iterator[Entry]:
    """What is to come with a page, each once and nothing that is on it."""
    known = {(one.name, one.person) for one in page}
    last: Sequence[Entry] = page
    for number in range(_ROUNDS):
        first = number == 0
        if not last:
            return
        found: list[Entry] = []
        for one in asked.include:
            found += _referred(seen, last, one) if first or one.again else []
        for one in asked.revinclude:
            found += _referring(seen, last, one, people) if first or one.again else []
        fresh = {(one.name, one.person): one for one in found if (one.name, one.person) not in known}
        known |= set(fresh)
        last = list(fresh.values())
        yield from last


def _referred(seen: Seen, entries: Sequence[Entry], include: Include) -> Iterator[Entry]:
    """Resources to which entries refer."""
    every = parameters(include.source)
    star = include.parameter == "*"
    asked = [one for one in every.values() if one.kind == "reference"] if star else [every[include.parameter]]
    for entry in entries:
        if entry.type != include.source:
            continue
        for name in dict.fromkeys(name for one in asked for name in names(entry, one)):
            kind, _, _ = name.partition("/")
            if include.target in ("", kind) and covers(seen.caller, kind, "r"):
                yield from (one for one in seen.of(kind, [entry.person] if entry.person else []) if one.name == name)


def _referring(seen: Seen, entries: Sequence[Entry], include: Include, people: Sequence[str]) -> Iterator[Entry]:
    """Resources that refer to entries."""
    if not covers(seen.caller, include.source, "r"):
        return
    parameter = parameters(include.source)[include.parameter]
    wanted = {one.name for one in entries if include.target in ("", one.type)}
    persons = {one.person for one in entries}
    among = seen.people if "" in persons else [one for one in people if one in persons]
    for one in seen.of(include.source, among):
        if not wanted.isdisjoint(names(one, parameter)):
            yield one
