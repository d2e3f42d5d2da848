"""Why the level that fits least may be as it is: one sentence for the person who asks."""

from __future__ import annotations

import numpy as np

from vitruvian.infer import explain
from vitruvian.twin.answer import Message
from vitruvian.twin.calibrate import Fit, records
from vitruvian.twin.case import Case
from vitruvian.twin.words import number_text, percent_text, unit_text


def explained(case: Case, fit: Fit, *, seed: int) -> list[Message]:
    """A warning with the most probable explanation of the level that is most surprising; none if none is (p ≥ 0.01)."""
    odd = [k for k, check in enumerate(fit.checks) if check.surprising]
    if not odd:
        return []
    k = min(odd, key=lambda k: (fit.checks[k].p_others, fit.checks[k].log_density_others))
    level = sorted(case.levels, key=lambda v: v.time)[k]
    likeliest = int(np.argmax(fit.mixture.weight[0]))
    subject = records(case, fit.model, case.covariates_for(fit.model)[likeliest])
    record = int(np.flatnonzero(subject.mdv == 0)[k])
    best = explain(fit.model, subject, record, molar_mass=case.drug.molar_mass, draws=len(fit.draws.eta), seed=seed)[0]
    what = f"The level {number_text(level.value)} {unit_text(level.unit)}".rstrip()
    text = f"{what} at {level.when or f'{level.time:g} h'} does not fit the other data. "
    text += f"Most probable explanation ({percent_text(best.probability)}): {best.sentence}"
    return [Message("warning", "level-explained", text, "Check it before dosing on this answer.")]
