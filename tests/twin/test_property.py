"""Random people and records, many of them absurd: an answer is a safe dose or a refusal with its reason."""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from twin_cases import GOTI, VANCOMYCIN

from bundles import creatinine, dose, height, lab, level, person, weight
from vitruvian.core import InputError
from vitruvian.record import Record
from vitruvian.twin import Answer, Asked, Candidate, Twin
from vitruvian.twin.bounds import within_absolute
from vitruvian.twin.draws import value_at
from vitruvian.twin.guard import is_real

NOW = "2025-03-05T12:00:00+01:00"
ABSURD = (0.0, -1.0, -70.0, 1e-9, 1e6, 1e300)


def one_of(r: np.random.Generator, usual: float, strange: float) -> float:
    """Mostly the usual number, at times another that no person has."""
    return float(r.choice(ABSURD)) if r.random() < strange else round(float(usual), 2)


def someone(r: np.random.Generator, name: str, strange: float) -> list[dict[str, Any]]:
    """Resources of one random person; `strange` is the share of absurd numbers, units and gaps."""

    def odd() -> bool:
        return bool(r.random() < strange)

    patient = person(id=name, birthDate=f"{r.integers(1915, 2024)}-06-15", gender=str(r.choice(["female", "male"])))
    if odd():
        patient.pop(str(r.choice(["birthDate", "gender"])))
    found: list[dict[str, Any]] = []
    if not odd():
        unit, factor = r.choice(
            [["kg", "1"], ["kg", "1"], ["g", "1000"], ["[lb_av]", "2.205"], ["", "1"]] if odd() else [["kg", "1"]]
        )
        found.append(weight(one_of(r, r.uniform(35, 150) * float(factor), strange), str(unit)))
    if not odd():
        found.append(height(one_of(r, r.uniform(140, 200), strange)))
    if not odd():
        value = one_of(r, np.exp(r.normal(0.1, 0.5)), strange)
        molar = odd()
        day = 1 if odd() else 5
        found.append(
            creatinine(value * (88.42 if molar else 1), "umol/L" if molar else "mg/dL", f"2025-03-{day:02d}T07:00:00")
        )
    unit = str(r.choice(["", "g", "ug", "mL"])) if odd() else "mg"
    for k in range(4 * r.integers(0, 2)):  # none or four: few shapes, few programs
        day, hour = divmod(12 * k + 20, 24)
        amount = one_of(r, 250 * r.integers(2, 8), strange / 3)
        found.append(dose("vancomycin", amount, f"2025-03-{3 + day:02d}T{hour:02d}:00:00", unit=unit))
    wrong_level = r.random() < strange / 10
    for k in range(2 * r.integers(0, 2)):
        value = np.exp(r.normal(2.7, 0.3)) * (1000 if wrong_level and k else 1)
        found.append(level(round(float(value), 2), f"2025-03-0{4 + k}T07:30:00"))
    if odd():
        found.append(lab("29463-7", 70.0, "kg", "2025-03-09T08:00:00", "tomorrow"))
    for k, resource in enumerate(found):
        resource["id"] = f"{name}-{k}"
        resource["subject"] = {"reference": f"Patient/{name}"}
    return [patient, *found]


def check(answer: Answer, twin: Twin) -> str:
    """The property; gives what kind of answer it was."""
    json.dumps(answer.to_dict(), allow_nan=False)
    case, best = twin.case, answer.best
    used = {d.name: d for d in answer.data_used}
    for name in {"WT", "HT", "SCR"} & set(case.covariates):
        assert used[name].fact_id or "asked" in used[name].origin
    if answer.refused:
        reasons = [m for m in answer.messages if m.severity == "refusal"]
        assert best is None
        assert answer.exact_dose is None
        assert reasons
        assert all(m.text.strip() for m in reasons)
        return reasons[0].code
    assert best is not None
    given = case.covariates_for(GOTI)[0]  # what the model was given: its own floor on creatinine included
    for needed in GOTI.covariates:
        value = value_at(given[needed.name], case.now)
        assert needed.hard[0] <= value <= needed.hard[1]
    assert {"WT", "SCR"} <= set(used)
    assert best.allowed
    assert not any(m.severity == "refusal" for m in answer.messages)
    assert math.isfinite(best.dose)
    assert best.dose > 0
    chosen = Candidate(best.dose, best.dose_unit, best.interval_h, best.route, best.duration_h, best.loading_dose)
    assert within_absolute(VANCOMYCIN, chosen, weight=case.person["WT"], bsa=case.person.get("BSA"))
    assert best.dose <= 40 * case.person["WT"] + 1e-9
    assert best.daily_dose <= min(6000, 100 * case.person["WT"]) + 1e-9
    assert is_real(VANCOMYCIN, chosen)
    assert max(best.p_harm.values()) <= twin.goal(None).harm_cap
    assert answer.exact_dose is None or (math.isfinite(answer.exact_dose) and answer.exact_dose > 0)
    return "dose"


def run(folder: Path, people: int, seed: int, strange: float) -> Counter[str]:
    """Ask for everyone's dose; what kinds of answers were given, by code."""
    r = np.random.default_rng(seed)
    names = [f"p{k}" for k in range(people)]
    rows = [json.dumps(x) for n in names for x in someone(r, n, strange)]
    (folder / "people.ndjson").write_text("\n".join(rows))
    seen: Counter[str] = Counter()
    with Record.open(folder / f"people-{seed}.db") as record:
        report = record.ingest(folder / "people.ndjson")
        assert report.records_in == len(rows)
        for n in names:
            wrong = r.choice(["WT", "CRCL", "AGE"]) if r.random() < strange / 3 else None
            asked = Asked(
                NOW, covariates=None if wrong is None else {str(wrong): float(r.choice([np.nan, np.inf, -1.0]))}
            )
            twin = Twin(record.patient(n), VANCOMYCIN, asked, (GOTI,), draws=100, seed=seed)
            try:
                seen[check(twin.recommend(), twin)] += 1
            except InputError as error:
                seen["input" if str(error).strip() else "without reason"] += 1
    assert seen.total() == people
    assert not seen["without reason"]
    return seen


def test_people_and_records_of_all_kinds(tmp_path: Path) -> None:
    seen = run(tmp_path, 300, 7, 0.12)
    assert seen["dose"] > 30, seen
    assert seen.total() - seen["dose"] > 30, seen


@pytest.mark.slow
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_people_and_records(tmp_path: Path, part: int) -> None:
    seen = run(tmp_path, 1000, 100 + part, 0.12)
    assert seen["dose"] > 100, seen
    assert seen.total() - seen["dose"] > 100, seen
