"""The shape of events: what is refused, and events on disk, in any order, whole or not there."""

from __future__ import annotations

import random
import stat
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from made_events import Event, at, drawn, frame

from vitruvian.core import DataError, InputError
from vitruvian.study.events import Events, Moments, checked_events, write_events

GOOD = frame([Event("p", 1, 1, "X", 2.0, "mg/dL"), Event("q", 1, 2, "Y")])


def test_what_is_well_formed_passes() -> None:
    assert checked_events(GOOD).equals(GOOD)
    loose = GOOD.with_columns(pl.col("code", "unit", "kind").cast(pl.String), pl.col("numeric_value").cast(pl.Float32))
    assert checked_events(loose).equals(GOOD)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (GOOD.drop("known"), "lack columns.*Add known"),
        (GOOD.with_columns(kind=pl.lit("guessed")), "unknown kind; got 2 rows"),
        (GOOD.with_columns(time=pl.lit("yesterday")), "another type"),
        (GOOD.with_columns(numeric_value=pl.lit(np.inf)), "no number; got 2 rows"),
        (GOOD.with_columns(known=pl.lit(None, pl.Datetime("us"))), "without known; got 2 of 2 rows"),
        (GOOD.with_columns(subject_id=pl.when(pl.col("subject_id") == "p").then(None).otherwise("subject_id")),
         "without subject_id; got 1 of 2 rows"),
    ],
)  # fmt: skip
def test_what_is_not_is_refused_with_its_number(broken: pl.DataFrame, message: str) -> None:
    with pytest.raises(DataError, match=message):
        checked_events(broken)


def test_any_order_gives_the_same_files(tmp_path: Path) -> None:
    rows = drawn(1, people=20)
    other = random.Random(2).sample(rows, len(rows))
    for name, some, size in (("one", rows, 7), ("two", other, 301)):
        write_events([frame(some[k : k + size]) for k in range(0, len(some), size)], tmp_path / name, parts=5)
    files = sorted(one.name for one in (tmp_path / "one").iterdir())
    assert files == sorted(one.name for one in (tmp_path / "two").iterdir())
    seen: set[str] = set()
    for name in files:
        first, second = (pl.read_parquet(tmp_path / folder / name) for folder in ("one", "two"))
        assert first.equals(second)
        assert first["subject_id"].is_sorted()
        assert not seen & set(first["subject_id"])
        seen |= set(first["subject_id"])
    whole = pl.concat(Events.open(tmp_path / "one").frames()).sort(
        "subject_id", "time", "known", "code", "numeric_value"
    )
    assert whole.height == len(rows)
    assert stat.S_IMODE((tmp_path / "one").stat().st_mode) == 0o700


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def frames() -> Iterator[pl.DataFrame]:
        yield GOOD
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="broke"):
        write_events(frames(), tmp_path / "events")
    with pytest.raises(DataError, match="lack columns"):
        write_events([GOOD, GOOD.drop("known")], tmp_path / "events")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(InputError, match="no events here"):
        Events.open(tmp_path)


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        write_events([GOOD], tmp_path)
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_nobody_is_no_error(tmp_path: Path) -> None:
    (only,) = write_events([], tmp_path / "events").frames()
    assert only.height == 0
    assert only.schema == GOOD.schema


def test_as_it_was_known_by_a_moment() -> None:
    rows = [Event("p", 1, 5, "X"), Event("p", 2, 2, "X"), Event("q", 1, 1, "X"), Event("r", 1, 1, "X")]
    cut = Events.of(frame(rows)).known_by(Moments(("p", "q"), np.array([at(4), at(9)])))
    (found,) = cut.frames(("subject_id", "known"))
    assert found["subject_id"].to_list() == ["p", "q"]
    with pytest.raises(DataError, match="several moments"):
        Events.of(frame(rows)).known_by(Moments(("p", "p"), np.array([at(4), at(9)])))


def test_moments_are_of_one_time_each() -> None:
    with pytest.raises(DataError, match="differ in number"):
        Moments(("p",), np.array([1, 2]))
    with pytest.raises(DataError, match="twice"):
        Moments(("p", "p"), np.array([1, 1]))
    assert Moments(("p", "q"), np.array([1, 1])).ids == ("p", "q")
    assert Moments(("p", "p"), np.array([0, 10**6])).ids == (
        "p@1970-01-01T00:00:00.000000Z",
        "p@1970-01-01T00:00:01.000000Z",
    )
    assert Moments(("p", "q"), np.array([1, 2])).taken([1]).subject == ("q",)
