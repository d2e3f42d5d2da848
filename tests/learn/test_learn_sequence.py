"""Windows from irregular series, networks that read them, training that is taken up again, attributions that add up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sequence_cases import CHANNELS, HOW, STEPS, TARGET, model, parts, windows

from vitruvian.core import DataError, InputError, SolveError
from vitruvian.learn import Feature, load_kept, save
from vitruvian.learn.sequence import (
    Progress,
    SequenceModel,
    Shape,
    Training,
    Usual,
    Windows,
    fit_sequences,
    nothing_fixed,
    series_windows,
    typical_spread,
)
from vitruvian.learn.sequence import attribution as path
from vitruvian.learn.sequence.batch import Scaling
from vitruvian.learn.trust import auroc, coverage

KINDS = ("gru_d", pytest.param("lstm", marks=pytest.mark.slow), pytest.param("transformer", marks=pytest.mark.slow))


def test_binned_series_are_means_in_bins() -> None:
    row, time = np.array([0, 0, 0, 1]), np.array([-0.5, -0.9, -2.5, -9.0])
    some = series_windows(row, time, np.array([0, 0, 1, 0]), np.array([1.0, 3.0, 7.0, 5.0]), CHANNELS[:2],
                          rows=2, steps=3, every=1.0)  # fmt: skip
    np.testing.assert_array_equal(some.values[0], [[np.nan, 7], [np.nan, np.nan], [2, np.nan]])
    assert np.isnan(some.values[1]).all()
    np.testing.assert_array_equal(some.times[0], [-2.5, -1.5, -0.5])


def test_irregular_series_keep_their_moments() -> None:
    time = np.array([-3.0, -1.0, -1.0, -0.25, -7.0, -2.0])
    some = series_windows(np.array([0, 0, 0, 0, 0, 1]), time, np.array([0, 0, 1, 1, 0, 1]),
                          np.array([1.0, 2.0, 3.0, 4.0, 9.0, 5.0]), CHANNELS[:2], rows=3, steps=3)  # fmt: skip
    np.testing.assert_array_equal(some.times, [[-3, -1, -0.25], [np.nan, np.nan, -2], [np.nan] * 3])
    np.testing.assert_array_equal(some.values[0], [[1, np.nan], [2, 3], [np.nan, 4]])
    np.testing.assert_array_equal(some.values[1, 2], [np.nan, 5])


def test_gaps_are_steps_since_a_channel_was_measured() -> None:
    values = np.array([[[1.0], [np.nan], [np.nan], [4.0], [5.0]]])
    times = np.array([[-10.0, -8.0, -7.0, -2.0, 0.0]])
    some = Windows(CHANNELS[:1], values, times, nothing_fixed(1))
    scaling = replace(Scaling.of(some), step=2.0)
    np.testing.assert_allclose(np.expm1(scaling.batch(some).gaps[:, 0, 0]), [0, 1, 1.5, 4, 1], rtol=1e-5)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"times": np.array([[-1.0, -2.0]])}, "do not rise"),
        ({"times": np.array([[-1.0, 1.0]])}, "do not rise"),
        ({"times": np.array([[np.nan, 0.0]])}, "without a time holds values"),
        ({"values": np.array([[[np.inf], [1.0]]])}, "infinite"),
        ({"values": np.zeros((1, 3, 1))}, "differ"),
    ],
)
def test_windows_that_cannot_be_are_refused(change: dict[str, np.ndarray], words: str) -> None:
    fine = {"values": np.ones((1, 2, 1)), "times": np.array([[-1.0, 0.0]])}
    Windows(CHANNELS[:1], **fine, fixed=nothing_fixed(1))
    with pytest.raises(DataError, match=words):
        Windows(CHANNELS[:1], **{**fine, **change}, fixed=nothing_fixed(1))


def test_measurements_after_the_moment_of_asking_are_refused() -> None:
    with pytest.raises(DataError, match="after the moment of asking"):
        series_windows(np.array([0]), np.array([0.1]), np.array([0]), np.ones(1), CHANNELS, rows=1, steps=2)


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_learns_what_decides(kind: str) -> None:
    some, outcome = windows(800, seed=7)
    said = model(kind).predict(some)
    assert auroc(said.probability[:, 1], outcome) > 0.85
    assert abs(said.probability[:, 1].mean() - outcome.mean()) < 0.06
    by_event = coverage(said.sets, outcome.astype(int)).by_event
    assert all(one.high > 0.87 and one.low < 0.95 for one in by_event)
    assert all(bool(why) == silent for why, silent in zip(said.why, said.abstained, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_what_came_before_the_window_began_changes_nothing(kind: str) -> None:
    """Empty steps in front are as if they were not there: the same series, later in a longer window."""
    some, _ = windows(40, seed=8)
    late = some.take(np.arange(8))
    assert np.isnan(late.times[:, : STEPS // 2]).all()
    own = model(kind)
    short = replace(late, values=late.values[:, STEPS // 2 :], times=late.times[:, STEPS // 2 :])
    shorter = replace(own, steps=STEPS - STEPS // 2)
    np.testing.assert_allclose(own.margins(late), shorter.margins(short), atol=2e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_attributions_add_up_and_name_what_decides(kind: str) -> None:
    some, _ = windows(60, seed=9)
    found = model(kind).attribute(some)
    whole = found.base + found.values.sum(axis=(1, 2)) + found.fixed.sum(axis=1)
    np.testing.assert_allclose(whole, found.margin, atol=0.01)
    assert (found.values[np.isnan(some.values)] == 0).all()
    size = np.abs(found.values).sum(axis=(0, 1))
    assert size[0] > 2 * size[2]
    assert size[1] > 2 * size[2]
    told = model(kind).explain(some)
    assert [one.name for one in told.features] == ["one", "two", "noise", "age"]
    np.testing.assert_allclose(told.base + told.values.sum(axis=1), told.margin, atol=1e-9)


def test_attributions_that_do_not_add_up_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(path, "TOLERANCE", 1e-12)
    monkeypatch.setattr(path, "PANELS", (1,))
    with pytest.raises(SolveError, match="do not add up"):
        model().attribute(windows(60, seed=9)[0])


def test_a_training_broken_off_goes_on_as_if_it_was_not(tmp_path: Path) -> None:
    some, outcome = windows(1000, seed=1)
    told: list[Progress] = []

    def fit(seed: int, keep: Path | None = None, stop_after: int = 99) -> SequenceModel:
        def tell(one: Progress) -> None:
            told.append(one)
            if one.epoch == stop_after:
                raise KeyboardInterrupt

        return fit_sequences(
            some, outcome, parts(1000), Shape("gru_d", hidden=12, layers=1), replace(HOW, seed=seed), name="a",
            title="A", target=TARGET, unit="d", tell=tell, keep=keep,
        )  # fmt: skip

    with pytest.raises(KeyboardInterrupt):
        fit(2, tmp_path / "kept", stop_after=4)
    told.clear()
    again = fit(2, tmp_path / "kept")
    assert [one.epoch for one in told] == [5, 6]
    np.testing.assert_array_equal(again.margins(some), model().margins(some))
    with pytest.raises(InputError, match="another training"):
        fit(4, tmp_path / "kept")


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_is_kept_and_read_back(kind: str, tmp_path: Path) -> None:
    some, _ = windows(50, seed=4)
    save(model(kind), tmp_path / "kept")
    back = load_kept(tmp_path / "kept")
    assert isinstance(back, SequenceModel)
    np.testing.assert_array_equal(back.predict(some).probability, model(kind).predict(some).probability)
    assert back.fixed == model(kind).fixed


def test_what_the_model_does_not_know_it_does_not_answer() -> None:
    some, _ = windows(3, seed=5)
    values = some.values.copy()
    values[0, -1, 0], values[1] = 400.0, np.nan
    said = model().predict(replace(some, values=values))
    assert said.abstained[:2].all()
    assert "One is 400 mmol/L" in said.why[0]
    assert said.why[1] == "Nothing was measured."


def test_other_channels_units_and_steps_are_refused() -> None:
    some, _ = windows(3, seed=5)
    with pytest.raises(DataError, match="channels are not those"):
        model().predict(replace(some, channels=(replace(CHANNELS[0], unit="mg/dL"), *CHANNELS[1:])))
    with pytest.raises(DataError, match="steps are not those"):
        model().predict(replace(some, values=some.values[:, 1:], times=some.times[:, 1:]))


def test_no_model_comes_of_one_outcome_or_an_empty_channel() -> None:
    some, outcome = windows(100, seed=6)
    named = {"name": "a", "title": "A", "target": TARGET, "unit": "d"}
    with pytest.raises(DataError, match="only one outcome"):
        fit_sequences(some, np.zeros(100, bool), parts(100), Shape(), Training(), **named)  # type: ignore[arg-type]
    values = some.values.copy()
    values[:, :, 1] = np.nan
    with pytest.raises(DataError, match="never measured"):
        fit_sequences(replace(some, values=values), outcome, parts(100), Shape(), Training(), **named)  # type: ignore[arg-type]


def test_a_window_is_against_the_days_before_it() -> None:
    random = np.random.default_rng(1)
    days = 60 + 5 * random.standard_normal((2, 100, 2))
    days[:, 96:, 0] += 20
    days[1, :, 1] = np.nan
    channels = (Feature("heart_rate", "Heart rate", "/min"), Feature("steps", "Steps"))
    usual = Usual(typical_spread(days), steps=7, span=40, least=7)
    some = usual.windows(days, np.array([0, 1]), np.array([99, 99]), channels, ("a", "b"))
    assert some.ids == ("a", "b")
    np.testing.assert_allclose(some.values[:, -3:, 0].mean(), 4, atol=0.8)
    before = days[0, 53:93, 0]
    assert some.fixed.values[0, 0] == pytest.approx(before.mean())
    sd = np.sqrt((40 * before.var() + 7 * typical_spread(days)[0] ** 2) / 47)
    np.testing.assert_allclose(some.values[0, :, 0], (days[0, 93:, 0] - before.mean()) / sd)
    assert np.isnan(some.values[1, :, 1]).all()
    later = days.copy()
    later[:, 100:] = 0
    early = usual.windows(later, np.array([0]), np.array([8]), channels)
    assert np.isnan(early.values).all()
    with pytest.raises(DataError, match="outside the days"):
        usual.windows(days, np.array([0]), np.array([100]), channels)


def test_days_after_the_moment_of_asking_change_nothing() -> None:
    days = np.random.default_rng(2).standard_normal((3, 80, 2))
    channels = (Feature("a", "A"), Feature("b", "B"))
    usual, later = Usual(np.ones(2)), days.copy()
    later[:, 71:] += 100
    one, two = (usual.windows(d, np.arange(3), np.full(3, 70), channels) for d in (days, later))
    np.testing.assert_allclose(one.values, two.values, atol=1e-9)
