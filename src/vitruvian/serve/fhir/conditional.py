"""Preconditions of changes: entity tags (If-Match), and criteria that must mean one resource or none."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl

from vitruvian.core import DataError
from vitruvian.serve.fhir.criteria import Criteria
from vitruvian.serve.fhir.current import Current, current_of
from vitruvian.serve.fhir.desk import Desk
from vitruvian.serve.fhir.errors import SearchError
from vitruvian.serve.fhir.query import asked
from vitruvian.serve.fhir.seen import Seen
from vitruvian.serve.problems import Precondition

_TAG = re.compile(r'(?:W/)?"([^"]{1,64})"')


def demand_match(tag: str | None, before: Current | None) -> None:
    """Raise `Precondition` unless the version named by If-Match is the current one."""
    if tag is None:
        return
    match = _TAG.fullmatch(tag.strip())
    if match is None:
        raise DataError("If-Match is no entity tag", got=repr(tag)[:80], allowed='such as W/"3"')
    if before is None or match[1] != before.number:
        raise Precondition("the resource is not in the version that was seen", todo="Read it again, then change it.")


def matching(desk: Desk, kind: str, criteria: str) -> Current | None:
    """The one resource that fits the criteria of a conditional request, None where none does.

    Raises `Precondition` where several do, `InputError` for criteria that are none or that are not understood whole.
    """
    names = _fitting(desk, kind, criteria.removeprefix(f"{kind}?").lstrip("?"))
    if len(names) > 1:
        raise Precondition("the criteria mean several resources", todo="Say more, or use the id.")
    return current_of(desk.caller, kind, names[0]) if names else None


def _fitting(desk: Desk, kind: str, criteria: str) -> list[str]:
    """Ids of the resources that fit, among those that the caller may see."""
    question = asked(kind, parse_qsl(criteria, keep_blank_values=True))
    if question.unknown or not question.criteria:
        got = ", ".join(question.unknown) or "nothing"
        raise SearchError("the criteria are not understood", got=got, allowed="such as identifier=http://example.org|1")
    seen = Seen(desk.caller, desk.shelf)
    seen.demand(kind, "s")
    tests = Criteria(seen, question)
    return sorted({one.id for one in seen.of(kind, tests.people) if not one.made and tests.fits(one)})
