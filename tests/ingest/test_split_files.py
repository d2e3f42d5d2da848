"""Files about several people, and files with bad records beside good ones: what was accepted comes out as received."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitruvian.ingest import FORMATS
from vitruvian.record import Record


def weight(key: str, person: str, value: str) -> str:
    quantity = f'{{"value":{value},"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}'
    coded = '{"coding":[{"system":"http://loinc.org","code":"29463-7"}]}'
    about = f'"id":"{key}","status":"final","subject":{{"reference":"Patient/{person}"}},"code":{coded}'
    return f'{{"resourceType":"Observation",{about},"effectiveDateTime":"2025-03-01","valueQuantity":{quantity}}}'


PATIENTS = ('{"resourceType":"Patient","id":"p"}', '{"resourceType":"Patient","id":"q"}')
BUNDLE = '{"resourceType":"Bundle","type":"collection","entry":[%s]}'


def bundle(*resources: str) -> str:
    return BUNDLE % ",".join("null" if one == "null" else f'{{"resource":{one}}}' for one in resources)


FILES = {
    "one-lines": "\n".join((PATIENTS[0], "{bad", weight("a", "p", "70.50"), weight("b", "p", "NaN"))),
    "one-bundle": bundle(PATIENTS[0], "null", weight("a", "p", "70.50"), weight("b", "p", "1e999")),
    "two-lines": "\n".join((*PATIENTS, "{bad", weight("a", "p", "70.50"), weight("b", "q", "NaN"))),
    "two-bundle": bundle(*PATIENTS, "null", weight("a", "p", "70.50"), weight("b", "q", "1e999")),
}


@pytest.mark.parametrize("name", FILES)
def test_the_source_of_a_fact_beside_bad_records(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(FILES[name])
    with Record.open(tmp_path / "r.db") as record:
        report = record.ingest(path, formats=FORMATS)
        assert (report.records_in, report.quarantined) == (report.stored + 2, 2)
        fact = record.patient("p").latest("weight")
        assert fact is not None
        assert fact.value == 70.5
        assert record.source(fact)["id"] == "a"


def test_messages_of_several_people(tmp_path: Path) -> None:
    lines = "MSH|^~\\&|LAB|C|||20250301||ORU^R01|{k}|P|2.5\rPID|1||{k}^^^C^MR||A^B\rOBR|1||F|x\r"
    lines += "OBX|1|NM|2823-3^K^LN||4.{k}|mmol/L||N|||F"
    text = "\r".join(lines.format(k=k) for k in (1, 2))
    path = tmp_path / "x.hl7"
    path.write_text(text)
    with Record.open(tmp_path / "r.db") as record:
        assert record.ingest(path, formats=FORMATS).stored == 6
        fact = record.patient("C/2").latest("potassium")
        assert fact is not None
        assert fact.value == 4.2
        assert record.source(fact) == text.split("\rMSH")[1].join(("MSH", ""))


def test_what_a_note_mentions_is_never_the_latest(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text(PATIENTS[0])
    (tmp_path / "n.txt").write_text("Date: 2025-03-02\nSeen today, feels well. Weight 99 kg and BP 120/80 at rest.\n")
    with Record.open(tmp_path / "r.db") as record:
        record.ingest(tmp_path / "p.json", tmp_path / "n.txt", patient="p", formats=FORMATS)
        patient = record.patient("p")
        assert {one.kind for one in patient.facts(code="weight")} == {"mention"}
        assert patient.latest("weight") is None
        assert patient.facts(kind="observation") == []
