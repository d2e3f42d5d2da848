"""Whether a note says that something is there: negation, doubt, family and past, by words around a mention.

The method is NegEx's (Chapman et al. 2001, doi:10.1006/jbin.2001.1029): a trigger rules the words after it (or before
it) up to the end of the sentence or to a word that ends its reach. The triggers are this project's own
(`tables/codes/triggers.tsv`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Literal, get_args

from vitruvian.tables.codes import triggers

Assertion = Literal["family", "absent", "hypothetical", "uncertain", "historical", "present"]
"""How a mention is meant; where several fit, the first of these."""

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9(])|\n\s*\n|\n(?=\s{0,9}(?:[-*•A-Z0-9]))|;\s")
_HEADING = re.compile(r"^\s{0,9}(?:[-*•#]\s*)?([A-Za-z][A-Za-z /&]{1,40}):", re.MULTILINE)
_SECTIONS: tuple[tuple[Assertion, re.Pattern[str]], ...] = (
    ("family", re.compile(r"^(family( history| hx)?|fh|fhx)$", re.IGNORECASE)),
    ("historical", re.compile(r"^(past( medical| surgical)?( history| hx)?|pmh|pmhx|psh)$", re.IGNORECASE)),
)
_NOT_EXCLUDED = re.compile(r"(?:not|cannot|can't)(?: be)? (?:ruled out|rule out|excluded?)", re.IGNORECASE)
_REACH = 120


def sentences(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each sentence or line of a list."""
    start = 0
    for gap in _SENTENCE.finditer(text):
        if text[start : gap.start()].strip():
            yield start, gap.start()
        start = gap.end()
    if text[start:].strip():
        yield start, len(text)


def headings(text: str) -> list[tuple[int, str]]:
    """(where it begins, its words) of each heading such as "Family history:"."""
    return [(one.start(), one[1].strip()) for one in _HEADING.finditer(text)]


def assertion(text: str, start: int, end: int, sentence: tuple[int, int], section: str = "") -> Assertion:
    """How the mention text[start:end] is meant, by its sentence and the heading of its section."""
    found = {name for name, pattern in _SECTIONS if pattern.match(section)}
    before, after = text[max(sentence[0], start - _REACH) : start], text[end : min(sentence[1], end + _REACH)]
    before = _pattern("none", "before").sub(lambda match: " " * len(match[0]), before)
    ends = _pattern("end", "both")
    stops = [one.end() for one in ends.finditer(before)]
    before = before[stops[-1] :] if stops else before
    stop = ends.search(after)
    after = (after[: stop.start()] if stop else after).split(",")[0]
    found |= {one for one in get_args(Assertion) if _pattern(one, "before").search(before)}
    found |= {one for one in get_args(Assertion) if _pattern(one, "after").search(after)}
    if before.endswith("?"):
        found.add("uncertain")
    if "uncertain" in found and _NOT_EXCLUDED.search(before + after):
        found.discard("absent")
    return next((name for name in get_args(Assertion) if name in found), "present")


@lru_cache(maxsize=32)
def _pattern(meaning: str, side: str) -> re.Pattern[str]:
    """Any trigger of one meaning on one side; a pattern that never fits where there is none."""
    words = sorted((one for what, where, one in triggers() if (what, where) == (meaning, side)), key=len, reverse=True)
    choices = "|".join(map(re.escape, words)) or r"(?!)"
    return re.compile(rf"(?<!\w)(?:{choices})(?!\w)", re.IGNORECASE)
