"""What an application asks for, and what of it can be given."""

from __future__ import annotations

from vitruvian.core import InputError
from vitruvian.serve.scopes import OTHER, read_scopes

_NOT_GIVEN = frozenset({"online_access"})
_LETTERS = {"c": "add", "r": "read", "u": "change", "d": "delete", "s": "search"}
_WORDS = {
    "offline_access": "go on acting for you while you are away, until you end it",
    "openid": "know that it is you",
    "profile": "know your name",
    "fhirUser": "know who you are in the record",
    "launch": "know which patient is open",
    "launch/patient": "know which patient you choose",
}


def given(asked: str) -> frozenset[str]:
    """Scopes that can be given; those that this server does not know, or only wider ones, are left out."""
    return frozenset(one for one in asked.split() if one not in _NOT_GIVEN and (one in OTHER or _known(one)))


def needs_patient(scopes: frozenset[str]) -> bool:
    """Whether a patient must be chosen."""
    return bool({"launch", "launch/patient"} & scopes) or any(one.startswith("patient/") for one in scopes)


def in_words(scope: str) -> str:
    """What a scope lets an application do, for the person who is asked."""
    if scope in _WORDS:
        return _WORDS[scope]
    one = read_scopes([scope])[0]
    verbs = [word for letter, word in _LETTERS.items() if letter in one.letters]
    of = "of this patient" if one.level == "patient" else "of all patients whom you may see"
    what = "everything" if one.kind == "*" else f"{one.kind} resources"
    return f"{' and '.join((', '.join(verbs[:-1]), verbs[-1])) if verbs[1:] else verbs[0]} {what} {of}"


def _known(scope: str) -> bool:
    try:
        return all(one.level != "system" for one in read_scopes([scope]))
    except InputError:
        return False
