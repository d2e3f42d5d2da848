"""An answer to what an alert advises: a fact now, and what happened next a fact later."""

from __future__ import annotations

from vitruvian.core import now_ms
from vitruvian.record import Record
from vitruvian.serve.live.alerts import MINUTE, Kept
from vitruvian.serve.live.facts import response_fact
from vitruvian.serve.live.follow_up import look_later
from vitruvian.serve.store import Store

LOOK_MIN = 30.0
"""After how many minutes it is looked what happened."""


def answer(
    record: Record, store: Store, kept: Kept, did: str, advice: str, reason: str, look_min: float = LOOK_MIN
) -> str:
    """Keep that advice was accepted or refused, by whom `record` acts as; gives the fact's id."""
    fact = response_fact(record, kept, did, advice, reason)
    now = now_ms()
    look_later(store, kept.id, now, now + round(look_min * MINUTE))
    return fact
