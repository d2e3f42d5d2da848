"""Consent (FHIR R4): what a person permits or denies, read from Consent resources, and the decision that follows.

A rule speaks where its conditions hold: period, purpose, actor, action, class, code. A nested rule is an exception to
the rule that holds it; between rules of one level, and between consents, a denial wins. A condition that cannot be
judged holds for a denial and not for a permission, so that what is not understood never opens anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vitruvian.core import Actor, InputError, lineage, parse_instant, purpose_code, to_datetime
from vitruvian.record.consent_terms import Terms, terms_of

Json = Mapping[str, Any]
ACTIVE = "active"
_ROOT = {"OPTIN": True, "OPTINR": True, "OPTOUT": False, "OPTOUTE": False, "NOCONSENT": False, "EMRGONLY": False}
_SCOPES = {"patient-privacy": None, "research": "HRESCH"}
_NOT_ABOUT_DATA = frozenset({"adr", "treatment"})
_READING = frozenset({"access", "use"})
_OTHER_ACTIONS = frozenset({"collect", "disclose", "correct"})
_PERSONS = ("Practitioner/", "PractitionerRole/", "Patient/", "RelatedPerson/", "Device/")
_UNJUDGED = ("data", "dataPeriod", "securityLabel", "modifierExtension")


@dataclass(frozen=True, slots=True)
class Matter:
    """What a decision is about: facts of these categories; kind and code where the question is about one fact."""

    categories: frozenset[str]
    kind: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether it is permitted, why, and whether a denial was passed over in an emergency."""

    permit: bool
    reason: str
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """One provision: permit, deny, or (a root without a type) neither; its conditions; its exceptions."""

    permit: bool | None
    start_ms: int | None
    end_ms: int | None
    purposes: frozenset[str] | None
    actors: tuple[tuple[str, str], ...]
    terms: Terms
    unsure: bool
    exceptions: tuple[Rule, ...] = ()

    def says(self, actor: Actor, matter: Matter, at: int) -> bool | None:
        """True (permit), False (deny), or None where it does not speak."""
        holds = self._holds(actor, matter, at)
        if holds is False:
            return None
        inner = _strongest(one.says(actor, matter, at) for one in self.exceptions)
        if inner is False or (inner is True and holds):
            return inner
        return self.permit if holds or self.permit is False else None

    def _holds(self, actor: Actor, matter: Matter, at: int) -> bool | None:
        """True, False, or None for "cannot be judged"."""
        if (self.start_ms is not None and at < self.start_ms) or (self.end_ms is not None and at > self.end_ms):
            return False
        if self.purposes is not None and not self.purposes.intersection(lineage(actor.purpose_code)):
            return False
        every = self.permit is True
        found = [_actor_holds(self.actors, actor), self.terms.cover(matter.categories, matter.kind, matter.code, every)]
        if False in found:
            return False
        return None if self.unsure or None in found else True


@dataclass(frozen=True, slots=True)
class Consent:
    """One Consent resource: its id, status, moment, and root rule (None: it says nothing about data)."""

    id: str
    status: str
    given_ms: int | None
    rule: Rule | None

    @property
    def active(self) -> bool:
        """Whether it is in force by its status."""
        return self.status == ACTIVE

    def terms(self) -> Iterator[Terms]:
        """What each of its rules speaks of."""
        rules = [self.rule] if self.rule else []
        for one in rules:
            yield one.terms
            rules += one.exceptions


def read_consent(resource: Json) -> Consent:
    """A Consent resource as rules; a part of the wrong form makes its rule one that cannot be judged."""
    scope = _codes([resource.get("scope") or {}])
    given = _moment(resource.get("dateTime"))
    status, name = str(resource.get("status") or ""), str(resource.get("id") or "")
    if scope and scope <= _NOT_ABOUT_DATA:
        return Consent(name, status, given, None)
    known = scope & _SCOPES.keys()
    purpose = _SCOPES["research"] if known == {"research"} else None
    root = _codes([resource.get("policyRule") or {}])
    default = next((_ROOT[one] for one in sorted(root) if one in _ROOT), None)
    rule = _rule(resource.get("provision") or {}, default, purpose, bool(scope) and not known)
    return Consent(name, status, given, rule)


