"""Evidence of a person's days: what lands where, what is refused or flagged; nothing made up, nothing early."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError
from vitruvian.record import Record
from vitruvian.twin.glucose import Evidence, read_evidence, read_table
from vitruvian.twin.glucose.checks import compression_lows
from vitruvian.twin.glucose.entries import MINUTE, Entries
from vitruvian.twin.glucose.evidence import bridged, evidence_of

DAY = 1440 * MINUTE
T0 = 19_000 * DAY  # a midnight in UTC


def entries(
    at: Sequence[float], value: Sequence[float], *, source: str = "A", text: str = "", lasts: float = 0.0
) -> Entries:
    """Entries at minutes from the midnight, in a zone one hour ahead of UTC."""
    start = T0 + (np.asarray(at) * MINUTE).astype(np.int64)
    n = len(start)
    end = start + int(lasts * MINUTE)
    return Entries(start, end, np.full(n, 60), np.asarray(value, float), (source,) * n, (text,) * n)


def sensor(level: float = 120.0) -> Entries:
    return entries(np.arange(0, 1440, 5), level + 10 * np.sin(np.arange(288) / 20))


def codes(found: Evidence) -> set[str]:
    return {m.code for m in found.messages}


def test_what_lands_where() -> None:
    glucose = entries([0, 7, 15, 60], [100, 110, 120, 130])
    meal = entries([12], [40], text="Very High")
    insulin = entries([12, 13], [3, 1])
    slow = entries([20], [14], text="injection")
    pump = entries([60], [1.2], lasts=60)
    rate = entries([180], [0.6], lasts=30)
    found = evidence_of(
        "p",
        {
            "glucose": glucose,
            "carbohydrates": meal,
            "insulin_bolus": insulin,
            "insulin_basal_rate": rate,
            "insulin_basal": Entries(
                *(np.concatenate([getattr(slow, f), getattr(pump, f)]) for f in ("start", "end", "offset", "value")),
                ("A", "A"),
                ("injection", ""),
            ),
        },
    )
    assert found.start.isoformat() == "2022-01-08T00:00:00+01:00"  # the local day: it began an hour before in UTC
    first = 12  # steps from local midnight to the midnight in UTC
    assert found.glucose[first] == 100
    assert found.glucose[first + 2] == 110  # read at 7 min: known at the edge at 10 min, not at that at 5 min
    assert np.isnan(found.glucose[first + 1])
    assert found.minute_of_day[first] == 60
    assert found.carbohydrates[first + 2] == 40
    assert found.speed[first + 2] == 3
    assert found.bolus[first + 2] == 4
    assert found.long_acting[first + 4] == 14
    np.testing.assert_allclose(found.basal[first + 12 : first + 24], 0.1)
    np.testing.assert_allclose(found.basal[first + 36 : first + 42], 0.05)
    assert found.basal.sum() == pytest.approx(1.5)


def test_nothing_is_made_up_over_more_than_half_an_hour() -> None:
    x = np.full(30, np.nan)
    x[[0, 6, 13]] = 100.0, 160.0, 100.0
    found = bridged(x)
    np.testing.assert_allclose(found[:7], 100 + 10 * np.arange(7))
    assert np.isnan(found[7:13]).all()
    assert np.isnan(found[14:]).all()


def test_sources_by_priority() -> None:
    many, few = entries([0, 5, 10, 15], [100] * 4), entries([5, 30], [200, 210], source="B")
    both = Entries(
        *(np.concatenate([getattr(few, f), getattr(many, f)]) for f in ("start", "end", "offset", "value")),
        (*few.source, *many.source),
        (*few.text, *many.text),
    )
    found = evidence_of("p", {"glucose": both})
    assert found.glucose[13] == 100
    assert found.glucose[18] == 210
    assert "unsorted" in codes(found)


@pytest.mark.parametrize(
    ("signal", "at", "value", "code", "kept"),
    [
        ("carbohydrates", [60, 70], [-40, 30], "negative", 30),
        ("carbohydrates", [60, 70], [4000, 30], "too-large", 30),
        ("insulin_bolus", [60, 70, 80, 90, 95, 99], [5, 5, 4, 5, 50, 5], "typed-ten", 24),
        ("insulin_bolus", [60, 60], [5, 5], "twice", 5),
        ("insulin_bolus", [60, 70], [np.nan, 5], "no-number", 5),
    ],
)
def test_what_is_left_out_is_told(signal: str, at: list[float], value: list[float], code: str, kept: float) -> None:
    found = evidence_of("p", {"glucose": sensor(), signal: entries(at, value)})
    assert code in codes(found)
    told = found.carbohydrates if signal == "carbohydrates" else found.bolus
    assert told.sum() == kept


def test_two_apps_tell_one_dose() -> None:
    a, b = entries([60, 200], [5, 3]), entries([62, 400], [5, 3], source="B")
    both = Entries(
        *(np.concatenate([getattr(a, f), getattr(b, f)]) for f in ("start", "end", "offset", "value")),
        (*a.source, *b.source),
        (*a.text, *b.text),
    )
    found = evidence_of("p", {"glucose": sensor(), "insulin_bolus": both})
    assert found.bolus.sum() == 11
    assert {"twice", "unsorted"} <= codes(found)


def test_units_that_cannot_be_are_refused() -> None:
    with pytest.raises(DataError, match=r"mmol/L by its level"):
        evidence_of("p", {"glucose": sensor(7.0)})
    with pytest.raises(DataError, match="insulin cannot be in units"):
        evidence_of("p", {"glucose": sensor(), "insulin_bolus": entries([60, 300, 700, 900, 1100], [55] * 5)})
    with pytest.raises(DataError, match="no usable glucose"):
        evidence_of("p", {"carbohydrates": entries([60], [40])})


def test_readings_that_no_sensor_gives_and_gaps() -> None:
    glucose = entries([0, 5, 10, 60, 65], [100, 806, 110, 12, 105])
    found = evidence_of("p", {"glucose": glucose})
    assert np.isfinite(found.glucose).sum() == 3
    assert {"unreadable", "gaps", "no-meals", "no-insulin"} <= codes(found)
    assert "55 min" in next(m.text for m in found.messages if m.code == "gaps")


def test_pressure_on_the_sensor() -> None:
    minute = np.arange(0, 300, 5.0)
    glucose = np.full(60, 110.0)
    glucose[20:26] = 62.0
    night = np.ones(60, bool)
    assert np.flatnonzero(compression_lows(minute, glucose, np.array([]), night)).tolist() == list(range(20, 26))
    assert not compression_lows(minute, glucose, np.array([110.0]), night).any()  # treated with food
    assert not compression_lows(minute, glucose, np.array([]), ~night).any()
    slowly = 110 - 8.0 * np.clip(np.minimum(np.arange(60) - 15, 35 - np.arange(60)), 0, 6)
    assert not compression_lows(minute, slowly, np.array([]), night).any()  # a true low falls slowly


SIMGLUCOSE = """Time,BG,CGM,CHO,insulin,LBGI,HBGI,Risk
2018-01-01 00:00:00,138.5,140.0,0.0,0.02,0,0,0
2018-01-01 00:03:00,138.5,141.0,5.0,0.02,0,0,0
2018-01-01 00:06:00,138.5,142.0,5.0,1.02,0,0,0
2018-01-01 00:09:00,138.5,143.0,0.0,0.02,0,0,0
"""


def test_a_table_of_simglucose(tmp_path: Path) -> None:
    path = tmp_path / "adult.csv"
    path.write_text(SIMGLUCOSE)
    found = read_table(path)
    assert found.carbohydrates.sum() == pytest.approx(30)  # g/min over steps of 3 minutes
    assert found.basal.sum() == pytest.approx(0.02 * 12 + 3.0)  # U/min over steps of 3 minutes
    assert found.glucose[0] == 140


def test_a_plain_table_and_broken_ones(tmp_path: Path) -> None:
    path = tmp_path / "me.csv"
    path.write_text("time,glucose_mmol_l,bolus_u,carbohydrates_g\n0,5.0,,\n5,6.0,2,30\n")
    found = read_table(path, person="me")
    assert found.glucose[1] == pytest.approx(6 * 18.016)
    assert (found.bolus.sum(), found.carbohydrates.sum(), found.person) == (2, 30, "me")
    for text, words in (
        ("a,b\n1,2\n", "no table of glucose"),
        ("time,glucose_mg_dl\nsoon,100\n", "a time cannot be read"),
        ("time,glucose_mg_dl\n0,high\n", "what is no number"),
        ("", "no table of glucose"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=words):
            read_table(path)


@pytest.mark.slow
def test_the_person_of_the_public_data(shared: Path, tmp_path: Path) -> None:
    (archive,) = (shared / "data" / "t1d_person").glob("*.tar.gz")
    born = tmp_path / "person.json"
    born.write_text('{"resourceType": "Patient", "id": "t1d", "birthDate": "1990-01-01"}')
    with Record.open(tmp_path / "r.db") as record:
        record.ingest(born)
        record.ingest(archive, patient="t1d", zone="Europe/Prague")
        found = read_evidence(record.patient("t1d"))
        part = read_evidence(record.patient("t1d"), "2022-02-10", "2022-02-11")
    assert (found.days, found.start.isoformat()) == (28.0, "2022-02-07T00:00:00+01:00")
    # the totals of the log: 585 + 163 U of fast insulin, 350 U of long-acting, 4,851 g
    assert (found.bolus.sum(), found.long_acting.sum(), found.carbohydrates.sum()) == (748, 350, 4851)
    assert np.isfinite(found.glucose).sum() > 3000
    first = 3 * 288
    np.testing.assert_array_equal(part.glucose, found.glucose[first : first + 576])
    np.testing.assert_array_equal(part.bolus, found.bolus[first : first + 576])
