"""FHIR R4 reports and documents → facts: conclusions, attachments, and what their text mentions."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator
from typing import Any

from vitruvian.core import DataError, Instant
from vitruvian.ingest.fhir_parts import Json, codes, coding, known, moment, more_codings, some, span
from vitruvian.ingest.notes_mentions import mentions
from vitruvian.ingest.notes_text import readable
from vitruvian.record import Draft


def report(resource: Json) -> Iterator[Draft]:
    """A diagnostic report: its conclusion as text, its results by reference, its presented forms as documents."""
    start, end = span(resource, "effective")
    system, code, display = coding(resource.get("code"))
    issued, status = known(resource.get("issued")), resource.get("status") or ""
    detail = more_codings(resource.get("code")) | some(resource, "result", "conclusionCode", "imagingStudy", "specimen")
    categories = codes(resource.get("category"))
    conclusion = resource.get("conclusion")
    yield Draft(
        "report", system, code, display, value_text=conclusion, start=start, end=end, known_ms=issued,
        status=status, detail=detail | ({"category": categories} if categories else {}),
    )  # fmt: skip
    if isinstance(conclusion, str) and conclusion:
        yield from mentions(conclusion, ".conclusion", start, issued, status)
    for k, one in enumerate(resource.get("presentedForm") or ()):
        yield from _attached(one, f".presentedForm[{k}]", (system, code, display), start, issued, status)


def document(resource: Json) -> Iterator[Draft]:
    """A document: one fact per content, with its text where it is text."""
    when = moment(resource.get("date"))
    status = resource.get("status") or ""
    kind = coding(resource.get("type"))
    period = (resource.get("context") or {}).get("period") or {}
    start = moment(period.get("start")) or when
    for k, one in enumerate(resource.get("content") or [{}]):
        part = one.get("attachment") or {}
        path = f".content[{k}].attachment" if part else ""
        yield from _attached(part, path, kind, start, when.ms if when else None, status)


def _attached(
    part: Json, path: str, concept: tuple[str, str, str], start: Instant | None, known_ms: int | None, status: str
) -> Iterator[Draft]:
    system, code, display = concept
    text, flags = _text(part)
    detail: dict[str, Any] = some(part, "contentType", "url", "title", "creation", "size", "hash", "language")
    yield Draft(
        "document", system, code, display or part.get("title") or "", path, value_text=text,
        start=start or moment(part.get("creation")), known_ms=known_ms, status=status, flags=flags, detail=detail,
    )  # fmt: skip
    if text:
        yield from mentions(text, f"{path}.data", start, known_ms, status)


def _text(part: Json) -> tuple[str | None, tuple[str, ...]]:
    """The attachment's text; flags "elsewhere" (only a URL) and "not_text" (kept as it is, not read)."""
    data = part.get("data")
    if data is None:
        return None, ("elsewhere",) if "url" in part else ("no_value",)
    try:
        raw = base64.b64decode(data, validate=False)
    except (binascii.Error, ValueError) as error:
        raise DataError("an attachment is not base64", got=str(error)) from error
    text = readable(raw, part.get("contentType") or "")
    return (text, ()) if text is not None else (None, ("not_text",))
