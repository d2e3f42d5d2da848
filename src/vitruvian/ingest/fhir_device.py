"""FHIR R4 devices, specimens and imaging studies → facts."""

from __future__ import annotations

from collections.abc import Iterator

from vitruvian.ingest.fhir_parts import Json, coding, known, moment, plain, some, span
from vitruvian.record import Draft

DICOM = "http://dicom.nema.org/resources/ontology/DCM"


def device(resource: Json) -> Iterator[Draft]:
    """A device (implant, pump, sensor), with its maker and its numbers."""
    made = moment(resource.get("manufactureDate"))
    names = [part.get("name") for part in resource.get("deviceName") or ()]
    kept = some(resource, "udiCarrier", "manufacturer", "modelNumber", "serialNumber", "lotNumber", "deviceName")
    kept |= {"made": str(made)} if made else {}
    expires, name = moment(resource.get("expirationDate")), next(iter(names), "") or ""
    yield plain("device", resource, resource.get("type"), None, expires, kept, display=name)


def device_use(resource: Json) -> Iterator[Draft]:
    """A device in use by a person, from when to when; the code is the body site."""
    start, end = span(resource, "timing")
    kept = some(resource, "device", "timingTiming", "source", "reasonCode", "reasonReference")
    when = known(resource.get("recordedOn"))
    yield plain("device_use", resource, resource.get("bodySite"), start, end, kept, known_ms=when)


def device_metric(resource: Json) -> Iterator[Draft]:
    """What a device measures or is set to, its unit and calibration."""
    kept = some(resource, "unit", "source", "parent", "category", "measurementPeriod", "calibration")
    status = {"status": resource.get("operationalStatus")}
    yield plain("device_metric", status, resource.get("type"), None, None, kept)


def specimen(resource: Json) -> Iterator[Draft]:
    """A sample taken from a person, when and from where."""
    collection = resource.get("collection") or {}
    start, end = span(collection, "collected")
    kept = some(resource, "accessionIdentifier", "parent", "condition")
    kept |= some(collection, "bodySite", "method", "quantity")
    when = known(resource.get("receivedTime"))
    yield plain("specimen", resource, resource.get("type"), start, end, kept, known_ms=when)


def imaging_study(resource: Json) -> Iterator[Draft]:
    """A study by its identifiers and series; the pixels come with the DICOM files."""
    series = resource.get("series") or ()
    modalities = dict.fromkeys(coding({"coding": [one["modality"]]})[1] for one in series if "modality" in one)
    procedures = resource.get("procedureCode") or ()
    system, code, display = coding(procedures[0]) if procedures else (DICOM, next(iter(modalities), ""), "")
    yield Draft(
        "imaging_study", system, code, display or resource.get("description") or "",
        value_code=next(iter(modalities), None), start=moment(resource.get("started")),
        status=resource.get("status") or "",
        detail=some(resource, "identifier", "numberOfSeries", "numberOfInstances", "series", "endpoint", "note")
        | ({"modalities": list(modalities)} if modalities else {}),
    )  # fmt: skip
