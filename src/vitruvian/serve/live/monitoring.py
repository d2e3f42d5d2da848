"""The monitor for programs: the list of who needs attention, one alert with its reason, and answers to it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.live import alerts
from vitruvian.serve.live.alerts import Kept
from vitruvian.serve.live.answering import LOOK_MIN, answer
from vitruvian.serve.live.facts import told_of
from vitruvian.serve.live.room import room_of
from vitruvian.serve.live.seen import Bed, beds, seen_alert
from vitruvian.serve.live.ward import Live
from vitruvian.serve.server import server_of

router = APIRouter(prefix="/api/v1/monitor", tags=["monitor"])
Reader = Annotated[Caller, Allow("read", "alerts")]
Watcher = Annotated[Caller, Allow("monitor", "alerts")]


class SnoozeIn(BaseModel):
    """For how long an alert is not to call."""

    model_config = ConfigDict(extra="forbid")
    minutes: Annotated[float, Field(gt=0, le=alerts.LONGEST_SNOOZE_MIN)] = 15


class ResponseIn(BaseModel):
    """What was done with what was advised."""

    model_config = ConfigDict(extra="forbid")
    did: Literal["accepted", "refused"]
    advice: Annotated[str, Field(min_length=1, max_length=2000)]
    reason: Annotated[str, Field(max_length=2000)] = ""
    look_after_min: Annotated[float, Field(ge=1, le=1440)] = LOOK_MIN


@router.get("")
def everybody(request: Request, caller: Reader) -> list[dict[str, Any]]:
    """Everybody with live streams or alerts whom the caller may see, who needs attention first."""
    server = server_of(request)
    return [_bed(one) for one in beds(caller, room_of(server).ward, server.store)]


@router.get("/alerts/{alert}")
def one_alert(request: Request, alert: str, caller: Reader) -> dict[str, Any]:
    """One alert with its cause, band, forecast and reason."""
    server = server_of(request)
    kept = seen_alert(caller, server.store, alert)
    return _alert(kept) | told_of(caller.patient(kept.person), kept)


@router.post("/alerts/{alert}/acknowledge")
def acknowledge(request: Request, alert: str, caller: Watcher) -> dict[str, Any]:
    """Somebody looks at it: it calls no more, and is not escalated."""
    server = server_of(request)
    return _alert(alerts.acknowledge(server.store, seen_alert(caller, server.store, alert), caller.name))


@router.post("/alerts/{alert}/snooze")
def snooze(request: Request, alert: str, given: SnoozeIn, caller: Watcher) -> dict[str, Any]:
    """It does not call for some minutes."""
    server = server_of(request)
    return _alert(alerts.snooze(server.store, seen_alert(caller, server.store, alert), given.minutes))


@router.post("/alerts/{alert}/response", status_code=201)
def respond(request: Request, alert: str, given: ResponseIn, caller: Watcher) -> dict[str, str]:
    """Say whether advice was accepted or refused; what happened next becomes a fact after some minutes."""
    server = server_of(request)
    kept = seen_alert(caller, server.store, alert)
    told = (given.did, given.advice, given.reason, given.look_after_min)
    return {"fact": answer(caller.record, server.store, kept, *told)}


def _bed(one: Bed) -> dict[str, Any]:
    rate = one.rate
    return {
        "person": one.person,
        "alerts": [_alert(kept) for kept in one.alerts],
        "streams": [_stream(live) for live in one.streams],
        "false_alerts_per_day": rate and {"rate": rate.per_day, "low": rate.low, "high": rate.high, "days": rate.days},
    }


def _alert(one: Kept) -> dict[str, Any]:
    return {name: value for name, value in vars(one).items() if name != "subject"}


def _stream(one: Live) -> dict[str, Any]:
    forecast, usual = one.forecast, one.watch.usual
    last = one.points[-1] if one.points else None
    return {
        "key": one.key,
        "signal": one.signal,
        "at_ms": last and last.at,
        "value": last and last.value,
        "verdict": last and last.verdict,
        "samples": one.samples,
        "doubted": one.doubted,
        "usual": usual and vars(usual.band(one.watch.newest)),
        "forecast": forecast and vars(forecast),
    }
