"""The door of the heart twin over the sample with an echocardiogram: state, fields, and answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from vitruvian.core import RefusalError
from vitruvian.ingest import samples
from vitruvian.record import Patient, Record
from vitruvian.twin.doors import FieldError, Line, ask, twin_door
from vitruvian.twin.doors.heart_drugs import _potassium
from vitruvian.twin.doors.heart_shown import _loop
from vitruvian.twin.heart import Beat


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    with Record.open(tmp_path_factory.mktemp("doors") / "r.db") as opened:
        for name in ("sample-b", "sample-d"):
            opened.ingest(samples()[name][0], patient=name)
        yield opened


@pytest.fixture(scope="module")
def patient(record: Record) -> Patient:
    return record.patient("sample-d")


def test_state_with_an_echocardiogram(record: Record, patient: Patient) -> None:
    (one,) = twin_door("heart").status(patient)
    assert (one.state, one.newest, one.missing) == ("ready", "2025-09-15T09:40", ())
    assert twin_door("heart").status(record.patient("sample-b")) == ()


def test_state_says_what_a_beat_cannot_be_told_without(tmp_path: Path) -> None:
    bundle = json.loads(samples()["sample-d"][0].read_text())
    kept = {"8867-4", "8480-6", "8462-4", "29463-7"}
    bundle["entry"] = [
        one for one in bundle["entry"]
        if one["resource"]["resourceType"] != "Observation"
        or kept & {c["code"] for c in one["resource"]["code"]["coding"]}
        or "component" in one["resource"]
    ]  # fmt: skip
    (tmp_path / "d.json").write_text(json.dumps(bundle))
    with Record.open(tmp_path / "r.db") as record:
        record.ingest(tmp_path / "d.json", patient="sample-d")
        (one,) = twin_door("heart").status(record.patient("sample-d"))
    assert one.state == "blocked"
    assert [lack.what for lack in one.missing] == ["a volume or flow of the heart", "E/e′"]
    assert "LVOT VTI" in one.missing[0].todo


def test_drugs_of_the_person_come_first_and_potassium_is_theirs(patient: Patient) -> None:
    drug = next(one for one in twin_door("heart").questions(patient) if one.name == "qt").fields[0]
    assert ("clarithromycin", "clarithromycin") in drug.choices
    assert _potassium(patient, None, None)[0] == 4.2
    value, used = _potassium(patient, 3.1, None)
    assert (value, used[0].value, used[0].origin) == (3.1, "3.1 mmol/L", "given by the person who asks")


@pytest.mark.slow
def test_what_the_twin_tells(patient: Patient) -> None:
    beat = ask(patient, "heart", "beat", {})
    assert [one.name for one in beat.pictures] == ["loop", "pressures", "volume", "flows"]
    loop = beat.pictures[0].lines[0]
    assert loop.x is not None
    assert (loop.x[0], loop.y[0]) == (loop.x[-1], loop.y[-1])
    told = ask(patient, "heart", "what_if", {"intervention": "fluid", "amount": 1000})
    numbers = told.data["numbers"]
    assert numbers["left_atrial"]["after"]["median"] > numbers["left_atrial"]["before"]["median"] + 3
    assert [line.title for line in told.pictures[0].lines] == ["after", "before", "measured volumes"]
    for line, when in zip(told.pictures[0].lines[:2], ("after", "before"), strict=True):
        for volume, name in ((max(line.x or ()), "edv"), (min(line.x or ()), "esv")):
            assert volume == pytest.approx(numbers[name][when]["median"], rel=0.03)
    widths = [np.ptp(line.x) for line in told.pictures[0].lines[:2] if line.x is not None]
    assert widths[0] > widths[1]
    json.dumps(told.data, allow_nan=False)
    for values in ({"intervention": "fluid", "amount": 5}, {"intervention": "mitral_repair", "amount": 2}):
        with pytest.raises(FieldError) as error:
            ask(patient, "heart", "what_if", values)
        assert error.value.field == "amount"
    with pytest.raises(RefusalError, match="no disease"):
        ask(patient, "heart", "what_if", {"intervention": "mitral_repair"})
    assert "The model follows" in twin_door("heart").status(patient)[0].credibility


@pytest.mark.slow
def test_a_drug_on_the_qt(patient: Patient) -> None:
    told = ask(patient, "heart", "qt", {"drug": "clarithromycin", "potassium": 3.6})
    assert told.data["qt"]["low"] > 5.0
    assert {"qt", "torsade"} <= {m.code for m in told.messages}
    with_drug, without = told.pictures[0].lines
    assert _apd(with_drug) > _apd(without) + 5.0
    json.dumps(told.data, allow_nan=False)


def test_the_loop_is_of_one_circulation_near_what_the_table_says() -> None:
    """Of three people the one whose volumes and pressure are the medians of both beats is drawn, in both."""

    def beat(edv: list[float], esv: list[float], peak: list[float]) -> Beat:
        volume = np.stack([np.array(edv), np.array(esv)], axis=1)
        pressure = np.stack([np.array(peak), np.array([5.0, 5.0, 5.0])], axis=1)
        return Beat({}, {"V_left_ventricle": volume, "P_left_ventricle": pressure}, np.ones(3))

    before = beat([172.9, 179.0, 186.0], [60.0, 62.0, 65.0], [118.0, 121.0, 120.0])
    after = beat([190.0, 194.0, 199.0], [61.0, 63.0, 66.0], [126.0, 129.0, 130.0])
    twin: Any = SimpleNamespace(evidence=SimpleNamespace(values={"edv": 178.0}))
    picture = _loop(twin, (("after", after), ("before", before)))
    assert [max(line.x or ()) for line in picture.lines] == [194.0, 179.0, 178.0]


def _apd(line: Line) -> float:
    """The last moment (ms) above -60 mV."""
    assert line.x is not None
    return max(x for x, y in zip(line.x, line.y, strict=True) if y > -60.0)