def decide(consents: Iterable[Consent], actor: Actor, matter: Matter, at: int) -> Decision:
    """Whether `actor` may read `matter` of a person with these consents at the time `at` (ms since 1970 UTC).

    Without a word of the person: treatment by clinicians and by the record's owner is permitted, all else denied. The
    person's own request is permitted. An emergency passes over a denial for clinicians only.
    """
    purpose = actor.purpose_code
    if not purpose:
        return Decision(False, "unknown purpose")
    if purpose == "PATRQT" and actor.roles & {"patient", "owner"}:
        return Decision(True, "the person's own request")
    said = _strongest(
        one.rule.says(actor, matter, at)
        for one in consents
        if one.active
        and one.rule is not None
        and (one.given_ms is None or one.given_ms <= at or one.rule.permit is False)
    )
    if said is False and "ETREAT" in lineage(purpose) and "clinician" in actor.roles:
        return Decision(True, "emergency", emergency=True)
    if said is not None:
        return Decision(said, "consent permits" if said else "consent denies")
    if "TREAT" in lineage(purpose) and actor.roles & {"clinician", "owner"}:
        return Decision(True, "treatment")
    return Decision(False, "no consent")


def _strongest(answers: Iterable[bool | None]) -> bool | None:
    """A denial before a permission before nothing."""
    found = set(answers)
    return False if False in found else True if True in found else None


def _rule(provision: Json, default: bool | None, purpose: str | None, unsure: bool) -> Rule:
    """A provision as a rule; whatever has the wrong form cannot be judged."""
    try:
        return _parsed(provision, default, purpose, unsure)
    except (InputError, AttributeError, TypeError, ValueError):
        kind = provision.get("type") if isinstance(provision, Mapping) else None
        return Rule({"permit": True}.get(kind or "", False), None, None, None, (), Terms(), True)


def _parsed(provision: Json, default: bool | None, purpose: str | None, unsure: bool) -> Rule:
    permit = {"permit": True, "deny": False}.get(str(provision.get("type")), default)
    period = provision.get("period") or {}
    purposes, strange = _purposes(provision.get("purpose") or (), purpose)
    unsure = unsure or strange or any(provision.get(name) for name in _UNJUDGED)
    inner = tuple(_rule(one, None, None, False) for one in provision.get("provision") or ())
    actions = _codes(provision.get("action") or ())
    if actions and actions <= _OTHER_ACTIONS:  # says nothing about reading
        permit, inner = None, ()
    elif actions and not actions & _READING:
        unsure = True
    return Rule(
        permit,
        _moment(period.get("start")),
        _last_moment(period.get("end")),
        purposes,
        tuple(_actors(provision.get("actor") or ())),
        terms_of(provision.get("class") or (), provision.get("code") or ()),
        unsure,
        inner,
    )


def _purposes(codings: Sequence[Json], implied: str | None) -> tuple[frozenset[str] | None, bool]:
    """The purposes named, None for any; and whether one is not known (then none of them is a condition)."""
    if not codings:
        return (None if implied is None else frozenset({implied})), False
    found = frozenset(purpose_code(str(one.get("code") or "")) for one in codings)
    return (None, True) if "" in found else (found, False)


def _actors(actors: Sequence[Json]) -> Iterable[tuple[str, str]]:
    """(roles, reference) of each actor named."""
    for one in actors:
        role = " ".join(sorted(_codes([one.get("role") or {}])))
        yield role, str((one.get("reference") or {}).get("reference") or "")


def _actor_holds(named: Sequence[tuple[str, str]], actor: Actor) -> bool | None:
    """Whether `actor` is one of those named; None where one is named by a group that cannot be looked into."""
    if not named:
        return True
    names = {actor.id, actor.id.rpartition("/")[2]}
    found = [_is_named(role, reference, actor.roles, names) for role, reference in named]
    return True if True in found else None if None in found else False


def _is_named(role: str, reference: str, roles: frozenset[str], names: set[str]) -> bool | None:
    if reference and (reference in names or reference.rpartition("/")[2] in names):
        return True
    if reference.startswith(_PERSONS):
        return False
    if not reference and roles.intersection(role.split()):
        return True
    return None


def _codes(concepts: Iterable[Json]) -> frozenset[str]:
    return frozenset(str(c.get("code") or "") for one in concepts for c in one.get("coding") or () if c.get("code"))


def _moment(text: Any) -> int | None:
    return None if text is None else parse_instant(text).ms


def _last_moment(text: Any) -> int | None:
    """The end of a period counts in full: "2026-03" is up to the end of March, "2026-03-01" to the end of that day."""
    if text is None:
        return None
    instant = parse_instant(text)
    if instant.precision == "instant":
        return instant.ms
    start = to_datetime(instant.ms)
    days = {"day": 1, "month": 32, "year": 367}[instant.precision]
    after = start + timedelta(days=days)
    if instant.precision != "day":
        after = after.replace(day=1) if instant.precision == "month" else after.replace(month=1, day=1)
    return instant.ms + round((after - start) / timedelta(milliseconds=1)) - 1
