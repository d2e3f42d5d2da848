"""Where one can go: the places of the server that a caller may use, and those of one person."""

from __future__ import annotations

from urllib.parse import quote

from vitruvian.serve.caller import Caller
from vitruvian.twin.doors import twin_doors

_PLACES = (
    ("/", "People", "read"),
    ("/monitor", "Monitor", "monitor"),
    ("/intake", "Add data", "ingest"),
    ("/quarantine", "Quarantine", "quarantine"),
    ("/proposals", "Proposals", "ingest"),
    ("/audit", "Audit", "audit"),
    ("/accounts", "Accounts", "administer"),
    ("/account", "Your account", "own"),
)
_OF_PERSON = (("timeline", "Timeline", "read"), ("consent", "Consent", "consent"), ("access", "Who saw it", "audit"))


def places(caller: Caller) -> list[tuple[str, str]]:
    """(address, title) of each place that the caller's roles allow; of all people only to those who act on all."""
    closed = {one for one in ("ingest", "quarantine", "audit") if not caller.actor.permits_all(one)}
    return [(href, title) for href, title, action in _PLACES if caller.may(action) and action not in closed]


def person_places(caller: Caller, person: str) -> list[tuple[str, str]]:
    """The places of one person: overview, each installed twin, the record's own."""
    base = f"/patients/{quote(person, safe='')}"
    twins = [(f"{base}/twins/{name}", door.title) for name, door in twin_doors().items()]
    rest = [(f"{base}/{name}", title) for name, title, action in _OF_PERSON if caller.may(action)]
    return [(base, "Overview"), *twins, *rest]
