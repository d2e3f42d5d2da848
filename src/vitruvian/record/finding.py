"""Who is meant: a person by their id, a source's id, or an identifier such as a hospital number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches

from sqlalchemy import Connection, bindparam, select

from vitruvian.core import UnknownNameError
from vitruvian.record.asking import values_of
from vitruvian.record.keys import KeyRing
from vitruvian.record.schema import identifier, subject

_BY_ID = (
    select(subject.c.person)
    .where((subject.c.subject == bindparam("name")) | (subject.c.person == bindparam("name")))
    .distinct()
)
_BY_IDENTIFIER = (
    select(subject.c.person)
    .select_from(subject.join(identifier, identifier.c.subject == subject.c.subject))
    .where(identifier.c.value == bindparam("value"))
    .distinct()
)
_SUBJECTS = select(subject.c.subject).where(subject.c.person == bindparam("of")).order_by(subject.c.subject)
_LOOKED_AT = 5000  # ids among which near ones are looked for: an answer in a moment


def persons_named(connection: Connection, keys: KeyRing, name: str) -> list[str]:
    """All persons whom `name` may mean: by id, else by identifier."""
    found = values_of(connection, _BY_ID, {"name": name})
    return found or values_of(connection, _BY_IDENTIFIER, {"value": keys.blind(name)})


def subjects_of(connection: Connection, person: str) -> tuple[str, ...]:
    """The ids that sources use for a person."""
    return tuple(values_of(connection, _SUBJECTS, {"of": person}))


def one_person(connection: Connection, keys: KeyRing, name: str, may_list: bool) -> tuple[str, tuple[str, ...]]:
    """The person whom `name` means, and all subjects linked to them; raises `UnknownNameError` with near ids."""
    found = persons_named(connection, keys, name)
    if len(found) == 1:
        return found[0], subjects_of(connection, found[0])
    raise unknown(name, found, near_people(connection, name) if may_list else [])


def near_people(connection: Connection, name: str, sees: Callable[[str], bool] = bool) -> list[str]:
    """Ids of persons that look like `name`, of those that the asker `sees`."""
    known = list(connection.execute(select(subject.c.person).distinct().order_by(subject.c.person)).scalars())
    return [one for one in get_close_matches(name, known[:_LOOKED_AT], n=9, cutoff=0.5) if sees(one)][:3]


def unknown(name: str, found: Sequence[str], near: Sequence[str]) -> UnknownNameError:
    """The error that says that `name` means nobody, or several persons."""
    if len(found) > 1:
        return UnknownNameError(f"{name!r} means several persons", got=", ".join(sorted(found)), todo="Use one id.")
    nobody = "Nobody whom you may see has an id like it: look at the list, or, in an emergency, break the glass."
    hint = f"Nearest: {', '.join(near)}." if near else nobody
    return UnknownNameError("no such patient", got=repr(name), todo=hint)
