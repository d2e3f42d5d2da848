"""A record: every record that comes in is accounted for, and twice is once."""

import tempfile
from pathlib import Path

import vitruvian as vt
from vitruvian.ingest import samples

with tempfile.TemporaryDirectory() as folder, vt.Record.open(Path(folder) / "clinic.db") as record:
    files = samples()["sample-a"]
    first = record.ingest(*files, patient="sample-a")  # the genome does not say whose it is
    again = record.ingest(*files, patient="sample-a")
    print(
        f"in {first.records_in} = stored {first.stored} + duplicate {first.duplicate} + quarantined {first.quarantined}"
    )
    patient = record.patient("sample-a")
    creatinine = patient.latest("2160-0")  # LOINC
    assert creatinine is not None
    print(f"creatinine {creatinine.value} {creatinine.unit} on {creatinine.start:%Y-%m-%d}, from {creatinine.path}")
    print(f"{len(patient.timeline())} dated facts; audit of {record.verify_audit()} rows is whole")

assert again.stored == 0
assert again.duplicate == first.records_in
assert creatinine.value == 1.63
