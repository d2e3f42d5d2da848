"""Laboratory tables: proposed mappings, confirmed ones, every kind of cell, and what is refused."""

from __future__ import annotations

import io
import tomllib
import zipfile
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.ingest import LABORATORY, LABORATORY_XLSX, propose_mapping
from vitruvian.ingest.laboratory_mapping import valid_loinc
from vitruvian.record import Draft, Parsed, RawFile, Told
from vitruvian.record.archives import is_archive

LONG = """PatientID;Entnahme;Untersuchung;Ergebnis;Einheit;Referenzbereich
A1;25.03.2025 08:10;Kreatinin;1,20;mg/dl;0,7 - 1,2
A1;25.03.2025 08:10;Kalium;<2,5 L;mmol/l;3,5-5,1
B2;26.03.2025 07:00;Erythrozyten;4,7;Mio/µl;
B2;26.03.2025 07:00;HBsAg;neg;;
"""
LONG_MAP = """confirmed = true
[[table]]
header = [1]
layout = "long"
decimal = ","
dates = ["%d.%m.%Y %H:%M"]
[table.columns]
subject = "PatientID"
date = "Entnahme"
analyte = "Untersuchung"
value = "Ergebnis"
unit = "Einheit"
reference = "Referenzbereich"
[table.units]
"Mio/µl" = "10*6/uL"
[table.analytes.Kreatinin]
loinc = "2160-0"
[table.analytes.Kalium]
loinc = "2823-3"
[table.analytes.Erythrozyten]
loinc = "789-8"
"""
WIDE_MAP = """confirmed = true
[[table]]
header = [1]
layout = "wide"
dates = ["%d/%m/%Y"]
[table.columns]
date = "Date"
[table.analytes."Creatinine (umol/L)"]
loinc = "2160-0"
unit = "umol/L"
[table.analytes.Hb]
loinc = "718-7"
unit = "g/dL"
"""


def csv(folder: Path, text: str, name: str = "lab.csv") -> RawFile:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return RawFile(path)


def mapping(folder: Path, text: str) -> Path:
    path = folder / "map.toml"
    path.write_text(text, encoding="utf-8")
    return path


def read(file: RawFile, **told: object) -> Parsed:
    one = next(f for f in (LABORATORY_XLSX, LABORATORY) if f.claims(file.head))
    return Parsed.of(one.read(file, Told(**told)))  # type: ignore[arg-type]


def facts(parsed: Parsed) -> list[Draft]:
    assert not parsed.rejected
    return [fact for record in parsed.records for fact in record.facts]


def book(folder: Path, **tables: list[list[object]]) -> RawFile:
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in tables.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    path = folder / "lab.xlsx"
    made.save(path)
    return RawFile(path)


def test_long_with_several_patients(tmp_path: Path) -> None:
    told = {"mapping": mapping(tmp_path, LONG_MAP), "find": {"A1": "p", "B2": "q"}.get}
    found = read(csv(tmp_path, LONG), **told, zone=ZoneInfo("Europe/Berlin"))
    assert [record.subject for record in found.records] == ["p", "p", "q", "q"]
    creatinine, potassium, cells, hbsag = facts(found)
    assert (creatinine.kind, creatinine.system, creatinine.code) == ("observation", "http://loinc.org", "2160-0")
    assert (creatinine.value, creatinine.unit, creatinine.value_raw, creatinine.unit_raw) == (
        1.2,
        "mg/dL",
        1.2,
        "mg/dl",
    )
    assert str(creatinine.start) == "2025-03-25T08:10:00+01:00"
    assert creatinine.detail["referenceRange"] == [{"text": "0,7 - 1,2", "low": {"value": 0.7}, "high": {"value": 1.2}}]
    assert (potassium.value, potassium.detail["comparator"], potassium.detail["interpretation"]) == (2.5, "<", "L")
    assert (cells.value, cells.unit) == (4.7, "10*6/uL") or cells.unit_raw == "Mio/µl"
    assert (hbsag.value, hbsag.value_code, hbsag.code, hbsag.display) == (None, "negative", "", "HBsAg")
    assert "no_code" in hbsag.flags


