"""Which rows of the analytic copy an actor may see now: judged person by person, by the consents in force."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from vitruvian.core import Actor
from vitruvian.record import schema
from vitruvian.record.access import consents_by_person
from vitruvian.record.consent import Matter, decide
from vitruvian.record.keys import KeyRing
from vitruvian.tables.categories import CATEGORIES

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True)
class People:
    """Subjects of the record with their persons, as they were at a moment of the record."""

    moment: tuple[object, ...]
    pairs: tuple[tuple[str, str], ...]

    @cached_property
    def frame(self) -> pl.DataFrame:
        """The same as a table."""
        import polars as pl

        return pl.DataFrame(self.pairs, schema={"subject": pl.String, "person": pl.String}, orient="row")


@dataclass(frozen=True)
class Grant:
    """Whose rows may be seen: per category what holds for all but some persons.

    A category is open to a person only where all of it is: what a consent withholds in part is withheld whole.
    """

    people: People
    by_default: Mapping[str, bool]
    others: Mapping[str, frozenset[str]]

    @property
    def key(self) -> tuple[object, ...]:
        """Two grants of the same key show the same."""
        return self.people.moment, tuple(self.by_default.items()), tuple(self.others.items())

    def filter(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The rows that may be seen, each with its `person` in front; rows about nobody are seen by all."""
        import polars as pl

        nobody = pl.DataFrame({"subject": [""], "person": [""]})
        found = rows.join(pl.concat([self.people.frame, nobody]), on="subject", how="inner")
        if "categories" not in rows.columns:
            return found.filter(self._open("wearable")).select("person", *rows.columns)
        combinations = found["categories"].unique().to_list()
        seen = pl.col("subject") == ""
        for one in combinations:
            every = [self._open(category) for category in one.split()]
            seen = seen | ((pl.col("categories") == one) & pl.all_horizontal(every))
        return found.filter(seen).select("person", *rows.columns)

    def subjects(self) -> pl.DataFrame:
        """Table `people`: those of whom any category is open."""
        import polars as pl

        return self.people.frame.filter(pl.any_horizontal([self._open(one) for one in CATEGORIES])).select(
            "person", "subject"
        )

    def _open(self, category: str) -> pl.Expr:
        import polars as pl

        excepted = pl.col("person").is_in(pl.Series(sorted(self.others[category]), dtype=pl.String).implode())
        return ~excepted if self.by_default[category] else excepted


def grant_of(connection: Connection, keys: KeyRing, actor: Actor, at: int, generation: str) -> Grant:
    """What `actor` may see of everybody at the time `at`; `generation` is that of the copy."""
    given = consents_by_person(connection, keys)
    matters = {one: Matter(frozenset({one})) for one in CATEGORIES}
    default = {one: decide((), actor, matter, at).permit for one, matter in matters.items()}
    others = {
        one: frozenset(
            person for person, consents in given.items() if decide(consents, actor, matter, at).permit != default[one]
        )
        for one, matter in matters.items()
    }
    return Grant(_people(connection, generation), default, others)


_last: list[People] = []


def _people(connection: Connection, generation: str) -> People:
    """Everybody; those of the last question if neither the copy nor an identity changed since."""
    table, log = schema.subject, schema.identity
    counted = connection.execute(select(func.count()).select_from(table)).scalar_one()
    moment = (generation, counted, connection.execute(select(func.max(log.c.entry))).scalar())
    for one in _last:
        if one.moment == moment:
            return one
    rows = connection.execute(select(table.c.subject, table.c.person).order_by(table.c.subject)).all()
    _last[:] = [People(moment, tuple((row[0], row[1]) for row in rows))]
    return _last[0]
