"""The timeline page: what is drawn where, what is marked, and that records are never markup."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest

from vitruvian.core import Instant, to_ms
from vitruvian.record import Fact
from vitruvian.reports.timeline import Known, timeline_page
from vitruvian.reports.timeline_axis import Axis, day_text, moment_text, span_text
from vitruvian.reports.timeline_lanes import lanes
from vitruvian.reports.timeline_panels import panel_counts, panels, wearable
from vitruvian.tables.ranges import reference_range


def fact(kind: str, code: str = "", start: str | None = "2024-01-01", **more: Any) -> Fact:
    base: dict[str, Any] = dict.fromkeys(Fact.__slots__)
    base |= {
        "id": f"{kind}{code}{start}",
        "kind": kind,
        "code": code,
        "display": code,
        "flags": (),
        "basis": "measured",
    }
    base |= {"start_ms": None if start is None else to_ms(start), "status": "final", "system": "", "detail": {}}
    return Fact(**(base | more))


def lab(code: str, value: float, start: str, unit: str = "mg/dL", **more: Any) -> Fact:
    values = {"value": value, "unit": unit, "value_raw": value, "unit_raw": unit, "system": "http://loinc.org"}
    return fact("observation", code, start, **(values | more))


AXIS = Axis(to_ms("2020-01-01"), to_ms("2025-01-01"))


def test_bars_of_problems_and_drugs() -> None:
    facts = [
        fact("condition", "Hypertension", "2015-03-01", status="active"),
        fact("condition", "Sinusitis (disorder)", "2021-01-01", end_ms=to_ms("2021-02-01"), status="resolved"),
        fact("condition", "Measles", "1990-01-01", end_ms=to_ms("1990-02-01"), status="resolved"),
        fact("medication_request", "w", "2022-01-01", status="stopped", detail={"drug": "warfarin"}),
        fact("medication_request", "w", "2023-01-01", status="active", detail={"drug": "warfarin"}),
        fact("medication_request", "Ibuprofen", "2022-01-01", status="stopped"),
    ]
    problems, drugs = lanes(facts, AXIS)
    hypertension, sinusitis = problems.rows
    assert (hypertension.active, hypertension.when) == (True, "since 1 Mar 2015")
    assert (hypertension.bars[0].left, hypertension.bars[0].width) == (0.0, 100.0)
    assert hypertension.bars[0].clipped
    assert hypertension.bars[0].open
    assert (sinusitis.title, sinusitis.active, sinusitis.bars[0].open) == ("Sinusitis", False, False)
    assert sinusitis.bars[0].width == pytest.approx(100 * 31 / 1827, abs=0.02)
    assert problems.earlier == ("Measles (1 Jan 1990 – 1 Feb 1990)",)
    warfarin, ibuprofen = drugs.rows
    assert (warfarin.title, warfarin.when, len(warfarin.bars)) == ("Warfarin", "since 1 Jan 2022, 2 times", 1)
    assert warfarin.bars[0].left == pytest.approx(40.0, abs=0.1)
    assert ibuprofen.bars[0].unended  # it began; when it ended was not recorded


def test_every_active_problem_is_drawn_and_every_other_named() -> None:
    active = [fact("condition", f"A{k}", "2021-01-01", status="active") for k in range(30)]
    ended = [fact("condition", f"E{k}", "2021-01-01", end_ms=to_ms("2022-01-01"), status="resolved") for k in range(30)]
    lane = lanes([*active, *ended], AXIS)[0]
    assert {row.title for row in lane.rows} >= {one.code for one in active}
    named = {row.title for row in lane.rows} | {one.split(" (")[0] for one in lane.earlier}
    assert named == {one.code for one in (*active, *ended)}


def test_a_dot_lies_in_or_out_of_the_range() -> None:
    own = {"referenceRange": [{"low": {"value": 0.6}, "high": {"value": 2.0}}]}
    facts = [lab("2160-0", 1.0, "2021-01-01"), lab("2160-0", 1.9, "2022-01-01"), lab("2160-0", 0.4, "2023-01-01")]
    (panel,), _ = panels(facts, AXIS, "male", True)
    assert [dot.side for dot in panel.dots] == ["", "high", "low"]  # customary range of men: 0.7–1.3
    assert (panel.newest, panel.side) == ("0.4", "low")
    assert panel.range is not None
    assert panel.range.customary
    top, height = panel.band or (0, 0)
    assert panel.dots[1].y < top < panel.dots[0].y < top + height < panel.dots[2].y
    with_own = [lab("2160-0", 1.9, "2022-01-01", detail=own)]
    (panel,), _ = panels(with_own, AXIS, "male", True)
    assert (panel.side, panel.range.customary if panel.range else None) == ("", False)
    said = {"interpretation": [{"coding": [{"code": "H"}]}]}
    (panel,), _ = panels([lab("2160-0", 1.0, "2022-01-01", detail=said)], AXIS, "male", True)
    assert panel.side == "high"  # the laboratory's own word goes first
    (panel,), _ = panels(facts, AXIS, None, True)
    assert panel.range is None  # the range depends on the sex, which is not known
    (panel,), _ = panels(facts, AXIS, "male", False)
    assert panel.range is None  # a child has no adult range


def test_a_range_as_received_is_drawn_in_the_canonical_unit() -> None:
    own = {"referenceRange": [{"low": {"value": 60}, "high": {"value": 110}}]}
    molar = lab("2160-0", 150 / 88.4017, "2022-01-01", value_raw=150.0, unit_raw="umol/L", detail=own)
    (panel,), _ = panels([molar], AXIS, "male", True)
    assert panel.range is not None
    assert panel.range.high == pytest.approx(110 / 88.4017)


def test_blood_pressure_is_one_picture() -> None:
    vital = {"category": ["vital-signs"]}
    facts = [
        lab(code, value, "2022-01-01", "mm[Hg]", detail=vital) for code, value in (("8480-6", 162.0), ("8462-4", 75.0))
    ]
    laboratory, (pressure,) = panels(facts, AXIS, "male", True)
    assert laboratory == []
    assert (pressure.newest, pressure.side) == ("162/75", "high")
    assert len(pressure.bars) == 1


def test_doubtful_and_void_values_are_not_drawn() -> None:
    facts = [
        lab("2160-0", 1.0, "2021-01-01"),
        lab("2160-0", 99.0, "2022-01-01", flags=("wrong_unit",)),
        lab("2160-0", 77.0, "2023-01-01", status="entered-in-error"),
    ]
    (panel,), _ = panels(facts, AXIS, "male", True)
    assert panel.newest == "1"


def test_wearables_as_days() -> None:
    days = [date(2024, 12, 30), date(2024, 12, 31)]
    axis = Axis(to_ms("2024-12-01"), to_ms("2025-01-01"))
    steps = pl.DataFrame(
        {"date": days, "value": [4000.0, 8000.0], "unit": ["1"] * 2, "low": [1.0] * 2, "high": [9.0] * 2}
    )
    panel = wearable("steps", steps, axis)
    assert panel is not None
    assert (panel.newest, panel.unit, len(panel.bars)) == ("8000", "a day", 2)
    (_, top, _, bottom), (_, higher, _, _) = panel.bars
    assert higher < top < bottom == 100.0
    rate = pl.DataFrame(
        {"date": days, "value": [60.0, 70.0], "unit": ["/min"] * 2, "low": [50.0, 55.0], "high": [99.0, 120.0]}
    )
    panel = wearable("heart_rate", rate, axis)
    assert panel is not None
    assert panel.note == "day's range 55–120"
    assert wearable("heart_rate", rate.clear(), axis) is None


def test_the_page_is_whole_without_scripts_and_records_are_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    facts = [
        fact("demographic", "name", None, value_text=f"Anna {evil}"),
        fact("demographic", "sex", None, value_code="female"),
        fact("demographic", "birth_date", "1960-05-04", value_text="1960-05-04"),
        fact("condition", evil, "2023-01-01", status="active"),
        fact("allergy", "Penicillin", None, status="active", detail={"criticality": "high"}),
        fact("genotype", "CYP2C9", None, value_text="*1/*3", detail={"phenotype": "Intermediate Metabolizer"}),
        lab("2160-0", 1.4, "2024-06-01"),
        lab("718-7", 13.0, "2999-01-01", flags=("future",)),
        fact("immunization", "Influenza", "2024-10-01"),
    ]
    text = timeline_page(Known("p1", facts))
    assert "<script" not in text
    assert "http" not in re.sub(r"<meta[^>]*>", "", text)
    assert "Allergy: Penicillin (high risk)" in text
    assert "CYP2C9 *1/*3: Intermediate Metabolizer" in text
    assert "female · 64 years · born 4 May 1960 · id p1" in text
    assert "1 doubtful entry" in text  # and the future-dated value does not move the page to 2999
    assert "to 2 Oct 2024" in text
    body = text[text.index("<body>") : text.index("</html>")]
    ElementTree.fromstring(body.replace("&nbsp;", " "))  # every element is closed


def test_a_person_of_whom_nothing_is_dated() -> None:
    text = timeline_page(Known("p1", [fact("demographic", "name", None, value_text="Anna")]))
    assert "Anna" in text
    assert "No allergy recorded" in text


@pytest.mark.parametrize(
    ("start", "end", "first", "count"),
    [
        ("2011-02-21", "2021-02-20", "2012", 5),
        ("2024-01-15", "2024-12-20", "Feb 2024", 6),
        ("2024-03-01", "2024-03-20", "2 Mar", 6),
    ],
)
def test_ticks(start: str, end: str, first: str, count: int) -> None:
    ticks = Axis(to_ms(start), to_ms(end)).ticks()
    assert (ticks[0][1], len(ticks)) == (first, count)
    assert all(0 <= x <= 100 for x, _ in ticks)


def test_dates_as_received() -> None:
    late = Instant(to_ms("2025-09-16T23:30:00+02:00"), 120, "instant")
    assert day_text(late.ms, late.offset) == "16 Sep 2025"
    assert day_text(to_ms("2025-09"), None, "month") == "Sep 2025"


def test_customary_ranges_name_their_source() -> None:
    one = reference_range("2160-0", "female")
    assert one is not None
    assert (one.low, one.high, one.unit) == (0.5, 1.1, "mg/dL")
    assert "ABIM" in one.source
    assert reference_range("2160-0", None) is None
    assert reference_range("0-0", "male") is None


def test_glucose_of_urine_is_not_called_like_that_of_blood() -> None:
    from vitruvian.reports.timeline_panels import _SPECIMEN

    urine = _SPECIMEN.search("Glucose [Mass/volume] in Urine by Test strip")
    assert urine is not None
    assert urine[1] == "Urine"
    assert _SPECIMEN.search("Glucose [Mass/volume] in Blood") is None
    assert _SPECIMEN.search("Creatinine [Mass/volume] in Serum or Plasma") is None


def test_panels_are_counted_as_they_would_be_drawn() -> None:
    said = {"category": ["vital-signs"]}
    spans = [lab(code, 80.0, day, "mm[Hg]", detail=said) for code in ("8480-6", "8462-4") for day in ("2020", "2021")]
    alone = [lab("8867-4", 70.0, "2021-05-01", "/min", detail=said)]
    measured = [lab("2160-0", 1.0, "2021-05-01"), lab("2160-0", 88.0, "2022-05-01", "umol/L")]
    doubtful = [
        lab("718-7", 3.0, "2021-05-01", flags=("wrong_unit",)),
        lab("718-7", 3.0, "2099-05-01", flags=("future",)),
    ]
    for facts in (
        spans,
        spans[:3],
        spans[:2],
        [*spans[:1], spans[3]],
        [*spans, *alone, *measured, *doubtful],
        doubtful,
        [],
    ):
        assert panel_counts(facts) == tuple(map(len, panels(facts, AXIS, "male", True)))


def test_a_dose_has_its_time_and_a_day_is_said_once() -> None:
    start, end = (to_ms(datetime(2025, 5, 13, hour, 5, tzinfo=UTC)) for hour in (6, 7))
    assert moment_text(start, 120, "instant") == "13 May 2025, 08:05"
    assert moment_text(start, 120, "day") == "13 May 2025"
    assert span_text(start, end, 120, "instant") == "13 May 2025, 08:05–09:05"
    assert span_text(start, end, 120, "day") == "13 May 2025"
    assert span_text(start, end + 86_400_000, 120, "instant") == "13 May 2025, 08:05 – 14 May 2025, 09:05"
