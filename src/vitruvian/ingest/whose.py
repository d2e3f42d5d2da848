"""Whose a file or a sample of it is: as told at the door, or as the record knows its name; never guessed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

from vitruvian.core import DataError
from vitruvian.record import Draft, Rejected, Told


def subject_of(name: str, alone: bool, told: Told) -> str | None:
    """The subject of a sample, None if nobody is known for it; `alone`: the file holds no other, so it is --patient's.

    Raises `DataError` where what is told contradicts what the record knows, or a file of one sample is nobody's.
    """
    known = (told.samples.get(name) or told.find(name)) if name else None
    if not alone:
        return known
    if known is None and told.patient is None:
        raise DataError(
            "the file does not say whose it is", todo="Ingest it again with --patient ID (patient=… in Python)."
        )
    if known is not None and told.patient not in (None, known) and name not in told.samples:
        raise DataError(
            f"sample {name} is known to be another person's",
            got=told.patient,
            allowed=known,
            todo=f"Say so if it is right: --sample {name}={told.patient}",
        )
    return known or told.patient


def told_person(got: str, said: Mapping[str, str], told: Told) -> str:
    """Whom the user told for a file that holds no id (`got`: how it lacks one), though it may name a person.

    `said` is what it says of that person, by "name", "birth_date" (ISO 8601) and "sex"; "" where it says nothing.
    Raises `DataError` where nobody is told, or where the record knows otherwise of them: two people would be one.
    """
    if not told.patient:
        todo = "Ingest it again with --patient ID (patient=… in Python)."
        raise DataError("the file does not say whose it is", got=got, todo=todo)
    check_person(said, told)
    return told.patient


def said_in(facts: Iterable[Draft]) -> dict[str, str]:
    """What demographic facts say of a person, by "name", "birth_date" and "sex"."""
    codes = ("name", "birth_date", "sex")
    return {one.code: one.value_text or one.value_code or "" for one in facts if one.code in codes}


def check_person(said: Mapping[str, str], told: Told) -> None:
    """Raise `DataError` where what a file says of a person (see `told_person`) contradicts what is known of them."""
    if told.patient is None or (said.get("name") and told.samples.get(said["name"]) == told.patient):
        return
    known = told.known() if any(said.values()) else {}
    differing = [code for code, value in said.items() if value and not _agrees(code, value, known.get(code, ()))]
    if differing:
        words = " and ".join(_PLURAL[code] for code in differing)
        todo = f"Ingest it with the --patient whose it is. If it is {told.patient}'s, "
        name = said.get("name")
        todo += f'say so: --sample "{name}={told.patient}".' if name else "correct the file or the record."
        got = ", ".join(f"{code.replace('_', ' ')} {said[code]}" for code in differing)
        raise DataError(f"the file names another person than {told.patient}: {words} differ", got=got, todo=todo)


def _agrees(code: str, value: str, known: Collection[str]) -> bool:
    """Whether a value may be said of the person of whom `known` are: a date to the precision that both have."""
    if code == "name":
        ones = [words for one in known if (words := _words(one))]
        return not ones or not _words(value) or any(_same_name(_words(value), one) for one in ones)
    if code == "sex":
        sure = {one for one in known if one in ("male", "female")}
        return value not in ("male", "female") or not sure or value in sure
    return not (known and re.match(r"\d{4}", value)) or any(
        one.startswith(value) or value.startswith(one) for one in known
    )


_PLURAL = {"name": "names", "birth_date": "birth dates", "sex": "sexes"}
_TITLES = frozenset(("dr", "prof", "mr", "mrs", "ms", "miss", "rev", "sir", "jr", "sr", "md", "phd", "herr", "frau"))


def _words(name: str) -> list[str]:
    """Words of a name without case, accents, punctuation and titles, the longest first."""
    plain = "".join(one for one in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(one))
    return sorted((one for one in re.findall(r"\w+", plain) if one not in _TITLES), key=lambda one: (-len(one), one))


def _same_name(one: list[str], other: list[str]) -> bool:
    """Whether each word of the shorter name is one of the longer, or an initial of one: "J. Doe" is "Jane Ann Doe"."""
    short, long = sorted((one, list(other)), key=len)
    left = list(long)
    for word in short:
        found = next((w for w in left if w == word), None)
        found = found or next((w for w in left if 1 in (len(w), len(word)) and w[0] == word[0]), None)
        if found is None:
            return False
        left.remove(found)
    return True


def place_of(name: str) -> str:
    """Where a sample's record is in its file."""
    return f"sample {name}" if name else "sample"


def nobodys(what: str, name: str) -> Rejected:
    """A sample of nobody known, with the way to say whose it is; its bytes are kept apart, under its own name."""
    todo = f"Ingest the file again with --sample {name}=PATIENT."
    return Rejected(what, place_of(name), f"sample {name} is of nobody that the record knows. {todo}", name)
