"""Why there is an alert, in plain words: the cause, the reason with its numbers, and where the rule is from."""

from __future__ import annotations

from vitruvian.learn.anomaly import LEAST, Cusum
from vitruvian.tables.signals import signals
from vitruvian.twin.monitor import rules
from vitruvian.twin.monitor.alert import Kind, Span
from vitruvian.twin.monitor.rules import Rule
from vitruvian.twin.monitor.usual import MODIFIED_Z, PERSIST, Usual

Told = tuple[str, str, tuple[str, ...]]


def told(
    kind: Kind,
    rule: Rule,
    usual: Usual | None,
    silence_ms: int,
    value: float | None,
    band: Span | None,
    forecast: Span | None,
    sums: Cusum,
) -> Told:
    """(cause, reason, sources) of an alert."""
    signal = signals()[rule.signal]
    name, unit = signal.title, _shown(signal.unit)
    now = "" if value is None else f"{value:g} {unit}"
    if kind == "limit":
        return _limit(rule, name, now, unit, value)
    if kind == "missing":
        return _missing(rule, usual, silence_ms, name)
    if kind == "quality":
        cause = f"{name}: the signal is not reliable"
        return (
            cause,
            f"Most of the last samples jump, stay the same or cannot be true. {rules.SET_HERE}",
            (rules.HAMPEL,),
        )
    assert usual is not None
    assert band is not None
    where = f"usual is {band.median:.4g} ({band.low:.4g}–{band.high:.4g}) {unit}"
    when = " at this time of day" if usual.by_time else ""
    if kind == "outlier":
        reason = (
            f"{PERSIST} windows in a row lie further from usual than {usual.z_limit:.1f} robust SDs ({where}{when}). "
            f"The limit is {_own(usual.z_limit, MODIFIED_Z)}."
        )
        return f"{name} {now} is unusual for this person", reason, (rules.MODIFIED_Z, rules.MAD)
    if kind == "change":
        way = "risen" if sums.up >= sums.down else "fallen"
        reason = (
            f"Deviations from this person's baseline{when} add up to {sums.size:.1f} robust SDs, more than "
            f"{usual.sum_limit:.1f} ({where}). The limit is {_own(usual.sum_limit, LEAST)}."
        )
        return f"{name} has {way} and stays so: now {now}", reason, (rules.CUSUM, rules.ROBUST_CUSUM)
    assert forecast is not None
    reason = (
        f"{PERSIST} of the last windows lie outside what was forecast of them; the last one was expected at "
        f"{forecast.median:.4g} ({forecast.low:.4g}–{forecast.high:.4g}) {unit}."
    )
    return f"{name} {now} is not as forecast", reason, (rules.CONFORMAL,)


def _limit(rule: Rule, name: str, now: str, unit: str, value: float | None) -> Told:
    low = rule.low is not None and value is not None and value <= rule.low
    limit, way = (rule.low, "at or below") if low else (rule.high, "at or above")
    reason = f"{way} {limit:g} {unit} for {rule.delay_s:g} s or longer, whatever is usual for this person."
    return f"{name} {now} is beyond a limit", f"It is {reason}", rule.sources


def _missing(rule: Rule, usual: Usual | None, silence_ms: int, name: str) -> Told:
    own = "longer than this person's signal is usually silent" if usual else "longer than this signal should be silent"
    reason = f"No sample for more than {_time(silence_ms)}, {own}. Look at the sensor and its connection."
    return f"{name}: no signal", reason, (rules.SIGNAL_LOSS,) if rule.signal == "glucose" else (rules.SET_HERE,)


def _own(limit: float, published: float) -> str:
    if limit > published:
        return f"raised from the published {published:g}, so that this person's own past gives few alerts"
    return "the published one"


def _time(ms: int) -> str:
    seconds = ms / 1000
    return f"{seconds:.0f} s" if seconds < 180 else f"{seconds / 60:.0f} min"


def _shown(unit: str) -> str:
    return {"/min": "per min", "Cel": "°C", "mm[Hg]": "mmHg"}.get(unit, unit)