def test_wide_in_other_units_for_the_named_patient(tmp_path: Path) -> None:
    file = csv(tmp_path, "Date,Creatinine (umol/L),Hb,Note\n03/04/2025,106,14.5,x\n04/04/2025,,13\n")
    found = facts(read(file, mapping=mapping(tmp_path, WIDE_MAP), patient="p"))
    assert [(f.code, f.value_raw, f.unit, str(f.start)) for f in found] == [
        ("2160-0", 106, "mg/dL", "2025-04-03"),
        ("718-7", 14.5, "g/dL", "2025-04-03"),
        ("718-7", 13, "g/dL", "2025-04-04"),
    ]
    assert found[0].value == pytest.approx(1.199, abs=1e-3)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("31/02/2025,100,14", "no date as the mapping"),
        (",100,14", "no date"),
        ('03/04/2025,"1,2",14', "decimal sign"),
        ("03/04/2025,1.2.3,14", "decimal sign"),
        ("03/04/1025,1,2", "year"),
        ("03/04/2025,#DIV/0!,14", "error of the spreadsheet"),
    ],
)
def test_a_cell_that_cannot_be_read_is_rejected_and_the_rest_goes_on(tmp_path: Path, row: str, said: str) -> None:
    file = csv(tmp_path, f"Date,Creatinine (umol/L),Hb\n01/04/2025,90,15\n{row}\n02/04/2025,91,16\n")
    found = read(file, mapping=mapping(tmp_path, WIDE_MAP), patient="p")
    assert len(found.records) >= 4
    (rejected,) = found.rejected
    assert "row 3" in rejected.place
    assert said in rejected.reason


def test_rows_of_nobody_known_are_rejected(tmp_path: Path) -> None:
    found = read(csv(tmp_path, LONG), mapping=mapping(tmp_path, LONG_MAP), find={"A1": "p"}.get)
    assert len(found.records) == 2
    assert all("--sample B2=PATIENT" in one.reason for one in found.rejected)
    assert {one.subject for one in found.rejected} == {"B2"}
    assert (
        len(read(csv(tmp_path, LONG), mapping=mapping(tmp_path, LONG_MAP), samples={"A1": "p", "B2": "q"}).records) == 4
    )


def test_without_a_mapping_the_file_is_refused_with_a_proposal(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"laboratory propose.*Kreatinin = 2160-0"):
        read(csv(tmp_path, LONG), patient="p")


def test_a_proposal_confirmed_reads_the_file(tmp_path: Path) -> None:
    file = csv(tmp_path, LONG)
    text = propose_mapping(file.path)
    given = tomllib.loads(text)
    assert given["confirmed"] is False
    table = given["table"][0]
    assert table["columns"] == {
        "subject": "PatientID", "date": "Entnahme", "analyte": "Untersuchung", "value": "Ergebnis", "unit": "Einheit",
        "reference": "Referenzbereich",
    }  # fmt: skip
    assert (table["decimal"], table["dates"], table["layout"]) == (",", ["%d.%m.%Y %H:%M"], "long")
    assert table["units"]["Mio/µl"] == "10*6/uL"
    assert table["analytes"]["Kalium"]["loinc"] == "2823-3"
    with pytest.raises(DataError, match="not confirmed"):
        read(file, mapping=mapping(tmp_path, text), samples={"A1": "p", "B2": "q"})
    confirmed = mapping(tmp_path, text.replace("confirmed = false", "confirmed = true"))
    assert len(read(file, mapping=confirmed, samples={"A1": "p", "B2": "q"}).records) == 4


def test_an_ambiguous_date_is_left_to_the_user(tmp_path: Path) -> None:
    file = csv(tmp_path, "Date,Creatinine (mg/dL)\n03/04/2025,1.0\n05/06/2025,1.1\n")
    text = propose_mapping(file.path)
    assert "dates" not in tomllib.loads(text)["table"][0]
    assert "day or month first" in text
    with pytest.raises(DataError, match="never guessed"):
        read(file, mapping=mapping(tmp_path, text.replace("confirmed = false", "confirmed = true")), patient="p")
    clear = csv(tmp_path, "Date,Creatinine (mg/dL)\n03/04/2025,1.0\n25/06/2025,1.1\n")
    assert tomllib.loads(propose_mapping(clear.path))["table"][0]["dates"] == ["%d/%m/%Y"]


