"""Events as windows of series and as histories: only what was known by the moment, in its units, each in its place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_stays import made_stays
from vitruvian.core import InputError, UnknownNameError
from vitruvian.learn.history import Vocabulary, histories
from vitruvian.study.events import Moments, icu2012_events
from vitruvian.study.features import read_recipe
from vitruvian.study.sequence_contest import NAMES, icu_contest, icu_stays
from vitruvian.study.series import known_of, told, windows_of

BEGIN, HOUR = 946_684_800_000_000, 3_600_000_000
RECIPE = read_recipe("icu2012_48h")
FIXED = ("Age", "Gender", "ICUType", "Height")


@pytest.fixture(scope="module")
def stays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_stays(tmp_path_factory.mktemp("stays"), "a", count=12)


@pytest.fixture(scope="module")
def source(stays: Path) -> np.ndarray:
    import polars as pl

    return pl.read_csv(
        stays / "set_a.csv.gz", schema_overrides={"record_id": pl.String, "value": pl.Float64}
    ).to_numpy()


def moments(hours: float) -> Moments:
    return Moments(tuple(str(100_000 + k) for k in range(12)), np.full(12, BEGIN + int(hours * HOUR)))


def test_windows_hold_what_was_measured_in_each_bin(stays: Path, source: np.ndarray) -> None:
    some, _ = windows_of(RECIPE, icu2012_events(stays / "set_a.csv.gz"), moments(48), FIXED, steps=24, every=2.0)
    assert some.ids[3] == "100003"
    channel = [one.name for one in some.channels].index("HR")
    mine = source[(source[:, 0] == "100003") & (source[:, 2] == "HR")]
    at = 23 - (2880 - mine[:, 1].astype(float)) // 120
    for step in range(24):
        values = mine[at == step, 3].astype(float)
        assert some.values[3, step, channel] == pytest.approx(values.mean() if len(values) else np.nan, nan_ok=True)


def test_what_does_not_change_is_fixed_and_categories_are_numbers_of_their_own(stays: Path) -> None:
    some, _ = windows_of(RECIPE, icu2012_events(stays / "set_a.csv.gz"), moments(48), FIXED, steps=4, every=12.0)
    names = [one.name for one in some.fixed.features]
    kinds = [names.index(f"ICUType_{k}") for k in range(4)]
    np.testing.assert_array_equal(some.fixed.values[:4, kinds], np.eye(4))
    assert np.isnan(some.fixed.values[:, names.index("Height")]).all()
    assert not {"Age", "Gender", "ICUType"} & {one.name for one in some.channels}


def test_nothing_known_later_is_told(stays: Path) -> None:
    events = icu2012_events(stays / "set_a.csv.gz")
    early = told(RECIPE.variables, events, moments(24))
    whole = told(RECIPE.variables, events, moments(48))
    assert early.hours.max() <= 0
    assert len(early.row) == (whole.hours <= -24).sum()
    with pytest.raises(InputError, match="one moment a subject"):
        told(RECIPE.variables, events, Moments(("100000", "100000"), np.array([BEGIN, BEGIN + HOUR])))
    with pytest.raises(UnknownNameError, match="the recipe has not"):
        windows_of(RECIPE, events, moments(48), ("Wealth",), steps=4)


def test_histories_hold_means_of_bins_and_categories(stays: Path, source: np.ndarray) -> None:
    events = icu2012_events(stays / "set_a.csv.gz")
    single, kinds = known_of(RECIPE, events, moments(48))
    joined, _ = known_of(RECIPE, events, moments(48), every=12.0)
    assert kinds["ICUType=0"] == "category"
    assert kinds["HR"] == "series"
    assert len(joined.row) < len(single.row)
    mine = np.array([row == 3 and code == "Lactate" for row, code in zip(joined.row, joined.code, strict=True)])
    own = source[(source[:, 0] == "100003") & (source[:, 2] == "Lactate")]
    ago = (2880 - own[:, 1].astype(float)) / 60
    for time, value in zip(joined.time[mine], joined.value[mine], strict=True):
        inside = np.floor(ago / 12) == np.floor(-time / 12)
        assert value == pytest.approx(own[inside, 3].astype(float).mean())
        assert time == pytest.approx(-ago[inside].min())


@pytest.mark.slow
def test_a_contest_names_its_winner(tmp_path: Path) -> None:
    a, b = (icu_stays(f / f"set_{k}.csv.gz", f / f"outcomes_{k}.csv") for k, f in
            ((k, made_stays(tmp_path, k, count=150, seed=ord(k))) for k in "ab"))  # fmt: skip
    found = icu_contest(a, b, folds=2, data={"a": "made up"}, ledger=tmp_path / "openings.jsonl", say=lambda _: None)
    assert [one.name for one in found.folds] == list(NAMES)
    assert found.winner == max(found.opened, key=lambda one: one.auroc.value).name
    assert found.opened[0].auroc.value > 0.7
    with pytest.raises(InputError, match="were opened"):
        icu_contest(a, b, folds=2, data={"a": "made up"}, ledger=tmp_path / "openings.jsonl", say=lambda _: None)


def test_the_history_of_a_stay_is_its_own(stays: Path) -> None:
    """Asked with others or alone, in whatever order, a stay has the same tokens."""
    events, whole = icu2012_events(stays / "set_a.csv.gz"), moments(48)
    known, kinds = known_of(RECIPE, events, whole, every=12.0)
    words = Vocabulary.of(known, kinds, least=2)
    all_of_them = histories(known, words, 12, 60)
    chosen = [7, 2, 11]
    few, _ = known_of(RECIPE, events, whole.taken(chosen), every=12.0)
    own = histories(few, words, 3, 60)
    np.testing.assert_array_equal(own.code, all_of_them.code[chosen])
    np.testing.assert_allclose(own.value, all_of_them.value[chosen])
    np.testing.assert_allclose(own.time, all_of_them.time[chosen])
