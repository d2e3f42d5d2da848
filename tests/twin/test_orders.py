"""What the twins say of an order: interactions with their size, advice of genes, a dose out of the person's range."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bundles import person as born
from bundles import take_in
from vitruvian.ingest import samples
from vitruvian.pharmacology.interactions import Taken, clearance_ratio
from vitruvian.record import Patient, Record
from vitruvian.twin.orders import (
    LONGEST,
    Note,
    Order,
    allergy_notes,
    dose_notes,
    genotype_notes,
    interaction_notes,
    orders_of,
)

ATC = "http://www.whocc.no/atc"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Patient]:
    record = Record.open(tmp_path_factory.mktemp("orders") / "clinic.db")
    for name in ("sample-a", "sample-c"):
        record.ingest(*samples()[name], patient=name)
    return {name: record.patient(name) for name in ("sample-a", "sample-c")}


def order(drug: str, amount: float = 200.0, hours: float = 24.0) -> Order:
    return Order(drug, amount, "mg", hours, "oral")


def request(**more: Any) -> dict[str, Any]:
    dose = {"doseQuantity": {"value": 3, "unit": "mg", "code": "mg", "system": "http://unitsofmeasure.org"}}
    return {
        "resourceType": "MedicationRequest",
        "status": "draft",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": ATC, "code": "L04AD02"}]},
        "dosageInstruction": [
            {
                "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
                "route": {"coding": [{"system": "http://snomed.info/sct", "code": "26643006"}]},
                "doseAndRate": [dose],
            }
        ],
    } | more


def test_an_order_is_read_from_its_resource() -> None:
    assert orders_of(request(), {}) == (Order("tacrolimus", 3.0, "mg", 12.0, "oral"),)
    assert orders_of(request(medicationCodeableConcept={"text": "moonshine"}), {}) == ()
    assert orders_of(request(doNotPerform=True), {}) == ()
    medicine = {"resourceType": "Medication", "id": "m", "code": {"coding": [{"system": ATC, "code": "L04AD02"}]}}
    elsewhere = {"medicationReference": {"reference": "Medication/m"}}
    body = {k: v for k, v in request().items() if k != "medicationCodeableConcept"} | elsewhere
    assert [one.drug for one in orders_of(body, {"Medication/m": medicine})] == ["tacrolimus"]
    assert orders_of(body, {}) == ()


def test_a_note_is_never_longer_than_a_card_allows() -> None:
    assert len(Note("dose", "info", "x", "y" * 500, "").summary) == LONGEST


def test_an_interaction_has_the_size_of_the_model(people: dict[str, Patient]) -> None:
    (note,) = interaction_notes(people["sample-c"], order("ketoconazole"))
    ratio = 1 / clearance_ratio("tacrolimus", [Taken("ketoconazole", 200.0)], genotype={"CYP3A5": "*1/*3"}).point
    assert f"raises tacrolimus exposure {ratio:.1f}-fold" in note.summary
    assert (note.weight, note.drug) == ("warning", "ketoconazole")
    (lower,) = interaction_notes(people["sample-c"], order("rifampicin", 600))
    assert "lowers tacrolimus exposure to" in lower.summary


def test_a_drug_that_was_stopped_does_not_interact(people: dict[str, Patient]) -> None:
    """Warfarin was stopped in sample-a; amiodarone goes on."""
    found = {note.summary.split(" in this")[0] for note in interaction_notes(people["sample-a"], order("simvastatin"))}
    assert found == {"amiodarone raises simvastatin exposure 1.6-fold"}
    assert not [n for n in interaction_notes(people["sample-a"], order("fluconazole")) if "warfarin" in n.summary]


def test_advice_of_genes_that_asks_for_another_dose(people: dict[str, Patient]) -> None:
    (note,) = genotype_notes(people["sample-c"], order("tacrolimus"))
    assert note.summary.startswith("tacrolimus (CYP3A5): CYP3A5 is expressed: start with 1.5 to 2 times")
    assert note.weight == "warning"
    assert "doi:" in note.source
    assert genotype_notes(people["sample-c"], order("bisoprolol")) == []


def test_no_dose_is_spoken_of_where_no_model_knows_the_drug(people: dict[str, Patient]) -> None:
    assert dose_notes(people["sample-a"], order("bisoprolol")) == []


ALLERGY = {
    "resourceType": "AllergyIntolerance",
    "id": "a",
    "clinicalStatus": {"coding": [{"code": "active"}]},
    "code": {
        "coding": [{"system": RXNORM, "code": "723"}],
        "text": "Amoxicillin",
    },
    "patient": {"reference": "Patient/p"},
}


@pytest.mark.parametrize(
    ("concept", "hit"),
    [
        ({"coding": [{"system": RXNORM, "code": "723"}]}, True),
        ({"text": "amoxicillin 500 MG Oral Capsule"}, True),
        ({"text": "Ibuprofen 200 mg"}, False),
        ({"coding": [{"system": ATC, "code": "B01AF02", "display": "apixaban"}]}, False),
    ],
)
def test_allergies_are_checked_for_any_drug(tmp_path: Path, concept: dict[str, Any], hit: bool) -> None:
    record, _ = take_in(tmp_path, born(), ALLERGY)
    with record:
        notes = allergy_notes(record.patient("p"), request(medicationCodeableConcept=concept))
    assert [(one.topic, one.weight) for one in notes] == ([("allergy", "critical")] if hit else [])
    assert all("an allergy to Amoxicillin" in one.summary for one in notes)


def test_an_allergy_that_is_over_speaks_against_nothing(tmp_path: Path) -> None:
    over = {**ALLERGY, "clinicalStatus": {"coding": [{"code": "resolved"}]}}
    record, _ = take_in(tmp_path, born(), over)
    with record:
        concept = {"text": "amoxicillin 500 mg"}
        assert allergy_notes(record.patient("p"), request(medicationCodeableConcept=concept)) == []


@pytest.mark.slow
def test_a_dose_is_judged_by_this_persons_range(people: dict[str, Patient]) -> None:
    person = people["sample-c"]
    (high,) = dose_notes(person, order("tacrolimus", 8, 12))
    (low,) = dose_notes(person, order("tacrolimus", 0.5, 12))
    assert "above this patient's range" in high.summary
    assert high.weight == "critical"
    assert "below this patient's range" in low.summary
    assert high.told is not None
    best = high.told.data["options"][high.told.data["recommended"]]
    assert dose_notes(person, order("tacrolimus", best["dose"], best["interval_h"])) == []
    (stop,) = dose_notes(person, order("voriconazole", 200, 12))
    assert "two triazole antifungals at once" in stop.summary
    assert stop.weight == "critical"
