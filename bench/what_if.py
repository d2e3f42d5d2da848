"""What-ifs of the dose twin, drug by drug: `python -m bench.what_if [DRUG …]`, CPU milliseconds of one core.

One made-up person for each drug of the library takes it, and fluconazole (beside voriconazole clarithromycin), with two
levels where there is an assay. Each kind of change is asked with several values: the first loads or compiles its
programs and is told apart; of the others the dearest counts. Where every regimen is simulated by itself, the page shows
one's own first: "110, then 880". "First answer" is the recommendation of the page, of a record
that nothing is known of yet.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.timing import one_core

_LEVELS = {  # LOINC code, value at hours after the last dose but one, unit
    "amikacin": ("35669-1", ((1.0, 45.0), (8.0, 8.0)), "mg/L"),
    "ciclosporin": ("3520-4", ((11.5, 170.0), (23.5, 180.0)), "ng/mL"),
    "gentamicin": ("35668-3", ((1.0, 16.0), (8.0, 2.5)), "mg/L"),
    "infliximab": ("39803-2", ((500.0, 25.0), (1300.0, 3.0)), "mg/L"),
    "methotrexate": ("14836-7", ((48.0, 0.6), (72.0, 0.15)), "umol/L"),
    "phenytoin": ("3968-5", ((7.5, 11.0), (15.5, 12.0)), "mg/L"),
    "tacrolimus": ("11253-2", ((11.5, 6.0), (23.5, 7.0)), "ng/mL"),
    "tobramycin": ("35670-9", ((1.0, 16.0), (8.0, 2.5)), "mg/L"),
    "vancomycin": ("20578-1", ((3.0, 22.0), (11.5, 12.0)), "mg/L"),
    "voriconazole": ("38370-3", ((11.5, 2.0), (23.5, 2.2)), "mg/L"),
    "warfarin": ("6301-6", ((12.0, 1.9), (36.0, 2.0)), "{INR}"),
}
_BODY = (
    ("29463-7", 72.0, "kg"), ("8302-2", 172.0, "cm"), ("2160-0", 1.0, "mg/dL"), ("1751-7", 4.1, "g/dL"),
    ("4544-3", 33.0, "%"), ("1988-5", 6.0, "mg/L"), ("6301-6", 1.1, "{INR}"),
)  # fmt: skip
_ROUTES = {"oral": "26643006", "iv": "47625008", "sc": "34206005", "subcutaneous": "34206005"}
_DOSES, _HOUR_S, _START_S = 8, 3600, 1_740_816_000
_BESIDE = {"voriconazole": "clarithromycin"}
_UCUM, _LOINC, _RXNORM = "http://unitsofmeasure.org", "http://loinc.org", "http://www.nlm.nih.gov/research/umls/rxnorm"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("drug", nargs="*", help="drugs of the library; left out, all")
    names = parser.parse_args().drug
    one_core()
    from vitruvian.pharmacology import library

    names = names or list(library())
    with tempfile.TemporaryDirectory() as folder:
        path = record_of(names, Path(folder))
        kinds = [*_changes(names[0])]
        print("| drug | first answer | " + " | ".join(kinds) + " |\n|" + "---|" * (2 + len(kinds)))
        for name in names:
            found = measured(path, name)
            cells = [_text(found["answer"]), *(_both(found[f"{kind} alone"], found[kind]) for kind in kinds)]
            print(f"| {name} | {' | '.join(cells)} |", flush=True)


def record_of(names: Sequence[str], folder: Path) -> Path:
    """A record with one such person for each drug."""
    from vitruvian import Record

    path = folder / "bench.db"
    with Record.open(path) as record:
        for name in names:
            (folder / f"{name}.json").write_text(json.dumps(bundle(name)))
            record.ingest(folder / f"{name}.json", patient=name)
    return path


def measured(path: Path, name: str) -> dict[str, list[float]]:
    """CPU milliseconds of every question by kind, in the order asked."""
    from vitruvian import Record
    from vitruvian.core import VitruvianError
    from vitruvian.twin.doors import ask, slow_to_compare

    with Record.open(path, create=False) as record:
        patient = record.patient(name)

        def spent(question: str, values: Mapping[str, Any]) -> float:
            begun = time.process_time()
            try:
                told = ask(patient, "dose", question, values)
            except VitruvianError as error:
                print(f"({name} {dict(values)}: {error})")
                return math.nan
            found = 1000 * (time.process_time() - begun)
            if told.refused:
                print(f"({name} {dict(values)}: {told.sentence})")
            return found

        found = {"answer": [spent("recommend", {"drug": name})]}
        for kind, some in _changes(name).items():
            first = kind in ("start", "stop", "genotype") and slow_to_compare(name)
            found[f"{kind} alone"] = [spent("regimen", one) for one in some] if first else []
            found[kind] = [spent("compare", one) for one in some]
        return found


def bundle(name: str) -> dict[str, Any]:
    """The person of a drug: body, standard doses, fluconazole, levels."""
    from vitruvian.pharmacology import find

    drug = find(name)
    usual = drug.standard[0]
    dose = {"value": usual.amount_for(weight=72.0, bsa=1.85), "unit": usual.unit.split("/")[0]}
    last = (_DOSES - 2) * usual.interval
    code, levels, unit = _LEVELS.get(name, ("", (), ""))
    resources = [
        {"resourceType": "Patient", "id": name, "gender": "male", "birthDate": "1965-02-09"},
        *(_observation(row, -2.0) for row in _BODY),
        *(_observation(row, last + 1.5 * usual.interval) for row in _BODY[:-1]),
        *(
            _given(drug.codes["rxnorm"], dose, usual.route, k * usual.interval, usual.duration or 0.0)
            for k in range(_DOSES)
        ),
        *(_observation((code, value, unit), last + at) for at, value in levels),
        _taken(_BESIDE.get(name, "fluconazole"), last),
    ]
    entries = [_entry(f"{name}-{k}", one, name) for k, one in enumerate(resources)]
    return {"resourceType": "Bundle", "id": f"bench-{name}", "type": "transaction", "entry": entries}


def _changes(name: str) -> dict[str, list[dict[str, Any]]]:
    """Values of each kind of change; drugs that act most come first."""
    from vitruvian.pharmacology import find
    from vitruvian.pharmacology.interactions import Taken, clearance_ratio, perpetrator_names
    from vitruvian.twin.doors.genes import gene_choices

    drug = find(name)
    usual = drug.standard[0]
    amount, interval = round(usual.amount_for(weight=72.0, bsa=1.85), 1), usual.interval
    own = {"drug": name, "dose": amount, "interval": interval} | (
        {"duration": usual.duration} if usual.duration else {}
    )
    route, beside = "oral" if usual.route == "oral" else "iv", _BESIDE.get(name, "fluconazole")
    acting = sorted(
        (one for one in perpetrator_names() if one not in (name, beside)),
        key=lambda one: -abs(math.log(clearance_ratio(name, [Taken(one, None)], route=route).point)),
    )
    genes = [value for value, _ in gene_choices([drug])]
    routes = [{"drug": name, "dose": 300.0, "interval": one.interval, "route": one.route}
              for one in drug.standard if one.route != usual.route]  # fmt: skip
    return {
        "dose": [own | {"dose": round(amount * k, 3)} for k in (1.0, 1.1, 0.9)],
        "interval": [own | {"interval": interval * k} for k in (1.5, 2.0)],
        "route": [one | {"dose": dose} for one in routes for dose in (300.0, 250.0)],
        "start": [own | {"start": one} for one in acting[:3]],
        "stop": [own | {"stop": beside}],
        "genotype": [own | {"genotype": one} for one in dict.fromkeys((*genes[:1], *genes[-2:]))],
    }


def _both(alone: Sequence[float], beside: Sequence[float]) -> str:
    """The regimen alone, then beside others, where the page shows it so."""
    return f"{_text(alone)}, then {_text(beside)}" if alone else _text(beside)


def _text(spent: Sequence[float]) -> str:
    """ "210" of later questions of a kind, and "(1900)" of the first."""
    known = [one for one in spent if not math.isnan(one)]
    if not known:
        return "–"
    return f"{max(known[1:]):.0f} ({known[0]:.0f})" if len(known) > 1 else f"({known[0]:.0f})"


def _entry(key: str, resource: Mapping[str, Any], name: str) -> dict[str, Any]:
    told = dict(resource)
    if told["resourceType"] != "Patient":
        told |= {"id": key, "subject": {"reference": f"Patient/{name}"}}
    return {"resource": told, "request": {"method": "PUT", "url": f"{told['resourceType']}/{told['id']}"}}


def _observation(row: tuple[str, float, str], hours: float) -> dict[str, Any]:
    code, value, unit = row
    return {
        "resourceType": "Observation", "status": "final", "code": {"coding": [{"system": _LOINC, "code": code}]},
        "effectiveDateTime": _moment(hours),
        "valueQuantity": {"value": value, "unit": unit, "system": _UCUM, "code": unit},
    }  # fmt: skip


def _given(code: str, dose: Mapping[str, Any], route: str, hours: float, lasts: float) -> dict[str, Any]:
    return {
        "resourceType": "MedicationAdministration", "status": "completed",
        "medicationCodeableConcept": {"coding": [{"system": _RXNORM, "code": code}]},
        "effectivePeriod": {"start": _moment(hours), "end": _moment(hours + lasts)},
        "dosage": {"dose": {**dose, "system": _UCUM, "code": dose["unit"]},
                   "route": {"coding": [{"system": "http://snomed.info/sct", "code": _ROUTES[route]}]}},
    }  # fmt: skip


def _taken(drug: str, hours: float) -> dict[str, Any]:
    from vitruvian.tables.codes import codes_of

    codes = [{"system": system, "code": code} for system, code in codes_of(drug)]
    repeat = {"boundsPeriod": {"start": _moment(hours)}, "frequency": 1, "period": 24, "periodUnit": "h"}
    return {
        "resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": _moment(hours),
        "medicationCodeableConcept": {"coding": codes, "text": drug},
        "dosageInstruction": [{
            "timing": {"repeat": repeat},
            "doseAndRate": [{"doseQuantity": {"value": 200, "unit": "mg", "system": _UCUM, "code": "mg"}}],
        }],
    }  # fmt: skip


def _moment(hours: float) -> str:
    return datetime.fromtimestamp(_START_S + _HOUR_S * hours, UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    main()
