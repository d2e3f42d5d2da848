"""Following what comes in, and sending notices: tried again with longer and longer pauses, then given up."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, select, update

from vitruvian.core import VitruvianError, now_ms
from vitruvian.record import moment_of
from vitruvian.serve.background import beside_requests, in_thread
from vitruvian.serve.caller import Caller
from vitruvian.serve.fhir.criteria import Criteria
from vitruvian.serve.fhir.seen import Seen
from vitruvian.serve.fhir.shelf import Shelf
from vitruvian.serve.fhir.subscription import Hook, hook_of, subscriptions
from vitruvian.serve.identity import account_of, as_caller
from vitruvian.serve.server import Server

_LOOK_S, _PATIENCE_S = 1.0, 10.0
_FIRST_MS, _LONGEST_MS, _TRIES = 2_000, 3_600_000, 8
_LOG = logging.getLogger("vitruvian.serve")


@asynccontextmanager
async def running(server: Server) -> AsyncIterator[None]:
    """Notices are sent while the server runs; what was not sent when it stops is sent when it starts again."""
    async with beside_requests(_follow(server)):
        yield


async def _follow(server: Server) -> None:
    shelf = Shelf()
    while True:
        try:
            await in_thread(look, server, shelf)
        except Exception:
            _LOG.exception("subscriptions could not be followed")
        await asyncio.sleep(_LOOK_S)


def look(server: Server, shelf: Shelf) -> int:
    """Send what is due; gives how many notices were sent."""
    now = now_ms()
    due = (subscriptions.c.status == "active") & (subscriptions.c.due_ms <= now)
    with server.store.engine.connect() as connection:
        rows = connection.execute(select(subscriptions).where(due)).all()
    if not rows:
        return 0
    moment = ",".join(map(str, moment_of(server.record)))
    return sum(_serve(server, shelf, row, now, moment) for row in rows)


def _serve(server: Server, shelf: Shelf, row: Row[Any], now: int, moment: str) -> bool:
    """One subscription; whether a notice was sent."""
    looked = server.parts.setdefault("subscriptions", {})
    if row.tries == 0 and looked.get(row.subscription) == moment:
        return False
    try:
        if row.until_ms < now:
            return _set(server, row, status="off")
        hook = hook_of(server, row)
        new = _new(_caller(server, row), shelf, hook, row.since_ms)
    except VitruvianError as error:
        return _set(server, row, status="error", error=error.what)
    looked[row.subscription] = moment
    if not new or not _claimed(server, row, now):
        return False
    if _sent(hook):
        _after(server, row, tries=0, since_ms=max(new, row.since_ms), due_ms=now)
        return True
    tries = row.tries + 1
    pause = min(_FIRST_MS * 2**tries, _LONGEST_MS)
    failed = {"status": "error", "error": "the endpoint does not answer"} if tries >= _TRIES else {}
    _after(server, row, tries=tries, due_ms=now + pause, **failed)
    return False


def _new(caller: Caller, shelf: Shelf, hook: Hook, since_ms: int) -> int:
    """The moment at which the newest resource came that fits and that the caller may see; 0 for none."""
    seen, search = Seen(caller, shelf), hook.search
    seen.demand(search.kind, "s")
    tests = Criteria(seen, search)
    found = (one for one in seen.of(search.kind, tests.people) if one.received_ms > since_ms and tests.fits(one))
    return max((one.received_ms for one in found), default=0)


def _caller(server: Server, row: Row[Any]) -> Caller:
    """Who subscribed, with the rights they have now, no wider than those they had. Raises `VitruvianError`."""
    account = account_of(server.store, row.account)
    if account is None or not account.active:
        raise VitruvianError("the account is not active")
    caller = as_caller(server, account, purpose=row.purpose)
    return replace(caller, scopes=frozenset(row.scopes.split()) or None, only=row.only or None)


def _sent(hook: Hook) -> bool:
    import httpx

    try:
        answer = httpx.post(hook.endpoint, headers=dict(hook.headers), timeout=_PATIENCE_S, follow_redirects=False)
    except httpx.HTTPError:
        return False
    return answer.is_success


def _claimed(server: Server, row: Row[Any], now: int) -> bool:
    """Whether this process is the one that sends: of several, one gets the row."""
    mine = (subscriptions.c.subscription == row.subscription) & (subscriptions.c.due_ms == row.due_ms)
    with server.store.transaction() as connection:
        taken = update(subscriptions).where(mine).values(due_ms=now + round(2000 * _PATIENCE_S))
        return connection.execute(taken).rowcount == 1


def _set(server: Server, row: Row[Any], **values: Any) -> bool:
    _after(server, row, **values)
    return False


def _after(server: Server, row: Row[Any], **values: Any) -> None:
    with server.store.transaction() as connection:
        mine = subscriptions.c.subscription == row.subscription
        connection.execute(update(subscriptions).where(mine).values(**values))
