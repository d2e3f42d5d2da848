"""Names, birth dates and sexes that sources tell, and whether two sets of them can be of one person."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from vitruvian.record.fact_rows import hidden_of
from vitruvian.record.keys import KeyRing
from vitruvian.record.schema import fact, head, subject

_CERTAIN = {"birth_date": "birth dates", "sex": "sexes"}
_SEXES = {"m": "male", "male": "male", "f": "female", "female": "female"}


def demographics_of(connection: Connection, keys: KeyRing, one: str) -> dict[str, frozenset[str]]:
    """Names, birth dates and sexes that any source tells of the person to whom the subject `one` belongs."""
    person = select(subject.c.person).where(subject.c.subject == one).scalar_subquery()
    return _told(connection, keys, subject.c.person == person, "name", "birth_date", "sex")


def contradictions(
    connection: Connection, keys: KeyRing, one: ColumnElement[bool], other: ColumnElement[bool]
) -> tuple[str, ...]:
    """What is told of the subjects of either condition and cannot be of one person ("sexes", "birth dates").

    Dates are compared to the precision that both have; a sex other than male or female contradicts nothing.
    """
    ours, theirs = (_told(connection, keys, condition, *_CERTAIN) for condition in (one, other))
    return tuple(
        words for code, words in _CERTAIN.items() if not _agree(code, ours.get(code, ()), theirs.get(code, ()))
    )


def _agree(code: str, ours: Collection[str], theirs: Collection[str]) -> bool:
    if code == "sex":
        one, other = ({_SEXES[sex.lower()] for sex in told if sex.lower() in _SEXES} for told in (ours, theirs))
        return not one or not other or bool(one & other)
    one, other = (set(filter(None, told)) for told in (ours, theirs))
    return not one or not other or any(a.startswith(b) or b.startswith(a) for a in one for b in other)


def demographic_rows(*codes: str) -> Any:
    """The query of what the newest version of each source record tells of people by these codes."""
    joined = fact.join(head, head.c.resource == fact.c.resource).join(subject, subject.c.subject == fact.c.subject)
    told = fact.c.code.in_(codes)
    return (
        select(fact, subject.c.person)
        .select_from(joined)
        .where(fact.c.kind == "demographic", told)
        .order_by(fact.c.fact)
    )


def demographic_value(row: Any, keys: KeyRing) -> str:
    """The text or code of a row of `demographic_rows`."""
    hidden = hidden_of(row, keys.cipher(row.subject))
    return str(hidden[6] or hidden[5] or "")


def _told(
    connection: Connection, keys: KeyRing, condition: ColumnElement[bool], *codes: str
) -> dict[str, frozenset[str]]:
    told: dict[str, set[str]] = {}
    for row in connection.execute(demographic_rows(*codes).where(condition)):
        told.setdefault(row.code, set()).add(demographic_value(row, keys))
    return {code: frozenset(values) for code, values in told.items()}
