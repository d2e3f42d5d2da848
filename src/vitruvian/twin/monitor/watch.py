"""The watch over one signal of one person: a state, and what each sample and each moment of silence does to it.

Pure: the same samples in the same order give the same alerts, live or on the past. The order is that of the samples'
own times; one that comes after its window was judged, or that is dated ahead of the clock, is kept by the record and
moves nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from types import MappingProxyType
from typing import Literal, NamedTuple

from vitruvian.learn.anomaly import Cusum, State, added
from vitruvian.tables.signals import signals
from vitruvian.twin.monitor.alert import SEVERITY, Alert, Event, Kind, Over, Span
from vitruvian.twin.monitor.quality import Quality, Sieve, sieved
from vitruvian.twin.monitor.rules import Rule
from vitruvian.twin.monitor.usual import LOOK, PERSIST, Usual
from vitruvian.twin.monitor.words import told

SKEW_MS = 5 * 60_000
"""How far ahead of the clock a sample may be dated."""
BEHIND_MS = 60 * 60_000
"""How old a sample may be when it comes: what is filled in later is history, and calls for nobody."""
UNLEARNED_MS = 10 * 60_000
"""The shortest silence that is told before it is known how often the person's signal comes."""
CLEAR_MS = 15 * 60_000
"""How long a thing must not be so before its alert is over."""
_DOUBTED = 20
_GAP = 3
Verdict = Literal["late", "future"] | Quality
NOTHING: Mapping[Kind, int] = MappingProxyType({})


class Judged(NamedTuple):
    """A window that was judged: end of it (ms), its median, deviation, whether it was outside its forecast.

    `state`: the person's, after it.
    """

    at: int
    value: float
    z: float
    outside: bool
    state: State | None


class Watch(NamedTuple):
    """State of a watch. `active`: by kind, when an alert's cause was last so; `twin`: a twin's forecast by time."""

    rule: Rule
    usual: Usual | None = None
    newest: int = 0
    value: float = float("nan")
    sieve: Sieve = Sieve()
    window: int = 0
    held: tuple[float, ...] = ()
    past: tuple[Judged, ...] = ()
    sums: Cusum = Cusum()
    beyond_since: int = 0
    doubts: tuple[bool, ...] = ()
    active: Mapping[Kind, int] = NOTHING
    twin: tuple[tuple[int, Span], ...] = ()


def sampled(watch: Watch, at: int, value: float, now: int) -> tuple[Watch, Verdict, list[Event]]:
    """The watch after a sample (ms, canonical unit), what is thought of the sample, and what is to be told."""
    if at > now + SKEW_MS:
        return watch, "future", []
    if at < now - BEHIND_MS:
        return watch, "late", []
    index = at // watch.rule.window_ms if watch.rule.window_ms else at
    if index < watch.window or (not watch.rule.window_ms and index == watch.window):
        return watch, "late", []
    events: list[Event] = []
    if index > watch.window and watch.held:
        watch = _closed(watch, events)
    sieve, quality = sieved(watch.sieve, watch.rule, at, value)
    watch = watch._replace(sieve=sieve, window=index, newest=max(at, watch.newest))
    watch = _turned(watch, "missing", False, at, events)
    watch = _doubted(watch, quality, at, events)
    if quality != "good":
        return watch, quality, events
    watch = watch._replace(value=value, held=(*watch.held, value))
    watch = _limited(watch, at, events)
    if not watch.rule.window_ms:
        watch = _closed(watch, events)
    return watch, "good", events


def passed(watch: Watch, now: int) -> tuple[Watch, list[Event]]:
    """The watch at a moment of the clock: a window that has ended is judged, a silence that is too long is told."""
    events: list[Event] = []
    if not watch.newest:
        return watch, events
    if watch.held and watch.rule.window_ms and now > (watch.window + 1) * watch.rule.window_ms + 1000:
        watch = _closed(watch, events)
        watch = watch._replace(window=watch.window + 1)
    if now - watch.newest > silence_ms(watch):
        watch = _turned(watch, "missing", True, now, events)
    return watch, events


def silence_ms(watch: Watch) -> int:
    """How long a silence is one: the person's own, else the rule's."""
    return watch.usual.silence_ms if watch.usual else max(round(1000 * watch.rule.silence_s), UNLEARNED_MS)


def expected(watch: Watch) -> Span | None:
    """What is expected `ahead` windows after the newest one that was judged; None where too little is known."""
    if not watch.past:
        return None
    last = watch.past[-1]
    at = last.at + watch.rule.ahead * (watch.rule.window_ms or 300_000)
    own = watch.usual.forecast(at, last.state) if watch.usual and last.state else None
    return _of_twin(watch, at) or own