def test_units_and_codes_are_proposed_with_reasons(tmp_path: Path) -> None:
    rows = [
        "Date;Krea;Glukose [mmol/l];2345-7 Glucose;K+;Strange;Insulin (Meal)",
        "2025-03-01;88;5,4;98;4,1;7;1",
        "2025-03-02;92;5,9;101;4;8;2",
    ]
    text = propose_mapping(csv(tmp_path, "\n".join(rows)).path)
    table = tomllib.loads(text)["table"][0]
    assert table["layout"] == "wide"
    assert table["analytes"]["Krea"] == {"loinc": "14682-9", "unit": "umol/L"}
    assert "NO UNIT IS GIVEN; values around 90" in text
    assert table["analytes"]["Glukose [mmol/l]"] == {"loinc": "14749-6", "unit": "mmol/l"}
    assert table["analytes"]["2345-7 Glucose"]["loinc"] == "2345-7"
    assert table["analytes"]["Strange"] == {"loinc": ""}
    assert "unit" not in table["analytes"]["Insulin (Meal)"]
    assert "unit Meal is not known" in text
    assert "not recognised" in text


def test_a_workbook_with_merged_headers_dates_formulas_and_sheets(tmp_path: Path) -> None:
    blood = [
        ["", "Chemistry", None, "Count"],
        ["Date", "Creatinine (mg/dL)", "K (mmol/L)", "WBC (10*9/L)"],
        [datetime(2025, 3, 1), 1.1, "<2.5", 7],
        [datetime(2025, 3, 2, 9, 30), "=1+1", 4.1, 45_000.5],
    ]
    file = book(tmp_path, Blood=blood, Notes=[["hello"]], Urine=[["Date", "pH"], [45717, 6.5]])
    text = propose_mapping(file.path)
    tables = tomllib.loads(text)["table"]
    assert [one["sheet"] for one in tables] == ["Blood", "Urine"]
    assert tables[0]["header"] == [1, 2]
    assert "Chemistry Creatinine (mg/dL)" in tables[0]["analytes"]
    confirmed = mapping(tmp_path, text.replace("confirmed = false", "confirmed = true"))
    found = read(file, mapping=confirmed, patient="p")
    assert [(f.code, f.value_raw, str(f.start)) for r in found.records for f in r.facts][:3] == [
        ("2160-0", 1.1, "2025-03-01"),
        ("2823-3", 2.5, "2025-03-01"),
        ("6690-2", 7, "2025-03-01"),
    ]
    assert str(found.records[3].facts[0].start) == "2025-03-02T09:30:00+00:00"
    assert [(one.place.split(",")[0], one.reason.split(";")[0]) for one in found.rejected] == [
        ("Blood!row 4", "a formula that was never calculated"),
    ]
    assert str(found.records[-1].facts[0].start) == "2025-03-01"
    assert found.records[-1].place.startswith("Urine!row 2")


def test_a_workbook_is_no_archive_to_be_opened(tmp_path: Path) -> None:
    """Whatever the order of its parts; openpyxl writes the list of them last."""
    assert not is_archive(book(tmp_path, S=[["Date", "Na (mmol/L)"], [datetime(2025, 3, 1), 140]]))


