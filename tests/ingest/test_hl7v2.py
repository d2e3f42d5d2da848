"""HL7 v2 results → facts: value types, times, persons, orders, corrections, batches, broken messages."""

from __future__ import annotations

import base64
import json
import random
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from vitruvian.core import InputError, UnsupportedError
from vitruvian.ingest import HL7V2
from vitruvian.record import Draft, Parsed, RawFile, Rejected, SourceRecord, Told

HEAD = "MSH|^~\\&|LAB|CLINIC|||{time}||{kind}|{key}|P|2.5.1"
PID = "PID|1||4711^^^CLINIC^MR~99^^^SSA^SS||Doe^Jane^Ann||19700102|F"
OBR = "OBR|1|P1|F1^LAB|24323-8^Metabolic panel^LN|||20250301073000|||||||||||||||20250301101500|||F"


def message(*lines: str, kind: str = "ORU^R01^ORU_R01", key: str = "M1", time: str = "20250301102000+0100") -> str:
    return "\r".join([HEAD.format(kind=kind, key=key, time=time), *lines]) + "\r"


def parse(folder: Path, text: str | bytes, told: Told = Told()) -> Parsed:
    path = folder / "x.hl7"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    assert HL7V2.claims(RawFile(path).head)
    return Parsed.of(HL7V2.read(RawFile(path), told))


def results(folder: Path, *lines: str) -> list[Draft]:
    parsed = parse(folder, message(PID, OBR, *lines))
    assert not parsed.rejected, parsed.rejected
    return [fact for record in parsed.records if record.kind == "OBX" for fact in record.facts]


@pytest.mark.parametrize(
    ("line", "value", "unit", "code", "text"),
    [
        ("OBX|1|NM|2345-7^Glucose^LN||5.5|mmol/L|3.9-6.1|N|||F", 99.0858, "mg/dL", None, None),
        ("OBX|1|NM|777-3^Platelets^LN||212|10*3/uL||N|||F", 212.0, "10*9/L", None, None),
        ("OBX|1|NM|1742-6^ALT^LN||31|IU/L||N|||F", 31.0, "U/L", None, None),
        ("OBX|1|NM|3016-3^TSH^LN||2.1|mU/L||N|||F", 2.1, "m[iU]/L", None, None),
        ("OBX|1|NM|4548-4^HbA1c^LN||48|mmol/mol||N|||F", 6.543, "%", None, None),
        ("OBX|1|SN|20578-1^Vancomycin^LN||<^2|mg/L||L|||F", 2.0, "mg/L", None, None),
        ("OBX|1|SN|5778-6^x^LN||^1^:^128||||||F", None, None, None, "1:128"),
        ("OBX|1|ST|2160-0^Creatinine^LN||1.10|mg/dL||N|||F", 1.1, "mg/dL", None, None),
        ("OBX|1|ST|5778-6^Color^LN||amber||||||F", None, None, None, "amber"),
        ("OBX|1|CE|883-9^ABO^LN||A^Group A^L||||||F", None, None, "A", "Group A"),
        ("OBX|1|CWE|5802-4^Nitrite^LN||260385009^Negative^SCT||||||F", None, None, "260385009", "Negative"),
        ("OBX|1|DT|8665-2^LMP^LN||20250101||||||F", None, None, None, "20250101"),
        ("OBX|1|TX|18748-4^Report^LN||no\\T\\yes\\.br\\end||||||F", None, None, None, "no&yes\nend"),
    ],
)
def test_value_types(
    tmp_path: Path, line: str, value: float | None, unit: str | None, code: str | None, text: str | None
) -> None:
    (fact,) = results(tmp_path, line)
    assert fact.value == (None if value is None else pytest.approx(value, rel=1e-5))
    assert (fact.unit, fact.value_code, fact.value_text, fact.status) == (unit, code, text, "final")