def _closed(watch: Watch, events: list[Event]) -> Watch:
    """The window that is open, judged by the person's own baseline."""
    at = (watch.window + 1) * watch.rule.window_ms if watch.rule.window_ms else watch.window
    value = median(watch.held)
    watch = watch._replace(held=())
    usual = watch.usual
    if usual is None:
        return watch._replace(past=(Judged(at, value, 0.0, False, None),))
    step = watch.rule.window_ms or usual.step_ms or 300_000
    past = watch.past if watch.past and at - watch.past[-1].at <= _GAP * step else ()
    z, state = usual.z(at, value), usual.after(watch.past[-1].state if watch.past else None, at, value)
    before = past[-watch.rule.ahead] if len(past) >= watch.rule.ahead else None
    own = usual.forecast(at, before.state) if before and before.state else None
    of_twin = _of_twin(watch, at)
    forecast = of_twin or own
    # limits on false alerts are learned for the person's own band: a twin's may explain a value, and alone calls nobody
    outside = _outside(own, value) and (of_twin is None or _outside(of_twin, value))
    sums = added(watch.sums, z, at, usual.sum_limit)
    past = (*past[1 - max(LOOK, watch.rule.ahead) :], Judged(at, value, z, outside, state))
    watch = watch._replace(past=past, sums=sums)
    last = past[-PERSIST:]
    side = 1.0 if z > 0 else -1.0
    strange = len(last) == PERSIST and all(side * one.z > usual.z_limit for one in last)
    watch = _turned(watch, "outlier", strange, at, events, last[0].at)
    watch = _turned(watch, "change", sums.size > usual.sum_limit, at, events, sums.since or at)
    missed = sum(one.outside for one in past[-LOOK:]) >= PERSIST
    return _turned(watch, "residual", missed, at, events, past[-LOOK:][0].at, forecast)


def _outside(span: Span | None, value: float) -> bool:
    return span is not None and span.sound and not span.low <= value <= span.high


def _limited(watch: Watch, at: int, events: list[Event]) -> Watch:
    rule, value = watch.rule, watch.value
    beyond = (rule.low is not None and value <= rule.low) or (rule.high is not None and value >= rule.high)
    since = (watch.beyond_since or at) if beyond else 0
    watch = watch._replace(beyond_since=since)
    return _turned(watch, "limit", beyond and at - since >= 1000 * rule.delay_s, at, events, since or at)


def _doubted(watch: Watch, quality: Quality, at: int, events: list[Event]) -> Watch:
    doubts = (*watch.doubts[1 - _DOUBTED :], quality != "good")
    bad = len(doubts) == _DOUBTED and 2 * sum(doubts) > _DOUBTED
    return _turned(watch._replace(doubts=doubts), "quality", bad or quality == "stuck", at, events)


def _turned(
    watch: Watch, kind: Kind, so: bool, at: int, events: list[Event], began: int = 0, forecast: Span | None = None
) -> Watch:
    """The watch with the cause of an alert being so or not; told is what begins and what is over."""
    last = watch.active.get(kind)
    if so:
        watch = watch._replace(active=MappingProxyType({**watch.active, kind: at}))
        if last is None:
            events.append(_alert(watch, kind, began or at, at, forecast))
    elif last is not None and (kind == "missing" or at - last > CLEAR_MS):
        rest = {name: when for name, when in watch.active.items() if name != kind}
        watch = watch._replace(active=MappingProxyType(rest))
        events.append(Over(kind, watch.rule.signal, at))
    return watch


def _alert(watch: Watch, kind: Kind, began: int, at: int, forecast: Span | None) -> Alert:
    usual, signal = watch.usual, signals()[watch.rule.signal]
    value = watch.value if watch.value == watch.value else None
    band = usual.band(at) if usual else None
    foreseen = forecast or expected(watch)
    cause, reason, sources = told(kind, watch.rule, usual, silence_ms(watch), value, band, forecast, watch.sums)
    return Alert(
        kind, watch.rule.signal, SEVERITY[kind], began, at, value, signal.unit, cause, reason, band, foreseen, sources
    )


def _of_twin(watch: Watch, at: int) -> Span | None:
    """The twin's forecast of a moment, if it made one within three minutes of it."""
    near = min(watch.twin, key=lambda one: abs(one[0] - at), default=None)
    return near[1] if near is not None and abs(near[0] - at) <= 180_000 and near[1].sound else None
