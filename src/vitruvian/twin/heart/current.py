"""The heart twin of a person as their data stand: the kept one, brought up to date, or learned anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from vitruvian.core import to_ms
from vitruvian.twin.heart.calibrate import HeartTwin, calibrate
from vitruvian.twin.heart.evidence import Curve, checked_curves
from vitruvian.twin.heart.reading import read_evidence
from vitruvian.twin.heart.store import keep, kept
from vitruvian.twin.lifetime import require_alive

if TYPE_CHECKING:
    from vitruvian.record import Patient

_DAY_MS = 86_400_000


def current(
    patient: Patient,
    at: str | None = None,
    *,
    curves: Mapping[str, Curve] | None = None,
    fresh: bool = False,
    seed: int = 0,
) -> HeartTwin:
    """The twin by the moment `at` (default: all); kept in the record where its actor may add to it.

    A kept twin is taken where nothing is newer; an older one is the starting point. With `fresh` or `curves` it is
    learned anew. Raises `RefusalError` after death, else as `read_evidence` and `calibrate` do.
    """
    require_alive(patient, at)
    before, evidence = kept(patient.record, patient.id), read_evidence(patient, at)
    if before is not None and not (fresh or curves or at) and before.evidence.at == evidence.at:
        return before
    days = 0.0 if before is None else (to_ms(evidence.at) - to_ms(before.evidence.at)) / _DAY_MS
    earlier = before if days > 0 else None
    if earlier is not None:
        evidence = read_evidence(patient, at, after=earlier.evidence.at)
    if curves:
        evidence = replace(evidence, curves=checked_curves(curves, evidence.period))
    twin = calibrate(evidence, before=earlier, years=days / 365.25 if earlier else 0.0, seed=seed)
    if patient.record.may_keep(patient.id):
        keep(patient.record, twin)
    return twin
