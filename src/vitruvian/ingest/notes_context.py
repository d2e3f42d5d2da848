"""Whether a note says that something is there: negation, doubt, family and past, by words around a mention.

The method is NegEx's (Chapman et al. 2001, doi:10.1006/jbin.2001.1029): a trigger word rules the words after it (or
before it) up to the end of the sentence or to a word that ends its reach. The lists are this project's own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

Assertion = Literal["present", "absent", "uncertain", "hypothetical", "historical", "family"]

_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9(])|\n\s*\n|\n(?=\s{0,9}(?:[-*•A-Z0-9]))|;\s")
_HEADING = re.compile(r"^\s{0,9}(?:[-*•#]\s*)?([A-Za-z][A-Za-z /&]{1,40}):", re.MULTILINE)


def _words(text: str) -> re.Pattern[str]:
    choices = sorted(text.strip().split("\n"), key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(re.escape(one) for one in choices) + r")(?!\w)", re.IGNORECASE)


_PSEUDO = _words("""no increase
no change
no further
not only
no significant change
gram negative
gram-negative
without difficulty
not certain if
not certain whether
not drain
no doubt""")
_BEFORE: tuple[tuple[Assertion, re.Pattern[str]], ...] = (
    (
        "family",
        _words("""family history of
family history
mother
father
brother
sister
aunt
uncle
grandmother
grandfather
son
daughter
maternal
paternal
parents
siblings
runs in the family"""),
    ),
    (
        "absent",
        _words("""no
not
denies
denied
denying
without
no evidence of
negative for
absence of
absent
free of
never had
never
ruled out for
rules out
no sign of
no signs of
no history of
no known
nor
lack of
resolved
declines
no longer
doesn't
isn't
hasn't"""),
    ),
    (
        "hypothetical",
        _words("""if
in case of
return for
return if
should you develop
should he develop
should she develop
risk of
at risk for
to prevent
prevention of
prophylaxis for
prophylaxis against
screening for
screen for
monitor for
watch for
goal
target"""),
    ),
    (
        "uncertain",
        _words("""possible
possibly
probable
probably
suspected
suspicion of
suspicious for
suspect
may have
might have
could be
may be
might be
rule out
r/o
cannot exclude
can't exclude
cannot rule out
not ruled out
differential includes
differential diagnosis
concern for
concerning for
questionable
presumed
likely
versus
vs
query
unclear whether
whether"""),
    ),
    (
        "historical",
        _words("""history of
h/o
hx of
past medical history of
past history of
previous
previously
prior
status post
s/p
in the past
remote
old
former
childhood"""),
    ),
)
_AFTER: tuple[tuple[Assertion, re.Pattern[str]], ...] = (
    (
        "absent",
        _words("""ruled out
was ruled out
has been ruled out
is negative
was negative
not seen
not present
was absent
is absent
has resolved
resolved
was stopped
stopped
discontinued
was discontinued
declined
unlikely
is unlikely
denied"""),
    ),
    (
        "uncertain",
        _words("""cannot be excluded
cannot be ruled out
not ruled out
not excluded
possible
suspected
is suspected
is possible
questionable"""),
    ),
    (
        "historical",
        _words("""in the past
years ago
months ago
in childhood
as a child"""),
    ),
)
_ENDS = _words("""but
however
although
though
except
apart from
aside from
yet
which
who
presents with
presented with
complains of
reports
reported
admits
admitted
he has
she has
patient has
and has
now has
currently has
is positive for
positive for
because of
due to
secondary to
started on
continues on
treated with""")
_SECTIONS: tuple[tuple[Assertion, re.Pattern[str]], ...] = (
    ("family", re.compile(r"^(family( history| hx)?|fh|fhx)$", re.IGNORECASE)),
    ("historical", re.compile(r"^(past( medical| surgical)?( history| hx)?|pmh|pmhx|psh)$", re.IGNORECASE)),
)
_RANK: tuple[Assertion, ...] = ("family", "absent", "hypothetical", "uncertain", "historical")
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
    before = _PSEUDO.sub(lambda match: " " * len(match[0]), before)
    stops = [one.end() for one in _ENDS.finditer(before)]
    before = before[stops[-1] :] if stops else before
    stop = _ENDS.search(after)
    after = after[: stop.start()] if stop else after
    found |= _ruling(before, _BEFORE) | _ruling(after.split(",")[0], _AFTER)
    if "uncertain" in found and _NOT_EXCLUDED.search(before + after):
        found.discard("absent")
    return next((name for name in _RANK if name in found), "present")


_NOT_EXCLUDED = re.compile(r"(?:not|cannot|can't)(?: be)? (?:ruled out|rule out|excluded?)", re.IGNORECASE)


def _ruling(words: str, triggers: tuple[tuple[Assertion, re.Pattern[str]], ...]) -> set[Assertion]:
    return {name for name, pattern in triggers if pattern.search(words)}
