"""Time, ids, actors and random keys."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitruvian.core import (
    AccessError,
    Actor,
    DataError,
    InputError,
    UnitError,
    content_hash,
    derive_seed,
    hours,
    parse_instant,
    random_key,
    stable_id,
    to_datetime,
    to_ms,
)


@pytest.mark.parametrize(
    ("text", "iso", "precision"),
    [
        ("2025-03-01T08:30:00+05:30", "2025-03-01T03:00:00+00:00", "instant"),
        ("2025-03-01T08:30:00.250Z", "2025-03-01T08:30:00.250000+00:00", "instant"),
        ("2025-03-01T08:30:00", "2025-03-01T08:30:00+00:00", "instant"),
        ("2025-03-01", "2025-03-01T00:00:00+00:00", "day"),
        ("2025-03", "2025-03-01T00:00:00+00:00", "month"),
        ("1899", "1899-01-01T00:00:00+00:00", "year"),
    ],
)
def test_parse_instant(text: str, iso: str, precision: str) -> None:
    found = parse_instant(text)
    assert to_datetime(found.ms).isoformat() == iso
    assert found.precision == precision
    assert to_ms(text) == found.ms


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)), st.integers(-14 * 60, 14 * 60))
def test_the_offset_as_received_is_kept(moment: datetime, minutes: int) -> None:
    ms = to_ms(moment.replace(microsecond=0, tzinfo=UTC))
    written = to_datetime(ms, minutes)
    read = parse_instant(written.isoformat())
    assert (read.ms, read.offset) == (ms, minutes)
    assert str(read) == written.isoformat()


@pytest.mark.parametrize("text", ["", "yesterday", "2025-02-30", "2025-1-1", "25"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(DataError, match="not a date"):
        parse_instant(text)


def test_hours() -> None:
    assert (hours("2 d"), hours("90 min"), hours(4), hours("1 wk")) == (48.0, 1.5, 4.0, 168.0)
    with pytest.raises(UnitError):
        hours("5 mg")


def test_ids_are_stable_and_injective() -> None:
    assert stable_id("a", "bc") == "ed1b6f24ac728ba23e6621ec0ae5a450"  # ids outlive releases: never change this
    assert len({stable_id("a", "bc"), stable_id("ab", "c"), stable_id("abc"), stable_id("a", "b", "c")}) == 4
    assert content_hash(b"") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_actors_are_denied_by_default() -> None:
    assert Actor.owner().permits("ingest")
    assert not Actor("x", frozenset({"owner"})).permits("read", ["p"])  # no purpose
    assert not Actor("x", frozenset({"nonsense"}), "care").permits("read", ["p"])
    assert not Actor.owner().permits("launch")
    patient = Actor("p", frozenset({"patient"}), "own", frozenset({"p"}))
    assert patient.permits("read", ["p"])
    assert not patient.permits("read", [])
    assert not patient.permits("read", ["p", "q"])
    with pytest.raises(AccessError, match="p may not read"):
        patient.demand("read", ["q"])


def test_seeds() -> None:
    assert derive_seed(1, "a") == derive_seed(1, "a")
    assert len({derive_seed(s, n) for s in range(20) for n in "abc"}) == 60
    for bad in (-1, 1.5, True, None):
        with pytest.raises(InputError, match="whole number"):
            derive_seed(bad)  # type: ignore[arg-type]
    assert (random_key(1, "a") == random_key(1, "a")).all()
