"""Rate limits: a bucket for each account, and for each address from which nobody is signed in."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from time import monotonic

from vitruvian.serve.problems import TooMany
from vitruvian.serve.server import Server

_STRANGERS = 20.0
"""Requests a second from one address whose sender is not known, at most."""
_BUCKETS = 10_000


@dataclass
class Buckets:
    """Tokens that flow back with time: `per_s` a second, `burst` at once; 0 a second for no limit."""

    per_s: float
    burst: float
    _left: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, who: str) -> None:
        """One request of `who`, now; raises `TooMany` with the seconds to wait."""
        if self.per_s <= 0:
            return
        now = monotonic()
        with self._lock:
            left, before = self._left.pop(who, (self.burst, now))
            left = min(self.burst, left + (now - before) * self.per_s)
            self._left[who] = (left - 1.0 if left >= 1.0 else left), now
            while len(self._left) > _BUCKETS:
                self._left.popitem(last=False)
        if left < 1.0:
            raise TooMany(max(1, math.ceil((1.0 - left) / self.per_s)))


@dataclass(frozen=True)
class Limits:
    """Limits of one process."""

    accounts: Buckets
    strangers: Buckets


def limits_of(server: Server) -> Limits:
    """The limits of a server, as its settings say."""
    per_s = server.settings.requests_per_s
    found = server.parts.get("limits")
    if found is None:
        strangers = min(per_s, _STRANGERS)
        made = Limits(Buckets(per_s, 2 * per_s), Buckets(strangers, 10 * strangers))
        found = server.parts.setdefault("limits", made)
    assert isinstance(found, Limits)
    return found
