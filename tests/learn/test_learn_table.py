"""Tables: forests answer as LightGBM does and explain exactly; encodings do not tell a row its own label."""

import numpy as np
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.learn import Feature, Manifest, Rows, Target, load, save
from vitruvian.learn.risk import RiskModel
from vitruvian.learn.table import (
    FLOORS,
    Growth,
    Mix,
    blend_of,
    empty,
    fit_additive,
    fit_blend,
    fit_encoding,
    forest_of,
    grow,
    matched,
    same_units,
    strange,
    trainable,
)
from vitruvian.learn.table.forest import joined
from vitruvian.learn.table.growing import booster
from vitruvian.learn.trust import Platt, auroc, class_conditional, outcomes

GROWTH = Growth(trees=40, min_data_in_leaf=10, feature_fraction=0.7, learning_rate=0.1)
TREES = {"trees": 40, "num_leaves": 8, "min_data_in_leaf": 10, "feature_fraction": 0.7, "learning_rate": 0.1}


def people(n=600, seed=3):
    """Columns with values missing at random, missing with a meaning, never missing, and constant."""
    draw = np.random.default_rng(seed)
    x = draw.normal(size=(n, 6))
    label = draw.random(n) < 1 / (1 + np.exp(1.0 - 1.5 * x[:, 0] - np.abs(x[:, 1]) + (x[:, 2] > 1)))
    x[draw.random(n) < 0.3, 0] = np.nan
    x[(draw.random(n) < 0.5) & label, 3] = np.nan
    x[:, 5] = 2.0
    return x, label


FEATURES = (
    *(Feature(f"x{k}", f"Number {k}", "1", low=-50, high=50) for k in range(6)),
    Feature("ward", "Ward", kind="category", categories=("a", "b", "c")),
    Feature("code", "Code", kind="category", categories=tuple(f"c{k}" for k in range(20))),
)


def table(n=600, seed=3):
    x, label = people(n, seed)
    draw = np.random.default_rng(seed + 1)
    ward, code = draw.integers(3, size=n).astype(float), draw.integers(20, size=n).astype(float)
    ward[draw.random(n) < 0.1] = np.nan
    return Rows(FEATURES, np.column_stack([x, ward, code]), tuple(f"p{k}" for k in range(n))), label


@pytest.mark.parametrize("extra", [False, True])
def test_a_forest_says_and_explains_what_lightgbm_does(extra):
    x, label = people()
    theirs = booster({**TREES, "extra_trees": extra, "lambda_l2": 10.0, "max_bin": 63}, x, label, 5)
    forest = grow(Growth(**TREES, extra_trees=extra), x, label, 5)
    asked = np.concatenate([people(1500, 9)[0], np.full((1, 6), np.nan)])  # the never missing column missing too
    np.testing.assert_allclose(forest.margin(asked), theirs.predict(asked, raw_score=True), rtol=0, atol=1e-12)
    base, moved = forest.contributions(asked)
    golden = theirs.predict(asked, pred_contrib=True)
    np.testing.assert_allclose(moved, golden[:, :-1], rtol=0, atol=1e-12)
    np.testing.assert_allclose(base, golden[0, -1], rtol=0, atol=1e-12)
    few = forest.contributions(asked[-3:])[1]
    np.testing.assert_allclose(few, moved[-3:], rtol=0, atol=1e-14)


def test_the_same_seed_grows_the_same_forest_and_arrays_bring_it_back():
    x, label = people()
    one, two = grow(GROWTH, x, label, 5), grow(GROWTH, x, label, 5)
    np.testing.assert_array_equal(one.threshold, two.threshold)
    back = forest_of(one.to_arrays())
    np.testing.assert_array_equal(back.margin(x), one.margin(x))
    other = grow(GROWTH, x, label, 6)
    np.testing.assert_allclose(joined((one, other)).margin(x), (one.margin(x) + other.margin(x)) / 2, atol=1e-12)


def test_forests_that_are_none_are_refused():
    x, label = people(100)
    arrays = grow(Growth(trees=2), x, label, 1).to_arrays()
    with pytest.raises(DataError, match="leads back"):
        forest_of(arrays | {"left": np.zeros_like(arrays["left"])})
    with pytest.raises(DataError, match="column that is not there"):
        forest_of(arrays | {"columns": np.array(0)})
    with pytest.raises(InputError, match="leaves of a tree"):
        Growth(num_leaves=31)


def test_an_additive_model_is_its_own_explanation():
    x, label = people(2000)
    model = fit_additive(x, label, 10.0, 4)
    base, moved = model.contributions(x)
    np.testing.assert_allclose(base + moved.sum(1), model.margin(x), atol=1e-12)
    np.testing.assert_allclose(moved.mean(0), 0.0, atol=1e-9)
    assert (moved != 0).any(0).sum() == 4  # the columns that tell something, and no more than asked for
    assert not moved[:, 5].any()  # constant
    assert auroc(1 / (1 + np.exp(-model.margin(x))), label) > 0.75
    assert model.margin(np.full((1, 6), np.nan)) == pytest.approx(base + model.absent.sum())


