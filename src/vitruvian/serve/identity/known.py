"""Tokens looked up lately with their accounts, for as long as nobody has written to the store.

The store is asked for each request whether anybody has, so that a token that was revoked is none from the next request
on; where it cannot tell, the token itself is asked for.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from vitruvian.core import now_ms
from vitruvian.serve.identity.accounts import Account, account_in
from vitruvian.serve.identity.secret import hashed
from vitruvian.serve.identity.tokens import Token, token_with
from vitruvian.serve.server import Server
from vitruvian.serve.store import Store

Holder = tuple[Token, Account]
_PART, _MOST = "known tokens", 1000


@dataclass
class KnownTokens:
    """Valid tokens of a store by the hash of their secret, all looked up at one `Store.written`."""

    store: Store
    _held: OrderedDict[str, Holder] = field(default_factory=OrderedDict)
    _written: int | None = None
    _lock: Lock = field(default_factory=Lock)

    def at_hand(self, secret: str) -> Holder | None:
        """Token and active account of a secret, without waiting; None where they have to be looked up."""
        written = self.store.written()
        with self._lock:
            if written is None or written != self._written:
                self._held.clear()
                self._written = written
                return None
            found = self._held.get(hashed(secret))
        return found if found is not None and found[0].until_ms >= now_ms() else None

    def of(self, secret: str) -> Holder | None:
        """Token and active account of a secret; None where it is not valid (any more)."""
        if found := self.at_hand(secret):
            return found
        written = self._written  # of before the store is asked: what is written meanwhile is not passed over
        with self.store.looking() as connection:
            token = token_with(connection, hashed(secret))
            account = account_in(connection, token.account) if token else None
        if token is None or account is None or not account.active:
            return None
        with self._lock:
            if written is not None and written == self._written:
                self._held[token.id] = token, account
                while len(self._held) > _MOST:
                    self._held.popitem(last=False)
        return token, account


def known_tokens(server: Server) -> KnownTokens:
    """The known tokens of a server."""
    found = server.parts.get(_PART)
    if found is None:
        found = server.parts.setdefault(_PART, KnownTokens(server.store))
    assert isinstance(found, KnownTokens)
    return found
