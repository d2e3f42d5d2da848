"""Roles by what a provider claims of somebody, as the settings say: gained and lost at each sign-in by that provider.

Only roles that came from a provider are taken back; those that an administrator gave stay.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Column, Table, Text, delete, insert, select

from vitruvian.serve.identity.accounts import Account, add_account, change_roles
from vitruvian.serve.identity.closing import close_ways_in
from vitruvian.serve.identity.openid import Person
from vitruvian.serve.settings import OpenIdProvider, RoleRule
from vitruvian.serve.store import Store, metadata

provider_roles = Table(
    "provider_role",
    metadata,
    Column("issuer", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("role", Text, primary_key=True),
)
_SHOWN = 30


def roles_by(rules: tuple[RoleRule, ...], claims: Mapping[str, Any]) -> frozenset[str]:
    """Roles that the claims give; a claim has a value where it is that text, or a list with it."""
    return frozenset(one.role for one in rules if _has(claims, one))


def first_account(store: Store, provider: OpenIdProvider, person: Person) -> Account | None:
    """A new account for somebody who has none, where a rule that fits says that one is made; else None."""
    if not any(one.makes_account and _has(person.claims, one) for one in provider.roles):
        return None
    # what is not proven to be theirs is no name by which an account is found
    name = person.email or f"{(person.name or 'somebody')[:_SHOWN]} ({provider.name} {person.subject[:_SHOWN]})"
    made = add_account(store, name, roles_by(provider.roles, person.claims))
    _keep(store, provider.issuer, made.id, made.roles)
    return made


def follow_claims(store: Store, provider: OpenIdProvider, account: Account, claims: Mapping[str, Any]) -> Account:
    """The account with the roles that the provider's claims give now; where they differ its sessions end.

    Raises `InputError` where nobody would be left who may administer.
    """
    given = roles_by(provider.roles, claims)
    before = _kept(store, provider.issuer, account.id)
    gained = given - account.roles
    roles = account.roles - (before - given) | gained
    if roles != account.roles:
        account = change_roles(store, account.id, roles, account.own, none=True)
        close_ways_in(store, account.id, tokens=not roles)
    _keep(store, provider.issuer, account.id, before & given | gained)
    return account


def forget_claims(store: Store, account: Account, issuer: str) -> Account:
    """The account without the roles that a provider gave it: it signs the account in no more."""
    return follow_claims(store, OpenIdProvider("", issuer, ""), account, {})


def _has(claims: Mapping[str, Any], rule: RoleRule) -> bool:
    """Whether the claims have the rule's; `a.b` is also the claim `b` inside `a`."""
    found: Any = claims.get(rule.claim)
    if rule.claim not in claims:
        found = claims
        for part in rule.claim.split("."):
            found = found.get(part) if isinstance(found, dict) else None
    return rule.value in found if isinstance(found, list) else found == rule.value


def _kept(store: Store, issuer: str, account: str) -> frozenset[str]:
    mine = (provider_roles.c.issuer == issuer) & (provider_roles.c.account == account)
    with store.transaction() as connection:
        return frozenset(connection.execute(select(provider_roles.c.role).where(mine)).scalars())


def _keep(store: Store, issuer: str, account: str, roles: frozenset[str]) -> None:
    mine = (provider_roles.c.issuer == issuer) & (provider_roles.c.account == account)
    with store.transaction() as connection:
        connection.execute(delete(provider_roles).where(mine))
        if roles:
            rows = [{"issuer": issuer, "account": account, "role": one} for one in sorted(roles)]
            connection.execute(insert(provider_roles), rows)
