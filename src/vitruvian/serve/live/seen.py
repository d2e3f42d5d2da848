"""Which streams and alerts a caller may see now: asked of the record each time, by role, purpose and consent."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from vitruvian.serve.caller import Caller
from vitruvian.serve.live import alerts
from vitruvian.serve.live.alerts import Kept
from vitruvian.serve.live.ward import Live, Stream, Ward
from vitruvian.serve.store import Store
from vitruvian.twin.monitor import Rate, together


@dataclass(frozen=True)
class Bed:
    """One person of the list: what calls, what streams, how often the watch calls for nothing."""

    person: str
    alerts: tuple[Kept, ...]
    streams: tuple[Live, ...]

    @property
    def rate(self) -> Rate | None:
        """False alerts a day of all streams of this person; None where the past is too short."""
        found = [one.watch.usual.rate for one in self.streams if one.watch.usual is not None]
        return together([one for one in found if one is not None])


def seen_streams(caller: Caller, ward: Ward, stored: Collection[Kept] = ()) -> dict[Stream, str]:
    """Streams that are live, or that have alerts, as far as the caller may see them, each with the person's id."""
    wanted = {*list(ward.streams), *((one.subject, one.signal) for one in stored)}
    found = caller.record.permitted_streams(wanted) if wanted else {}
    if caller.only is not None and found:
        person = caller.patient(caller.only).id
        found = {stream: one for stream, one in found.items() if one == person}
    return found


def seen_alerts(caller: Caller, ward: Ward, store: Store) -> tuple[list[Kept], dict[Stream, str]]:
    """Alerts that are not over, who needs attention first; and the streams that the caller sees."""
    stored = alerts.current(store)
    streams = seen_streams(caller, ward, stored)
    return [one for one in stored if (one.subject, one.signal) in streams], streams


def beds(caller: Caller, ward: Ward, store: Store) -> list[Bed]:
    """The list, who needs attention first; the rest by id."""
    calling, streams = seen_alerts(caller, ward, store)
    people: dict[str, None] = dict.fromkeys(one.person for one in calling)
    people |= dict.fromkeys(sorted(streams.values()))
    return [
        Bed(
            person,
            tuple(one for one in calling if one.person == person),
            tuple(live for stream, live in list(ward.streams.items()) if streams.get(stream) == person),
        )
        for person in people
    ]


def seen_alert(caller: Caller, store: Store, alert: str) -> Kept:
    """One alert that the caller may see. Raises `UnknownNameError`."""
    one = alerts.find(store, alert)
    if (one.subject, one.signal) not in seen_streams(caller, Ward(), [one]):
        raise alerts.absent(alert)
    return one
