"""The ambulatory glucose profile: its numbers, what it says of too little data, and that it stands alone."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from glucose_people import person

from vitruvian.core import DataError, InputError, UnknownNameError
from vitruvian.record import Record
from vitruvian.reports.glucose_agp import agp_page, agp_report, level_shares
from vitruvian.reports.glucose_day import day_page
from vitruvian.twin.glucose import profile, read_evidence


def text(page: str) -> str:
    """What is read on a page, without tags and styles."""
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>", "", page, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("\u00a0", " ")


def test_percentiles_by_time_of_day() -> None:
    """Each later day is 5 mg/dL higher, so the percentiles over 15 days are those of 0, 5, … 70 around the wave."""
    found = profile(person())
    assert found.days[0] == date(2026, 3, 2)
    assert len(found.days) == 15
    assert found.interval == 15.0
    assert float(found.metrics.coverage) == 100.0
    six = 6 * 4  # where the wave is flat: at its crest
    expected = 130.0 + 45.0 * np.cos(2 * np.pi * np.array([0, 15, 30]) / 720.0)
    pool = np.concatenate([expected, expected[1:]])[:, None] + 5.0 * np.arange(15)
    np.testing.assert_allclose(found.quantiles[:, six], np.percentile(pool, [5, 25, 50, 75, 95]), atol=1e-9)
    assert (np.diff(found.quantiles, axis=0) >= 0).all()


def test_levels_add_up() -> None:
    shares = level_shares(profile(person()).metrics)
    assert [level.name for level, _ in shares] == ["Very high", "High", "In range", "Low", "Very low"]
    assert sum(share for _, share in shares) == pytest.approx(100.0)


def test_a_page_stands_alone_and_says_the_numbers() -> None:
    page = agp_page(person())
    assert not re.search(r"https?://(?!www\.w3\.org)", page)
    assert "<script" not in page
    assert page == agp_page(person()), "the same evidence gives the same page"
    m = profile(person()).metrics
    told = text(page)
    assert f"{float(m.in_range):.0f} % of the time" in told
    assert "Too little" not in told
    assert "2 gaps in glucose." in told
    assert "Mean glucose 165 mg/dL" in told
    assert page.count('role="img"') == 2
    assert page.count("<h1") == 1


def test_a_name_is_never_markup(tmp_path: Path) -> None:
    odd = person(3, person="<b>$\\x$ & Co</b>")
    for page in (agp_page(odd), day_page(odd, "2026-03-03")):
        assert "&lt;b&gt;$\\x$ &amp; Co&lt;/b&gt;" in page
        assert "<b>$" not in page
    assert agp_report(odd, tmp_path / "odd.pdf").stat().st_size > 10_000


def test_in_mmol() -> None:
    told = text(agp_page(person(), "mmol/L"))
    assert "Mean glucose 9.2 mmol/L" in told
    assert "3.9–10.0" in told
    assert "Below 3.9 in all" in told
    with pytest.raises(UnknownNameError, match="mg/dL, mmol/L"):
        agp_page(person(), "g/L")


def test_too_little_is_said() -> None:
    assert "3 days instead of 14" in text(agp_page(person(3)))
    half = person()
    half.glucose[: len(half.glucose) // 2] = np.nan
    sparse = person()
    sparse.glucose[np.arange(len(sparse.glucose)) % 288 > 150] = np.nan
    assert "8 days instead of 14" in text(agp_page(half))
    assert "53 % of the time instead of 70 %" in text(agp_page(sparse))
    nothing = person(2)
    nothing.glucose[:] = np.nan
    with pytest.raises(DataError, match="no glucose"):
        agp_page(nothing)
    nothing.glucose[:10] = 100.0
    with pytest.raises(DataError, match="a day of readings"):
        agp_page(nothing)


def test_a_gap_stays_a_gap() -> None:
    lunchless = person()
    lunchless.glucose[(lunchless.minute_of_day >= 600) & (lunchless.minute_of_day < 840)] = np.nan
    found = profile(lunchless)
    assert np.isnan(found.quantiles[:, 48]).all()
    assert np.isfinite(found.quantiles[:, 36]).all()


def test_long_windows_show_the_last_weeks_day_by_day() -> None:
    days, traces = profile(person(40)).latest
    assert len(days) == len(traces) <= 35
    assert days[0].weekday() == 0
    assert days[-1] == date(2026, 4, 10)
    assert "Each of the last" in text(agp_page(person(40)))


def test_the_sheet_is_one_page(tmp_path: Path) -> None:
    path = agp_report(person(40), tmp_path / "new" / "agp.pdf")
    data = path.read_bytes()
    assert data.startswith(b"%PDF")
    assert len(re.findall(rb"/Type /Page\b", data)) == 1
    assert agp_report(person(40), tmp_path / "again.pdf").read_bytes() == data


def test_other_endings_are_refused(tmp_path: Path) -> None:
    assert agp_report(person(3), tmp_path / "a.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    with pytest.raises(InputError, match=r"\.html, \.pdf"):
        agp_report(person(3), tmp_path / "a.docx")


@pytest.mark.slow
def test_the_person_of_the_public_data(shared: Path, tmp_path: Path) -> None:
    """28 days: the archive's own page says mean 7.7 mmol/L and 78 % of the automatic readings in 3.9–10.0."""
    (archive,) = (shared / "data" / "t1d_person").glob("*.tar.gz")
    born = tmp_path / "person.json"
    born.write_text('{"resourceType": "Patient", "id": "t1d", "birthDate": "1990-01-01"}')
    with Record.open(tmp_path / "r.db") as record:
        record.ingest(born)
        record.ingest(archive, patient="t1d", zone="Europe/Prague")
        evidence = read_evidence(record.patient("t1d"))
    found = profile(evidence)
    assert len(found.days) == 28
    assert float(found.metrics.in_range) == pytest.approx(78.0, abs=1.5)
    assert float(found.metrics.mean) / 18.016 == pytest.approx(7.7, abs=0.1)
    assert 95 < float(found.metrics.coverage) <= 100
    assert "fewer lows would be the first aim" in text(agp_page(evidence))
