"""Governing a record: who did what, which ids are one person, and erasing a person."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sized
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, Engine

from vitruvian.core import Actor, DataError, now_ms, to_ms
from vitruvian.record import identity
from vitruvian.record.access import Scope, scope_of
from vitruvian.record.audit_log import AuditEntry, AuditKey, AuditPart, audit_counts, audit_entries
from vitruvian.record.auditing import AuditChain, Finding
from vitruvian.record.erasure import Erased, erase_person
from vitruvian.record.faults import storage
from vitruvian.record.finding import near_people, persons_named, subjects_of, unknown
from vitruvian.record.keys import KeyRing
from vitruvian.record.opening import reading

if TYPE_CHECKING:
    from vitruvian.record.record import Record

T = TypeVar("T")
Listed = TypeVar("Listed", bound=Sized)


class Governing(ABC):
    """What `Record` can do beside taking in and reading; every call is decided by role and purpose, and audited."""

    engine: Engine
    keys: KeyRing
    chain: AuditChain
    actor: Actor

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """A transaction with its audit."""

    @abstractmethod
    def _demand(self, action: str, person: str) -> None: ...

    @abstractmethod
    def _note(self, connection: Connection, action: str, person: str, detail: Mapping[str, Any]) -> None: ...

    def rights_mark(self, person: str) -> str:
        """A name of what this actor may see of a person (an id) now; it changes when that does.

        Whoever keeps what was computed from reads keeps the mark too, and shows it only while the mark is the same.
        """
        return self._scope(person).mark

    def may_keep(self, person: str) -> bool:
        """Whether this actor may keep what a twin learned of a person (an id): they may derive, and see everything.

        A twin learned from a part would be taken later for one that was learned from all.
        """
        return self.actor.permits("derive", [person]) and self._scope(person).everything

    def _scope(self, person: str) -> Scope:
        with reading(self.engine) as connection:
            return scope_of(connection, self.keys, self.actor, person, now_ms())

    def audit_findings(self) -> tuple[int, tuple[Finding, ...]]:
        """Number of audit rows, and everything that is wrong with them; see `auditing` for what is not found."""
        self._demand("audit", "")
        with reading(self.engine) as connection:
            return self.chain.verify(connection)

    def verify_audit(self) -> int:
        """Number of audit rows if the audit is whole; raises `DataError` with all that was found otherwise."""
        rows, findings = self.audit_findings()
        if findings:
            told = "; ".join(map(str, findings))
            raise DataError("the audit was altered", got=told, todo="Compare with a backup.")
        return rows

    def audit_log(
        self,
        name: str | None = None,
        *,
        actor: str | None = None,
        action: str | None = None,
        since: datetime | str | None = None,
        after: AuditKey | None = None,
        limit: int | None = None,
        newest: bool = False,
    ) -> list[AuditEntry]:
        """Who did what, in order of time: to one person (a patient may ask of themselves), by one actor, since then.

        At most `limit` rows behind the one of the key `after`; with `newest` from the end backwards. Asking is audited.
        """
        part = AuditPart(None, actor, action, None if since is None else to_ms(since), after, limit, newest)
        return self._of_audit(name, part, audit_entries)

    def audit_counts(
        self, name: str | None = None, *, actor: str | None = None, since: datetime | str | None = None
    ) -> dict[str, int]:
        """How many rows of each action `audit_log` has. Asking is audited."""
        part = AuditPart(None, actor, since=None if since is None else to_ms(since))
        return self._of_audit(name, part, audit_counts)

    def _of_audit(self, name: str | None, part: AuditPart, ask: Callable[[Connection, AuditPart], Listed]) -> Listed:
        """What is asked of the audit, of one person or of all; asking is a row too."""
        subjects: tuple[str, ...] = ()
        if name is None:
            self._demand("audit", "")
        else:
            name, subjects = self.governed("audit", name)
        with self.transaction() as connection:
            if name is not None:
                part = replace(part, people=[self.chain.pseudonym(one) for one in {name, *subjects}])
            found = ask(connection, part)
            self._note(connection, "audit", name or "", {"rows": len(found)})
        return found

    def governed(self, action: str, name: str) -> tuple[str, tuple[str, ...]]:
        """The person whom `name` means and their subjects, for an `action` (consent, audit, identity) on them.

        Raises `AccessError` before anything is asked, `UnknownNameError`.
        """
        self._demand(action, name)
        with reading(self.engine) as connection:
            found = persons_named(connection, self.keys, name)
            if len(found) == 1:
                return found[0], subjects_of(connection, found[0])
            near = near_people(connection, name) if self.actor.permits("search") else []
        raise unknown(name, found, near)

    def link(self, subject: str, person: str, reason: str, *, despite_differences: bool = False) -> None:
        """Say that `subject`, an id of a source, is `person`; no fact is touched.

        Raises `InputError` where their sexes or birth dates contradict, unless `despite_differences`.
        """
        change = partial(identity.link, keys=self.keys, one=subject, person=person, reason=reason)
        self._identify("link", partial(change, despite=despite_differences), subject, person)

    def unlink(self, subject: str, reason: str) -> str:
        """Take the last link of `subject` back; gives the person whose it is again."""
        return self._identify("unlink", partial(identity.unlink, one=subject, reason=reason), subject)

    def merge(self, kept: str, other: str, reason: str, *, despite_differences: bool = False) -> None:
        """Make two persons one, `kept`; no fact is touched. Raises `InputError` as `link` does."""
        change = partial(identity.merge, keys=self.keys, kept=kept, other=other, reason=reason)
        self._identify("merge", partial(change, despite=despite_differences), kept, other)

    def unmerge(self, other: str, reason: str) -> tuple[str, ...]:
        """Take the last merge of `other` back; gives the subjects that are theirs again."""
        return self._identify("unmerge", partial(identity.unmerge, other=other, reason=reason), other)

    def _identify(self, what: str, change: Callable[[Connection, str], T], *names: str) -> T:
        self._demand("identity", names[0])
        with self.transaction() as connection:
            done = change(connection, self.actor.id)
            for one in names:
                self._note(connection, "identity", one, {"what": what})
        return done

    def identity_log(self) -> list[identity.IdentityEntry]:
        """Every link, unlink, merge and unmerge, oldest first."""
        self._demand("identity", "")
        with self.transaction() as connection:
            self._note(connection, "identity", "", {"what": "log"})
            return identity.entries(connection)

    def candidates(self) -> list[identity.Candidate]:
        """Persons who may be one, with what speaks for it: suggestions, nothing is merged."""
        self._demand("identity", "")
        with self.transaction() as connection:
            found = identity.candidates(connection, self.keys)
            self._note(connection, "identity", "", {"what": "candidates", "rows": len(found)})
        return found

    def erase(self, name: str) -> Erased | None:
        """Erase a person for ever: keys, facts, files, streams, states; None if nobody is meant. See `erasure`."""
        self._demand("erase", name)
        with storage():
            return erase_person(cast("Record", self), name)
