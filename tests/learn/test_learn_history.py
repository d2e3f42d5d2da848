"""Whole histories as tokens: what is told of them, masked pre-training, a model of them, what each thing did."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.learn import Manifest, Target, load_kept, save
from vitruvian.learn.history import (
    KINDS,
    Events,
    Histories,
    HistoryModel,
    HistoryNetwork,
    HistoryShape,
    Vocabulary,
    fit_history,
    hidden_codes_told,
    histories,
    made_up_histories,
    pretrain,
    untrained,
)
from vitruvian.learn.sequence import Training
from vitruvian.learn.trust import Conformal, Platt, auroc

PEOPLE = 400
SHAPE = HistoryShape(width=16, layers=1, heads=2, most=40)


@cache
def people() -> tuple[Histories, Vocabulary, np.ndarray]:
    made = made_up_histories(PEOPLE, seed=1)
    words = Vocabulary.of(made.events, KINDS)
    return histories(made.events, words, PEOPLE, SHAPE.most), words, made.came


@cache
def pretrained() -> HistoryNetwork:
    found, words, _ = people()
    held = np.arange(PEOPLE) % 10 == 0
    return pretrain(untrained(words, SHAPE, 3), found, held, Training(epochs=10, batch=40, rate=0.02, noise=0, seed=3))


@cache
def model() -> HistoryModel:
    found, words, came = people()
    place = np.arange(PEOPLE) % 10
    parts = {"train": place < 6, "stop": place == 6, "calibrate": place > 6}
    return fit_history(
        found, words, came, parts, SHAPE, Training(epochs=6, batch=40, rate=0.01, seed=4), name="hospital",
        title="Hospital", target=Target("hospital", "Hospital", horizon="P1Y"), unit="a",
    )  # fmt: skip


def test_the_newest_things_are_tokens_oldest_first() -> None:
    events = Events(np.array([0, 0, 0, 1]), np.array([-1.0, -3.0, -2.0, -5.0]), ("a", "b", "c", "a"),
                    np.array([10.0, np.nan, 7.0, 14.0]))  # fmt: skip
    words = Vocabulary(("a", "b"), ("laboratory", "condition"), np.array([12.0, 0.0]), np.array([2.0, 1.0]))
    found = histories(events, words, 3, 2)
    np.testing.assert_array_equal(found.code, [[2, 3], [0, 3], [0, 0]])
    np.testing.assert_array_equal(found.value, [[np.nan, -1], [np.nan, 1], [np.nan, np.nan]])
    np.testing.assert_array_equal(found.time, [[-2, -1], [np.nan, -5], [np.nan, np.nan]])
    np.testing.assert_array_equal(found.left_out, [1, 0, 0])


def test_the_vocabulary_keeps_what_is_frequent_with_its_values() -> None:
    events = Events(np.zeros(5, int), np.zeros(5), ("a", "a", "b", "c", "a"), np.array([1.0, 3.0, 5.0, np.nan, np.nan]))
    words = Vocabulary.of(events, {"a": "laboratory", "b": "vital"}, least=2)
    assert (words.codes, words.kinds) == (("a",), ("laboratory",))
    assert (words.mean[0], words.sd[0]) == (2.0, 1.0)
    with pytest.raises(DataError, match="without a kind"):
        Vocabulary.of(events, {"a": "laboratory"}, least=1)
    with pytest.raises(DataError, match="no code is there often enough"):
        Vocabulary.of(events, {}, least=9)


def test_what_is_known_later_is_refused() -> None:
    with pytest.raises(DataError, match="after the moment of asking"):
        Events(np.zeros(1, int), np.array([0.5]), ("a",), np.ones(1))
    with pytest.raises(DataError, match="known of nobody"):
        histories(Events(np.array([3]), np.zeros(1), ("a",), np.ones(1)), people()[1], 3, 4)


@pytest.mark.slow
def test_pretraining_learns_what_histories_are_like() -> None:
    found, words, _ = people()
    fresh = made_up_histories(300, seed=9)
    unseen = histories(fresh.events, words, 300, SHAPE.most)
    told, often = hidden_codes_told(pretrained(), unseen)
    before, _ = hidden_codes_told(untrained(words, SHAPE, 3), unseen)
    assert told > often + 0.04
    assert told > before + 0.1
    assert len(found) == PEOPLE


@pytest.mark.slow
def test_a_model_of_histories_foretells() -> None:
    fresh = made_up_histories(600, seed=11)
    unseen = histories(fresh.events, people()[1], 600, SHAPE.most)
    said = model().predict(unseen)
    assert auroc(said.probability[:, 1], fresh.came) > 0.68
    assert abs(said.probability[:, 1].mean() - fresh.came.mean()) < 0.08
    assert all(bool(why) == silent for why, silent in zip(said.why, said.abstained, strict=True))


@pytest.mark.slow
def test_the_order_of_reading_changes_nothing() -> None:
    found = people()[0].take(np.arange(20))
    order = np.random.default_rng(1).permutation(SHAPE.most)
    mixed = Histories(found.code[:, order], found.value[:, order], found.time[:, order], found.left_out)
    np.testing.assert_allclose(model().margins(mixed), model().margins(found), atol=1e-4)


@pytest.mark.slow
def test_what_each_thing_did_adds_up() -> None:
    found = people()[0].take(np.arange(30))
    base, moved = model().attribute(found)
    np.testing.assert_allclose(base + moved.sum(axis=1), model().margins(found), atol=0.02)
    assert (moved[found.code == 0] == 0).all()


def test_a_model_of_histories_is_kept(tmp_path: Path) -> None:
    """Its program is small here: nothing is learned, and one reading is all that is compiled."""
    found, words, _ = people()
    net = untrained(words, SHAPE, 3)
    target, limits = Target("hospital", "Hospital"), Conformal(0.9, np.full((1, 2), 0.8), np.full((1, 2), 50))
    own = HistoryModel("a", "A", "1", (), target, (), Manifest(), SHAPE, words, "a", net, Platt(0.1, 0.9), limits)
    save(own, tmp_path / "kept")
    back = load_kept(tmp_path / "kept")
    assert isinstance(back, HistoryModel)
    some = found.take(np.arange(30))
    np.testing.assert_array_equal(back.predict(some).probability, own.predict(some).probability)
    assert back.vocabulary.codes == words.codes
    strange = replace(some, code=np.where(some.code > 0, 2, 0))
    assert back.predict(strange).why[0] == "Most codes of this history are unknown."
    with pytest.raises(DataError, match="not those of the model"):
        back.predict(replace(some, code=some.code[:, 1:], value=some.value[:, 1:], time=some.time[:, 1:]))


def test_nobody_has_no_histories() -> None:
    with pytest.raises(InputError, match="made-up histories"):
        made_up_histories(0, seed=1)


@pytest.mark.slow
def test_a_pretrained_network_is_fine_tuned() -> None:
    found, words, came = people()
    place = np.arange(PEOPLE) % 10
    parts = {"train": place < 6, "stop": place == 6, "calibrate": place > 6}
    how = Training(epochs=1, batch=40, rate=0.005, seed=4)
    named = {"name": "a", "title": "A", "target": Target("a", "A"), "unit": "a"}
    tuned = fit_history(found, words, came, parts, SHAPE, how, start=pretrained(), **named)  # type: ignore[arg-type]
    plain = fit_history(found, words, came, parts, SHAPE, how, **named)  # type: ignore[arg-type]
    told, _ = hidden_codes_told(tuned.net, found)
    assert told > hidden_codes_told(plain.net, found)[0] + 0.05
