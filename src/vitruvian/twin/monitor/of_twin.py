"""What a person's own twin expects of a signal: its forecast as bands at moments, for the watch to compare with."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from vitruvian.core import DataError, now_ms, to_datetime, to_ms
from vitruvian.twin.monitor.alert import Span

if TYPE_CHECKING:
    from vitruvian.record import Patient

_DAYS = 3
_HOURS = 2.0
_OLD_MS = 15 * 60_000


def twin_forecast(patient: Patient) -> tuple[tuple[int, Span], ...]:
    """(moment in ms, 90 % band) of glucose over the next two hours, by the person's calibrated twin.

    Empty without a twin, or where its newest reading is older than a quarter of an hour.
    """
    from vitruvian.twin.glucose import newest_forecast, read_evidence
    from vitruvian.twin.glucose.store import MODEL, kept

    state = patient.record.load_state(patient.id, MODEL)
    if state is None:
        return ()
    since = min(to_datetime(now_ms()) - timedelta(days=_DAYS), to_datetime(to_ms(str(state.summary["start"]))))
    try:
        evidence = read_evidence(patient, since=since.isoformat())
        moment, twin = to_ms(evidence.moment(evidence.newest)), kept(patient.record, evidence)
        if twin is None or now_ms() - moment > _OLD_MS:
            return ()
        band = newest_forecast(twin, evidence).band
    except DataError:
        return ()
    rows = zip(band.time_h, band.q05, band.q50, band.q95, strict=True)
    return tuple(
        (moment + round(3_600_000 * at), Span(low, middle, high)) for at, low, middle, high in rows if at <= _HOURS
    )
