"""Pages of results as Bundles: searches, histories, everything of a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.asking import strict
from vitruvian.serve.fhir.bundles import bundle, entry_text, etag, passed_over, urls
from vitruvian.serve.fhir.desk import home_of
from vitruvian.serve.fhir.entry import Entry
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.everything import KNOWN, Wanted, everything
from vitruvian.serve.fhir.paging import Place, link_text
from vitruvian.serve.fhir.query import DEFAULT_COUNT, MOST, asked
from vitruvian.serve.fhir.search import Cursor, search
from vitruvian.serve.fhir.seen import Seen
from vitruvian.serve.fhir.shelf import shelf_of
from vitruvian.serve.fhir.single import single
from vitruvian.serve.fhir.summaries import shortened
from vitruvian.serve.server import server_of

Pairs = Sequence[tuple[str, str]]


def seen_by(caller: Caller, request: Request) -> Seen:
    """What the caller may see, for one request."""
    return Seen(caller, shelf_of(request))


def searched(caller: Caller, request: Request, kind: str, pairs: Pairs, cursor: Cursor = Cursor()) -> Response:
    """A page of a search. Raises `SearchError`, `AccessError`."""
    wanted, home = asked(kind, pairs), home_of(request)
    if wanted.unknown and strict(request):
        raise SearchError("parameters are not known", got=", ".join(wanted.unknown), todo="See /fhir/metadata.")
    page = search(seen_by(caller, request), wanted, cursor)
    links = [("self", f"{home}/{kind}" + (f"?{urlencode(wanted.used)}" if wanted.used else ""))]
    if page.following is not None and wanted.summary != "count":
        links.append(("next", _next(request, caller, Place("search", kind, tuple(pairs), page.following))))
    if wanted.summary == "count" or not wanted.count:
        return bundle("searchset", links, [], page.total)
    every = [*page.matches, *page.included]
    modes = ["match"] * len(page.matches) + ["include"] * len(page.included)
    whole = replace(wanted, elements=())  # elements narrow what matched, not what came with it
    entries = [
        entry_text(url, shortened(one, wanted if mode == "match" else whole), search={"mode": mode})
        for url, one, mode in zip(urls(home, every), every, modes, strict=True)
    ]
    if wanted.unknown:
        entries.append(entry_text("", passed_over(wanted.unknown), search={"mode": "outcome"}))
    return bundle("searchset", links, entries, page.total)


def everything_of(caller: Caller, request: Request, name: str, pairs: Pairs, cursor: Cursor = Cursor()) -> Response:
    """A page of everything of the person of "Patient/name"; 200 and no entries is never an answer for nobody.

    Raises `SearchError` for a parameter that is not known, `UnknownNameError` for nobody.
    """
    given = dict(pairs)
    if unknown := sorted(set(given) - {*KNOWN, "_format", "_pretty"}):
        raise SearchError("parameters are not known", got=", ".join(unknown), allowed=", ".join(KNOWN))
    seen, home = seen_by(caller, request), home_of(request)
    person = only_person(seen, name)
    own, more = everything(seen, person, Wanted.of(given))
    every = [*own, *more]
    count = asked("Patient", [("_count", given["_count"])]).count if "_count" in given else MOST
    page = every[cursor.after : cursor.after + count]
    links = [("self", f"{home}/Patient/{name}/$everything" + (f"?{urlencode(given)}" if given else ""))]
    if count and cursor.after + count < len(every):
        after = Cursor(cursor.after + count, page[-1].name)
        links.append(("next", _next(request, caller, Place("everything", name, tuple(given.items()), after))))
    mode = {id(one): "match" for one in own}
    entries = [
        entry_text(url, one.content, search={"mode": mode.get(id(one), "include")})
        for url, one in zip(urls(home, page), page, strict=True)
    ]
    return bundle("searchset", links, entries, len(own))


def history_of(
    caller: Caller, request: Request, where: str, versions: Sequence[Entry], pairs: Pairs, cursor: Cursor = Cursor()
) -> Response:
    """A page of versions, the newest first; `where` is "Type" or "Type/id"."""
    given, home = dict(pairs), home_of(request)
    known = [(name, value) for name, value in pairs if name in ("_count", "_since")]
    wanted = Wanted.of({name: value for name, value in known if name == "_since"})
    versions = [one for one in versions if one.updated_ms >= wanted.since]
    count = asked("Patient", [("_count", given["_count"])]).count if "_count" in given else DEFAULT_COUNT
    page = versions[cursor.after : cursor.after + count]
    links = [("self", f"{home}/{where}/_history" + (f"?{urlencode(known)}" if known else ""))]
    if count and cursor.after + count < len(versions):
        after = Cursor(cursor.after + count)
        links.append(("next", _next(request, caller, Place("history", where, tuple(known), after))))
    first = {one.line: one for one in versions}  # the last of each line is its first version
    entries = [_version(home, one, first[one.line] is one) for one in page]
    return bundle("history", links, entries, len(versions))


def only_person(seen: Seen, name: str) -> str:
    """The person of "Patient/name". Raises `UnknownNameError`, `Several` where sources mean different people."""
    found = seen.of("Patient", seen.persons_of("Patient", name))
    return single([one for one in found if one.id == name]).person


def _version(home: str, one: Entry, first: bool) -> bytes:
    request = {"method": "POST" if first else "PUT", "url": one.type if first else one.name}
    response = {"status": "201" if first else "200", "etag": etag(one), "lastModified": one.updated}
    return entry_text(f"{home}/{one.name}", one.content, request=request, response=response)


def _next(request: Request, caller: Caller, place: Place) -> str:
    return f"{home_of(request)}?_page={link_text(server_of(request), caller, place)}"
