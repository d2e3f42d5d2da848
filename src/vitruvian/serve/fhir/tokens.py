"""Tokens of a search: codes, identifiers, contacts and plain codes of a resource, as (system, code, words).

Source: HL7 FHIR R4, Search, "token": matched without regard to case, not by subsumption.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from vitruvian.serve.fhir.plain import folded


class Token(NamedTuple):
    """One code of a resource; `system` is None for an element whose code system FHIR itself fixes."""

    system: str | None
    code: str
    words: tuple[str, ...] = ()


def tokens(value: Any, contact: str = "") -> Iterator[Token]:
    """Codes of a CodeableConcept, Coding, Identifier, ContactPoint (of one kind), or plain element."""
    if isinstance(value, bool):
        yield Token(None, str(value).lower())
    elif isinstance(value, str | int):
        yield Token(None, str(value))
    elif isinstance(value, dict):
        yield from _coded(value, contact)


def _coded(value: dict[str, Any], contact: str) -> Iterator[Token]:
    text = value.get("text")
    if isinstance(text, str) or "coding" in value:
        codings = [one for one in value.get("coding") or () if isinstance(one, dict)]
        for one in codings:
            yield _coding(one, (text,) if isinstance(text, str) else ())
        if not codings:
            yield Token("", "", (str(text),))
    elif "value" in value:
        if not contact or value.get("system") == contact:
            said = (value.get("type") or {}).get("text")
            system = None if contact else str(value.get("system") or "")
            yield Token(system, str(value["value"]), (said,) if isinstance(said, str) else ())
    elif "code" in value or "display" in value:
        yield _coding(value, ())


def _coding(one: dict[str, Any], more: tuple[str, ...]) -> Token:
    display = one.get("display")
    words = (*more, display) if isinstance(display, str) else more
    return Token(str(one.get("system") or ""), str(one.get("code") or ""), words)


def fits(wanted: str, found: Token) -> bool:
    """Whether a token is the one asked for: "code", "system|code", "|code" or "system|"."""
    system, bar, code = wanted.rpartition("|")
    if code and folded(code) != folded(found.code):
        return False
    if not bar or found.system is None:
        return bool(code)
    return system == found.system and bool(found.code or not code)


def says(wanted: str, found: Token) -> bool:
    """Whether the words of a token begin with a text (modifier :text)."""
    return any(folded(one).startswith(folded(wanted)) for one in found.words)