def test_a_result_keeps_time_range_flags_panel_and_notes(tmp_path: Path) -> None:
    (fact,) = results(tmp_path, "OBX|1|NM|2345-7^Glucose^LN||5.5|mmol/L|3.9-6.1|H~A|||F", "NTE|1|L|fasting?")
    assert str(fact.start) == "2025-03-01T07:30:00+01:00"  # the offset of the message's own time
    assert fact.known_ms == 1_740_820_500_000
    assert fact.detail["referenceRange"] == [{"low": {"value": 3.9}, "high": {"value": 6.1}, "text": "3.9-6.1"}]
    assert [one["coding"][0]["code"] for one in fact.detail["interpretation"]] == ["H", "A"]
    assert fact.detail["panel"] == ["http://loinc.org", "24323-8", "Metabolic panel"]
    assert (fact.detail["note"], fact.detail["order"]) == (["fasting?"], "F1")
    (below,) = results(tmp_path, "OBX|1|SN|20578-1^Vancomycin^LN||<^2|mg/L||L|||F")
    assert below.detail["comparator"] == "<"


def test_lines_of_one_text_are_one_result_and_encapsulated_text_is_read(tmp_path: Path) -> None:
    lines = [f"OBX|{k}|TX|18748-4^Report^LN||{text}||||||F" for k, text in enumerate(("IMPRESSION:", "", "clear"), 1)]
    (fact,) = results(tmp_path, *lines)
    assert fact.value_text == "IMPRESSION:\n\nclear"
    data = base64.b64encode(b"plain words").decode()
    (inner,) = results(tmp_path, f"OBX|1|ED|11502-2^Report^LN||LAB^TEXT^PLAIN^Base64^{data}||||||F")
    assert (inner.value_text, inner.detail["size"]) == ("plain words", 11)


def test_whose_it_is_and_what_is_known_of_them(tmp_path: Path) -> None:
    parsed = parse(tmp_path, message(PID, kind="ADT^A01"))
    (record,) = parsed.records
    assert record.subject == "CLINIC/4711"
    assert record.identifiers == (("CLINIC", "4711"), ("SSA", "99"))
    shown = {fact.code: fact.value_code or fact.value_text for fact in record.facts}
    assert shown == {"birth_date": "1970-01-02", "sex": "female", "name": "Jane Ann Doe"}


def test_a_correction_takes_the_place_of_the_preliminary_result(tmp_path: Path) -> None:
    line = "OBX|1|NM|2823-3^Potassium^LN||{value}|mmol/L||N|||{status}"

    def one(value: str, status: str, time: str, key: str) -> tuple[str, str, str]:
        text = message(
            PID, OBR.replace("|20250301101500", ""), line.format(value=value, status=status), key=key, time=time
        )
        record = parse(tmp_path, text).records[-1]
        return record.source_id, record.rank, record.facts[0].status

    first, second = one("5.9", "P", "20250301100000", "M1"), one("4.1", "C", "20250301110000", "M2")
    assert first[0] == second[0]
    assert first[1] < second[1]
    assert (first[2], second[2]) == ("preliminary", "corrected")
    assert one("4.1", "D", "20250301120000", "M3")[2] == "entered-in-error"


def test_local_times_are_in_the_zone_that_is_told(tmp_path: Path) -> None:
    text = message(PID, OBR, "OBX|1|NM|2823-3^Potassium^LN||4|mmol/L||N|||F", time="20250301102000")
    told = parse(tmp_path, text, Told(zone=ZoneInfo("America/New_York"))).records[-1].facts[0]
    assert str(told.start) == "2025-03-01T07:30:00-05:00"
    bare = parse(tmp_path, text).records[-1].facts[0]
    assert bare.start is not None
    assert bare.start.offset is None