def test_rates_of_categories_come_from_other_people():
    """A code that only says who the person is must tell nothing of the label."""
    draw = np.random.default_rng(0)
    n = 400
    person = np.repeat(np.arange(n // 2), 2)
    label = np.repeat(draw.random(n // 2) < 0.3, 2)
    names = Feature("who", "Who", kind="category", categories=tuple(str(k) for k in range(n // 2)))
    rows = Rows((names,), person[:, None].astype(float))
    encoding, told = fit_encoding(rows, label, tuple(map(str, person)), 1)
    assert auroc((told[:, 0] - told.min()) / np.ptp(told), label) < 0.55
    assert auroc((encoding(rows.values)[:, 0] + 9) / 20, label) == 1.0  # had the rows been told their own
    assert np.isnan(encoding(np.array([[float(n)], [-1.0], [np.nan]]))).all()


def test_a_blend_adds_up_by_feature_and_comes_back():
    rows, label = table()
    blend = fit_blend(Mix(GROWTH, forests=2, most=5), rows, label, seed=1)
    base, moved = blend.contributions(rows.values)
    assert moved.shape == rows.values.shape
    np.testing.assert_allclose(base + moved.sum(1), blend.margin(rows.values), atol=1e-12)
    np.testing.assert_array_equal(blend_of(blend.to_arrays()).margin(rows.values), blend.margin(rows.values))
    alone = fit_blend(Mix(GROWTH, share=0.0), rows, label, seed=1)
    np.testing.assert_allclose(alone.margin(rows.values), alone.forest.margin(alone.encoding(rows.values)))


def risk(rows, label):
    blend = fit_blend(Mix(GROWTH), rows, label, seed=1)
    p = 1 / (1 + np.exp(-blend.margin(rows.values)))
    sets = class_conditional(outcomes(p), label)
    target = Target("event", "The event", horizon="P30D")
    return RiskModel(
        "risk", "Risk", "1", rows.features, target, (), Manifest(rows=len(rows)), blend, Platt(0.1, 0.9), sets
    )


def test_a_risk_is_calibrated_explained_kept_and_brought_back(tmp_path):
    rows, label = table()
    model = risk(rows, label)
    scores, why = model.predict(rows), model.explain(rows)
    np.testing.assert_allclose(why.base + why.values.sum(1), why.margin, atol=1e-12)
    np.testing.assert_allclose(1 / (1 + np.exp(-why.margin)), scores.probability[:, 1], atol=1e-12)
    assert scores.sets[np.arange(len(label)), label.astype(int)].mean() > 0.85
    back = load(save(model, tmp_path / "risk"))
    np.testing.assert_array_equal(back.predict(rows).probability, scores.probability)
    assert back.features == rows.features


def test_a_new_category_abstains_and_is_counted():
    rows, label = table()
    model = risk(rows, label)
    values = rows.values[:40].copy()
    values[:3, 6] = 3.0
    values[5, 0] = 99.0
    asked = Rows(FEATURES, values)
    scores = model.predict(asked)
    assert scores.abstained[[0, 1, 2, 5]].all()
    assert "does not know" in scores.why[0]
    assert strange(asked) == (
        "Number 0: a value out of bounds in 1 of 40 rows.",
        "Ward: a category that the model does not know in 3 of 40 rows.",
    )


def test_columns_are_matched_by_name_and_categories_by_theirs():
    rows, label = table()
    model = risk(rows, label)
    ward = Feature("ward", "Ward", kind="category", categories=("c", "b", "a", "new"))
    shuffled = Rows(
        (ward, *FEATURES[:6], FEATURES[7]),
        np.column_stack([2 - rows.values[:, 6], rows.values[:, [0, 1, 2, 3, 4, 5, 7]]]),
    )
    np.testing.assert_array_equal(model.predict(shuffled).probability, model.predict(rows).probability)
    unknown = np.array(shuffled.values[:1])
    unknown[0, 0] = 3.0
    assert matched(FEATURES, Rows(shuffled.features, unknown)).outside[0, 6]
    with pytest.raises(DataError, match="1 columns of the model are missing"):
        model.predict(Rows(FEATURES[:-1], rows.values[:, :-1]))
    other = Feature("x0", "Number 0", "mg/dL", low=-50, high=50)
    with pytest.raises(DataError, match=r"x0 is another thing than in the model; got number in mg/dL, 600 rows"):
        model.predict(Rows((other, *FEATURES[1:]), rows.values))


def test_bad_tables_are_refused_or_remarked_with_their_rows():
    rows, label = table()
    with pytest.raises(DataError, match="0 of 600 rows have the event"):
        trainable(rows, np.zeros(600, bool))
    with pytest.raises(DataError, match="got 599 and 600"):
        trainable(rows, label[1:])
    gone = Rows(FEATURES, np.where(np.arange(8) == 2, np.nan, rows.values))
    assert empty(gone) == ("1 columns have no value in 600 rows: x2.",)
    site = np.where(np.arange(600) < 200, "north", "south")
    quiet = label & (site == "south")
    assert trainable(rows, quiet, site) == (
        "Sites where nobody has the event: north (200 rows); nothing is known of them.",
    )
    units = rows.values.copy()
    units[:, 1] += 10
    units[site == "north", 1] *= 18.0
    with pytest.raises(DataError, match=r"x1 of site north seems to be in another unit.*200 rows"):
        same_units(Rows(FEATURES, units), site)


def test_floors_tell_something():
    rows, label = table(1200)
    asked, truth = table(600, seed=8)
    for floor in FLOORS.values():
        assert 0.6 < auroc(floor(rows, label, 1, None)(asked.values), truth) < 0.95
