"""A guideline that says to choose another drug stops a dose, unless levels of the person guide it."""

from __future__ import annotations

from pathlib import Path

import pytest

import vitruvian as vt
from vitruvian.ingest import samples


@pytest.mark.slow
def test_voriconazole_is_not_dosed_blind_in_a_poor_metabolizer(tmp_path: Path, shared: Path) -> None:
    genome = shared / "data" / "pharmacogenomics" / "pharmcat.example2.vcf"
    with vt.Record.open(tmp_path / "a.db") as record:
        record.ingest(*samples()["sample-b"])
        record.ingest(genome, patient="sample-b")
        answer = vt.dose(record, "sample-b", "voriconazole")
    assert "guideline-another-drug" in [one.code for one in answer.messages if one.severity == "refusal"]
    assert "Poor Metabolizer" in answer.sentence