def test_a_batch_about_several_people_and_its_parts(tmp_path: Path) -> None:
    other = PID.replace("4711", "12")
    texts = [
        message(PID, OBR, "OBX|1|NM|2823-3^K^LN||4.0|mmol/L||N|||F"),
        message(other, OBR, "OBX|1|NM|2823-3^K^LN||4.10|mmol/L||N|||F", key="M2"),
    ]
    batch = "FHS|^~\\&|LAB\rBHS|^~\\&|LAB\r" + "".join(texts) + "BTS|2\rFTS|1\r"
    parsed = parse(tmp_path, batch.replace("\r", "\r\n"))
    assert [record.subject for record in parsed.records] == ["CLINIC/4711"] * 3 + ["CLINIC/12"] * 3
    assert parsed.records[-1].place == "message[1].OBX[3]"
    part = json.loads(HL7V2.part(RawFile(tmp_path / "x.hl7"), ["message[1].OBX[3]"]))
    assert part == {"message[1]": texts[1].rstrip("\r")}
    with pytest.raises(InputError, match=r"batch is not whole.*1 of 2"):
        parse(tmp_path, "BHS|^~\\&|LAB\r" + texts[0] + "BTS|2\r")
    framed = b"\x0b" + texts[0].encode() + b"\x1c\r\x0b" + texts[1].encode() + b"\x1c\r"
    assert len(parse(tmp_path, framed).records) == 6


def test_a_bad_result_is_refused_alone(tmp_path: Path) -> None:
    lines = ["OBX|1|NM|2823-3^K^LN||high|mmol/L||N|||F", "OBX|2|NM|2345-7^G^LN||5.5|||N|||F"]
    parsed = parse(tmp_path, message(PID, OBR, *lines, "OBX|3|NM|2951-2^Na^LN||140|mmol/L||N|||F"))
    assert [record.kind for record in parsed.records] == ["PID", "OBR", "OBX"]
    assert [(one.place, one.subject) for one in parsed.rejected] == [
        ("message[0].OBX[3]", "CLINIC/4711"),
        ("message[0].OBX[4]", "CLINIC/4711"),
    ]
    assert "a number is not one" in parsed.rejected[0].reason
    assert "has no unit" in parsed.rejected[1].reason


def test_results_of_nobody_are_refused(tmp_path: Path) -> None:
    parsed = parse(tmp_path, message("PID|1||", OBR, "OBX|1|NM|2823-3^K^LN||4|mmol/L||N|||F"))
    assert len(parsed.rejected) == 3
    assert "does not say whose it is" in parsed.rejected[0].reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (message(PID, kind="SIU^S12"), "SIU"),
        (message(PID).replace("|2.5.1", "|2.5.1||||||ISO IR87"), "character set"),
        (message(PID).encode().replace(b"Jane", b"J\xe9ne"), "character set"),
    ],
)
def test_refused_by_name(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        parse(tmp_path, text)
    latin = message(PID).replace("|2.5.1", "|2.5.1||||||8859/1").replace("Jane", "Jéne").encode("latin-1")
    assert any(fact.value_text == "Jéne Ann Doe" for fact in parse(tmp_path, latin).records[0].facts)


def test_without_the_library_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "hl7", None)
    with pytest.raises(UnsupportedError, match="vitruvian\\[hl7\\]"):
        parse(tmp_path, message(PID))


GLUCOSE = "OBX|1|NM|2345-7^Glucose^LN||5.5|mmol/L|3.9-6.1|N|||F"
WHOLE = message(PID, OBR, GLUCOSE, "OBX|2|ED|x||a^TEXT^b^Base64^AAAA||||||F").encode()
JUNK = [b"", b"|", b"^", b"~", b"\\", b"\r", b"\r\n", b"\x00", b"\xff", b"9" * 30, b"MSH|"]


@pytest.mark.parametrize("count", [1000, pytest.param(10_000, marks=pytest.mark.full)])
def test_mutated_messages_never_crash(count: int, tmp_path: Path) -> None:
    """Bytes put in, cut or replaced anywhere: records, rejects or a refusal in words."""
    draw, path = random.Random(count), tmp_path / "m.hl7"
    for _ in range(count):
        raw = bytearray(WHOLE)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(20, len(raw))
            raw[at : at + draw.randint(0, 9)] = draw.choice(JUNK)
        path.write_bytes(raw)
        with suppress(InputError):
            for one in HL7V2.read(RawFile(path), Told()):
                assert isinstance(one, SourceRecord | Rejected)
