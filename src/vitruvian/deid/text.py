"""De-identification of clinical text: what is known of the person, and what patterns show, is replaced.

It lowers the risk that a reader learns who is meant; it is not a guarantee. A name that is not told, has no title and
stands under no label ("Jane came along") stays: let a person read before text leaves the house.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from vitruvian.core import DataError
from vitruvian.deid.patterns import AGE, DATES, PATTERNS, Category

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ISO = re.compile(r"^(\d{4})-(\d{2})-(\d{2})")
_YEAR = re.compile(r"(?:1[89]|20)\d{2}")
_COMMON = frozenset({"an", "and", "de", "la", "le", "der", "van", "von", "the", "no", "mr", "mrs", "dr"})


@dataclass(frozen=True)
class Known:
    """What is known of the person: names, numbers, telephone, addresses; each is removed wherever it stands."""

    names: Sequence[str] = ()
    numbers: Sequence[str] = ()
    places: Sequence[str] = ()


@dataclass(frozen=True)
class Removed:
    """What was replaced: its category and where it stood in the original text."""

    category: Category
    start: int
    end: int


@dataclass(frozen=True)
class Clean:
    """The text without what identifies, and what was removed (never the words themselves)."""

    text: str
    removed: tuple[Removed, ...]


def deidentify_text(text: str, known: Known = Known(), *, shift_days: int | None = None) -> Clean:
    """Replace identifying words by [NAME], [PLACE], [PHONE] …, dates by their year, ages over 89 by "90 or older".

    With `shift_days` full dates move by that many days instead, so that intervals stay (a limited data set, no longer
    Safe Harbor); keep the shift of a person secret and the same for all of that person's texts. Raises `DataError` for
    a shift of nothing.
    """
    if shift_days == 0:
        raise DataError("dates would stay as they are", got="shift_days=0", allowed="a number of days, or None")
    pieces, removed, last = [], [], 0
    for found in _apart(sorted(_found(text, known), key=lambda one: (one.start, -one.end))):
        pieces += [text[last : found.start], _instead(found, text[found.start : found.end], shift_days)]
        removed.append(found)
        last = found.end
    return Clean("".join([*pieces, text[last:]]), tuple(removed))


def _found(text: str, known: Known) -> Iterator[Removed]:
    yield from _told(text, known)
    for pattern in DATES:
        for match in pattern.finditer(text):
            yield Removed("date", match.start(), match.end())
    for match in AGE.finditer(text):
        yield Removed("age", match.start(), match.end())
    for one in PATTERNS:
        for match in one.pattern.finditer(text):
            yield Removed(one.category, match.start(one.group), match.end(one.group))


def _told(text: str, known: Known) -> Iterator[Removed]:
    parts = {part for name in known.names for part in re.split(r"[\s,]+", name) if _tells(part)}
    told: tuple[tuple[Category, Iterable[str]], ...]
    told = (("name", parts), ("number", known.numbers), ("place", known.places))
    for category, words in told:
        for word in filter(None, map(str.strip, words)):
            for match in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", text, re.IGNORECASE):
                if category != "name" or len(word) > 3 or not match[0].islower():  # "May" is not "may"
                    yield Removed(category, match.start(), match.end())


def _tells(part: str) -> bool:
    """Whether a part of a name is worth looking for alone."""
    return len(part.strip(".")) > 1 and part.lower().strip(".") not in _COMMON


def _apart(found: Sequence[Removed]) -> list[Removed]:
    """Places that do not overlap; those that do become one."""
    kept: list[Removed] = []
    for one in found:
        if kept and one.start < kept[-1].end:
            if one.end > kept[-1].end:
                kept[-1] = Removed(kept[-1].category, kept[-1].start, one.end)
        else:
            kept.append(one)
    return kept


def _instead(found: Removed, words: str, shift_days: int | None) -> str:
    if found.category == "age":
        return "90 or older"
    if found.category != "date":
        return f"[{found.category.upper()}]"
    moment = _date(words) if shift_days is not None else None
    if moment is not None and shift_days is not None:
        try:
            return (moment + timedelta(days=shift_days)).isoformat()
        except OverflowError:
            return "[DATE]"
    year = _YEAR.search(words)
    return f"[DATE {year[0]}]" if year else "[DATE]"


def _date(words: str) -> date | None:
    """The day that is meant, if it can be said for certain; "03/04/2025" cannot (two countries read it apart)."""
    try:
        if match := _ISO.match(words):
            return date(int(match[1]), int(match[2]), int(match[3]))
        year = _YEAR.search(words)
        month = next((k for k, name in enumerate(_MONTHS, 1) if re.search(rf"\b{name}", words.lower())), None)
        day = re.search(r"\b(\d{1,2})(?:st|nd|rd|th)?\b", words)
        if year and month and day:
            return date(int(year[0]), month, int(day[1]))
        numbers = [int(part) for part in re.findall(r"\d+", words)]
        if len(numbers) == 3 and numbers[2] > 99 and (numbers[0] > 12) != (numbers[1] > 12):
            first, second = numbers[:2]
            return date(numbers[2], second, first) if first > 12 else date(numbers[2], first, second)
    except ValueError:
        return None
    return None
