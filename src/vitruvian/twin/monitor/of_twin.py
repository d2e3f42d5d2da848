"""What a person's own twin expects of a signal: its forecast as bands at moments, for the watch to compare with."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vitruvian.core import DataError, now_ms, to_datetime, to_ms
from vitruvian.twin.lifetime import deceased
from vitruvian.twin.monitor.alert import Span

if TYPE_CHECKING:
    from vitruvian.record import Patient

_DAYS = 3
_HOURS = 2.0
_OLD_MS = 15 * 60_000
_PER_DAY = 288


def twin_forecast(patient: Patient) -> tuple[tuple[int, Span], ...]:
    """(moment in ms, 90 % band) of glucose over the next two hours, by the person's kept twin.

    A twin older than a day is brought up to date first, and kept. Empty without one that fits, where it is more than
    three days older than the newest reading, that reading is older than a quarter of an hour, or the person has died.
    """
    from vitruvian.twin.glucose import current, newest_forecast, read_evidence, recent, weight_of
    from vitruvian.twin.glucose.store import MODEL, VERSION

    if deceased(patient):
        return ()
    state = patient.record.load_state(patient.id, MODEL, version=VERSION)
    if state is None:
        return ()
    since = min(to_datetime(now_ms()) - timedelta(days=_DAYS), to_datetime(to_ms(str(state.summary["start"]))))
    try:
        evidence = read_evidence(patient, since=since.isoformat())
        moment = to_ms(evidence.moment(evidence.newest))
        if now_ms() - moment > _OLD_MS or (twin := recent(patient, evidence)) is None:
            return ()
        if evidence.newest + 1 - twin.last > _PER_DAY and (weight := weight_of(patient)) is not None:
            twin = current(patient, evidence, weight)
        band = newest_forecast(twin, evidence).band
    except DataError:
        return ()
    rows = zip(band.time_h, band.q05, band.q50, band.q95, strict=True)
    spans = ((moment + round(3_600_000 * at), Span(*span)) for at, *span in rows if at <= _HOURS)
    return tuple((at, span) for at, span in spans if span.sound)