def test_a_formulas_cached_value_is_read(tmp_path: Path) -> None:
    file = book(tmp_path, S=[["Date", "Na (mmol/L)"], [datetime(2025, 3, 1), "=100+40"]])
    with zipfile.ZipFile(file.path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = "xl/worksheets/sheet1.xml"
    assert b"<v" in members[name]
    members[name] = (
        members[name]
        .replace(b"<f>100+40</f><v />", b"<f>100+40</f><v>140</v>")
        .replace(b"<f>100+40</f><v></v>", b"<f>100+40</f><v>140</v>")
    )
    with zipfile.ZipFile(file.path, "w") as archive:
        for one, data in members.items():
            archive.writestr(one, data)
    text = propose_mapping(file.path).replace("confirmed = false", "confirmed = true")
    (fact,) = facts(read(RawFile(file.path), mapping=mapping(tmp_path, text), patient="p"))
    assert (fact.value, fact.unit) == (140, "mmol/L")


def test_a_result_in_two_exports_is_one_record(tmp_path: Path) -> None:
    told = {"mapping": mapping(tmp_path, WIDE_MAP), "patient": "p"}
    head = "Date,Creatinine (umol/L),Hb\n"
    first = read(csv(tmp_path, head + "01/04/2025,90,15\n"), **told).records
    second = read(csv(tmp_path, head + "02/04/2025,91,\n01/04/2025,90,15\n"), **told).records
    assert {one.source_id for one in first} < {one.source_id for one in second}
    other = read(csv(tmp_path, head + "01/04/2025,90,15\n"), mapping=told["mapping"], patient="q").records
    assert not {one.source_id for one in first} & {one.source_id for one in other}


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_part_holds_one_persons_rows_at_their_places(tmp_path: Path, kind: str) -> None:
    if kind == "csv":
        file, form = (
            csv(tmp_path, "# made by lab\n" + LONG.replace("4,7", '"4,\n7"').replace('"4,\n7"', "4,7")),
            LABORATORY,
        )
        text = LONG_MAP.replace("header = [1]", "header = [2]")
    else:
        cells = [line.split(";") for line in LONG.splitlines()]
        file, form = book(tmp_path, S=cells, Other=[["A1"]]), LABORATORY_XLSX
        text = LONG_MAP.replace("header = [1]", 'sheet = "S"\nheader = [1]')
    told = {"mapping": mapping(tmp_path, text), "samples": {"A1": "p", "B2": "q"}}
    found = read(file, **told).records
    path = tmp_path / f"part.{kind}"
    path.write_bytes(form.part(file, [one.place for one in found if one.subject == "q"]))
    if kind == "csv":
        assert "A1" not in path.read_text()
    again = read(RawFile(path), **told).records
    assert again == tuple(one for one in found if one.subject == "q")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (('dates = ["%d/%m/%Y"]', ""), "never guessed"),
        (('dates = ["%d/%m/%Y"]', 'dates = ["%H"]'), "not a date format"),
        (('loinc = "718-7"', 'loinc = "718-6"'), "not a LOINC"),
        (('unit = "g/dL"', 'unit = ""\ncolour = "red"'), "unknown names"),
        (('layout = "wide"', 'layout = "tall"'), "layout"),
        (('date = "Date"', 'datum = "Date"'), "unknown names"),
        (('date = "Date"', 'date = "Day"'), "not in the file"),
        (("confirmed = true", "confirmed = 1"), "not confirmed"),
        (("confirmed = true", "confirmed"), "cannot be read"),
        (("header = [1]", 'header = "1"'), "header"),
        (("header = [1]", "header = [9]"), "no rows"),
        (("[[table]]", '[[table]]\nsheet = "X"'), "no such sheet"),
    ],
)
def test_wrong_mappings_are_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    file = csv(tmp_path, "Date,Creatinine (umol/L),Hb\n01/04/2025,90,15\n")
    with pytest.raises(InputError, match=said):
        read(file, mapping=mapping(tmp_path, WIDE_MAP.replace(*change)), patient="p")


def test_nobodys_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="--patient"):
        read(csv(tmp_path, "Date,Creatinine (umol/L),Hb\n01/04/2025,90,15\n"), mapping=mapping(tmp_path, WIDE_MAP))


def test_check_digits_of_loinc() -> None:
    assert all(map(valid_loinc, ("2160-0", "718-7", "4548-4", "33914-3", "98979-8")))
    assert not any(map(valid_loinc, ("2160-1", "718-8", "x-1", "2160", "")))


def bomb(path: Path, entities: bool = False) -> RawFile:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        start = "<!DOCTYPE x [<!ENTITY a 'aaaaaaaa'>]>" if entities else ""
        with archive.open("xl/worksheets/sheet1.xml", "w") as out:
            out.write(start.encode())
            for _ in range(1 if entities else 300):
                out.write(bytes(1 << 20))
    return RawFile(path)


def test_workbooks_that_grow_or_bring_entities_are_refused(tmp_path: Path) -> None:
    told = {"mapping": mapping(tmp_path, WIDE_MAP), "patient": "p"}
    with pytest.raises(DataError, match="too large"):
        read(bomb(tmp_path / "a.xlsx"), **told)
    with pytest.raises(DataError, match="entities"):
        read(bomb(tmp_path / "b.xlsx", entities=True), **told)
    whole = book(tmp_path, S=[["Date", "Na"], [datetime(2025, 3, 1), 1]]).path.read_bytes()
    (tmp_path / "cut.xlsx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="damaged"):
        read(RawFile(tmp_path / "cut.xlsx"), **told)


@pytest.mark.parametrize(
    "head", [b'{"a": 1,\n"b": 2}', b"<a>,\n</a>,", b"one line, only", b"", b"\0\1,\2\n\3,\4\n", b"a b\nc d\n"]
)
def test_what_is_no_table_is_not_claimed(head: bytes) -> None:
    assert not LABORATORY.claims(head)
    assert not LABORATORY_XLSX.claims(head)


def test_other_zip_archives_are_not_claimed(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("export.csv", "a,b\n1,2\n")
    assert not LABORATORY_XLSX.claims(held.getvalue())
