"""Preconditions of changes: entity tags (If-Match), and criteria that must mean one resource or none."""

from __future__ import annotations

import re
from collections.abc import Sequence

from vitruvian.core import DataError
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.current import Current, current_of
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


def matching(caller: Caller, kind: str, criteria: str) -> Current | None:
    """The one resource that fits the criteria of a conditional request, None where none does.

    Raises `Precondition` where several do, `InputError` for criteria that are none.
    """
    names = _found(caller, kind, criteria)
    if len(names) > 1:
        raise Precondition("the criteria mean several resources", todo="Say more, or use the id.")
    return current_of(caller, kind, names[0]) if names else None


def _found(caller: Caller, kind: str, criteria: str) -> Sequence[str]:
    """Ids of the resources that fit."""
    text = criteria.removeprefix(f"{kind}?").lstrip("?")
    if not text.strip():
        raise DataError("the criteria are empty", allowed="such as identifier=http://hospital.example|123")
    raise NotImplementedError
