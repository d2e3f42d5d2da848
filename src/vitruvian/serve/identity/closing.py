"""Ending the ways by which an account comes in."""

from __future__ import annotations

from vitruvian.serve.identity.approvals import drop_approvals
from vitruvian.serve.identity.connections import drop_connections
from vitruvian.serve.identity.links import drop_links
from vitruvian.serve.identity.passwords import drop_password
from vitruvian.serve.identity.second import drop_second
from vitruvian.serve.identity.sessions import end_all
from vitruvian.serve.identity.tokens import drop_tokens
from vitruvian.serve.store import Store


def close_ways_in(store: Store, account: str, *, tokens: bool = True, but: str = "") -> None:
    """End sessions (but the one with the id `but`), links and tokens of an account."""
    end_all(store, account, but)
    drop_links(store, account)
    if tokens:
        drop_tokens(store, account)
        drop_approvals(store, account)


def forget_ways_in(store: Store, account: str) -> None:
    """The same, and forget password, second factor and providers."""
    close_ways_in(store, account)
    drop_password(store, account)
    drop_second(store, account)
    drop_connections(store, account)
