"""The monitor page: who needs attention first, what calls and why, what is live; answers to alerts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from vitruvian.core import now_ms, to_datetime
from vitruvian.serve.caller import Allow, Caller
from vitruvian.serve.live import room_of
from vitruvian.serve.live.alerts import Kept, acknowledge, snooze
from vitruvian.serve.live.answering import answer
from vitruvian.serve.live.facts import alert_of
from vitruvian.serve.live.seen import Bed, beds, seen_alert
from vitruvian.serve.live.ward import Live
from vitruvian.serve.pages.person import name_of
from vitruvian.serve.pages.render import page
from vitruvian.serve.pages.spark import Spark, spark_of
from vitruvian.serve.server import server_of
from vitruvian.tables.signals import signals
from vitruvian.twin import deceased
from vitruvian.twin.monitor import TITLES
from vitruvian.twin.words import unit_text

router = APIRouter(prefix="/monitor")
_PER_PAGE = 12
_OF_PERSON = 4  # alerts shown at once
_SOON_S = 120
Watcher = Annotated[Caller, Allow("monitor", "alerts")]


@dataclass(frozen=True)
class AlertShown:
    """One alert in words."""

    id: str
    kind: str
    severity: str
    state: str
    cause: str
    reason: str
    since: str
    band: str
    forecast: str
    sources: tuple[str, ...]
    escalated: bool
    by: str


@dataclass(frozen=True)
class StreamShown:
    """One stream: newest value, its age, what is usual and expected, a small curve."""

    key: str
    title: str
    unit: str
    value: str
    at_ms: int
    age: str
    usual: str
    expected: str
    spark: Spark
    verdict: str
    calls: bool


@dataclass(frozen=True)
class BedShown:
    """One person of the list."""

    href: str
    name: str
    alerts: tuple[AlertShown, ...]
    more: int
    streams: tuple[StreamShown, ...]
    died: str
    """What the guard says of somebody who is recorded as dead and still sends."""
    rate: str
    calls: bool


@router.get("")
def monitor(request: Request, caller: Watcher, part: int = 1) -> Response:
    """The whole page."""
    return page(request, "monitor.html", caller, **_shown(request, caller, part))


@router.get("/list")
def only_list(request: Request, caller: Watcher, part: int = 1) -> Response:
    """The list alone, when alerts changed."""
    return page(request, "monitor_list.html", caller, **_shown(request, caller, part))


@router.post("/alerts/{alert}/{what}")
def answered(
    request: Request,
    alert: str,
    what: Literal["acknowledge", "snooze", "accepted", "refused"],
    caller: Watcher,
    advice: Annotated[str, Form(max_length=2000)] = "",
    reason: Annotated[str, Form(max_length=2000)] = "",
    minutes: Annotated[float, Form()] = 15,
) -> Response:
    """A button was pressed."""
    server = server_of(request)
    kept = seen_alert(caller, server.store, alert)
    if what == "acknowledge":
        acknowledge(server.store, kept, caller.name)
    elif what == "snooze":
        snooze(server.store, kept, minutes)
    else:
        answer(caller.record, server.store, kept, what, advice or TITLES[kept.kind], reason)
    return RedirectResponse("/monitor", 303)


def _shown(request: Request, caller: Caller, part: int) -> dict[str, Any]:
    server = server_of(request)
    found = beds(caller, room_of(server).ward, server.store)
    first = _PER_PAGE * (max(part, 1) - 1)
    shown = [_bed(caller, one) for one in found[first : first + _PER_PAGE]]
    calling = sum(any(alert.calls for alert in one.alerts) for one in found)
    parts = -(-len(found) // _PER_PAGE)
    return {"beds": shown, "people": len(found), "calling": calling, "part": part, "parts": parts}


def _bed(caller: Caller, one: Bed) -> BedShown:
    patient = caller.patient(one.person)
    alerts = tuple(_alert(alert, alert_of(patient, alert) or {}) for alert in one.alerts[:_OF_PERSON])
    calling = {alert.signal for alert in one.alerts if alert.calls}
    rate = str(one.rate) if one.rate else "not known yet: it takes two days of this person's own past"
    return BedShown(
        f"/patients/{quote(one.person, safe='')}", name_of(patient), alerts, len(one.alerts) - len(alerts),
        tuple(_stream(live, live.signal in calling) for live in one.streams),
        " ".join(f"{said.text} {said.todo}" for said in deceased(patient)), rate, bool(calling),
    )  # fmt: skip


def _alert(one: Kept, told: dict[str, Any]) -> AlertShown:
    unit = unit_text(told.get("unit") or "")
    title = signals()[one.signal].title
    return AlertShown(
        one.id, one.kind, one.severity, one.state, told.get("cause") or f"{title}: {TITLES[one.kind]}",
        told.get("reason") or "", to_datetime(one.began_ms).isoformat(), _span(told.get("band"), unit),
        _span(told.get("forecast"), unit), tuple(told.get("sources") or ()), one.escalated_ms is not None,
        one.acknowledged_by or "",
    )  # fmt: skip


def _stream(one: Live, calls: bool) -> StreamShown:
    signal, watch = signals()[one.signal], one.watch
    unit = unit_text(signal.unit)
    last = one.points[-1] if one.points else None
    band, ahead = watch.usual.band(watch.newest) if watch.usual else None, one.forecast
    return StreamShown(
        one.key, signal.title, unit, f"{last.value:g}" if last else "–", last.at if last else 0,
        _age(now_ms() - last.at) if last else "no sample yet", _span(vars(band) if band else None, unit),
        _span(vars(ahead) if ahead else None, unit), spark_of(one.points, band), last.verdict if last else "", calls,
    )  # fmt: skip


def _span(span: dict[str, float] | None, unit: str) -> str:
    if not span:
        return ""
    return f"{span['median']:.3g} ({span['low']:.3g} to {span['high']:.3g}) {unit}"


def _age(ms: int) -> str:
    seconds = max(ms, 0) // 1000
    return f"{seconds} s ago" if seconds < _SOON_S else f"{seconds // 60} min ago"
