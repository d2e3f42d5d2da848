"""Runs: the same wherever folds are fitted, going on where they broke off, test sets opened once, bad rows refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from made_stays import made_stays
from vitruvian.core import DataError, InputError, UnknownNameError
from vitruvian.learn import Rows, load
from vitruvian.learn.table import Growth, Mix
from vitruvian.learn.trust import markdown
from vitruvian.scale import InProcess, ProcessPool
from vitruvian.scale.dask import DaskCluster
from vitruvian.study.cards import data_sheet, model_card
from vitruvian.study.learning import (
    Examples,
    Judged,
    drawn,
    evaluate,
    evaluate_once,
    folds_of,
    held_back,
    openings,
    plain,
    read_rows,
    restored,
    score_table,
    search,
    split_hash,
    task_of,
    train,
)
from vitruvian.study.learning import fitting as fitting_file

SMALL = Mix(Growth(trees=30, min_data_in_leaf=5, feature_fraction=0.3, learning_rate=0.1), ridge=50.0, most=20)
TASK = task_of("icu_death")


@pytest.fixture(scope="module")
def stays(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("icu2012")
    made_stays(folder, "a", 220)
    return made_stays(folder, "b", 150, seed=1)


@pytest.fixture(scope="module")
def examples(stays: Path) -> Examples:
    return TASK.read(stays, "train")


@pytest.fixture(scope="module")
def trained(examples: Examples, tmp_path_factory: pytest.TempPathFactory):
    out = tmp_path_factory.mktemp("models") / "death"
    return out, train(TASK, examples, out, mix=SMALL, folds=3, draws=50)


def test_a_run_gives_a_model_that_knows_where_it_comes_from(trained, examples):
    out, done = trained
    model = load(out)
    assert model.manifest.rows == 220
    assert set(model.manifest.data) == {"set_a.csv.gz", "outcomes_a.csv"}
    assert model.manifest.split == split_hash(examples.rows.ids, folds_of(examples.people, examples.label, 3, 1))
    assert model.manifest.versions["lightgbm"] > "4"
    assert model.manifest.settings["task"] == "icu_death"
    np.testing.assert_array_equal(
        model.predict(examples.rows).probability, done.model.predict(examples.rows).probability
    )
    assert not out.with_name("death.run").exists()
    assert done.judged.measures["auroc"].value > 0.75
    assert {one.floor for one in done.judged.gains} == {"LightGBM, regularised", "logistic"}
    assert {one.attribute for one in done.judged.groups} == {
        "Sex, first (all)",
        "Age, first (all)",
        "Kind of intensive care, first (all)",
    }


def test_what_was_measured_comes_back_from_the_manifest_for_the_card(trained, examples):
    _, done = trained
    back = restored(Judged, json.loads(json.dumps(plain(done.judged))))
    assert plain(back) == plain(done.judged)
    card = markdown(model_card(done.model, [back], use="To test.", limits=(TASK.about,)))
    assert "AUROC" in card
    assert "Against simpler models" in card
    sheet = markdown(data_sheet(TASK.title, examples.real, why="", collected=TASK.collected, rights=TASK.rights))
    assert "220 rows of 220 people" in sheet


def test_rows_made_without_last_readings_teach_and_are_never_judged_on(trained, examples):
    assert (len(examples), len(examples.real), len(set(examples.people))) == (440, 220, 220)
    assert trained[1].judged.n == 220
    names = [one.name for one in examples.rows.features]
    assert not [one for one in names if "_since_" in one or "_n_" in one]
    last, mean = (names.index(f"Lactate_{one}_all") for one in ("last", "mean"))
    whole, copy = examples.rows.values[:220], examples.rows.values[220:]
    n = 6  # readings of each stay
    np.testing.assert_allclose((whole[:, mean] * n - whole[:, last]) / (n - 1), copy[:, mean], atol=0.02)
    assert (whole[:, last] != copy[:, last]).mean() > 0.9


def searched(examples, folder, executor):
    return search(examples, drawn(SMALL, 2, seed=4), folder, folds=2, seed=1, executor=executor)


def test_settings_are_searched_alike_in_process_and_on_dask(examples, tmp_path):
    from distributed import LocalCluster

    mixes = drawn(SMALL, 2, seed=4)
    assert mixes == drawn(SMALL, 2, seed=4)
    assert mixes[0] == SMALL != mixes[1]
    alone = searched(examples, tmp_path / "one", InProcess())
    with LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as cluster:
        spread = searched(examples, tmp_path / "two", DaskCluster(cluster.scheduler_address))
    assert alone == spread
    assert alone[0].auroc >= alone[1].auroc


@pytest.mark.slow
def test_settings_are_searched_alike_in_a_pool_of_processes(examples, tmp_path):
    alone = searched(examples, tmp_path / "one", InProcess())
    assert searched(examples, tmp_path / "two", ProcessPool(2)) == alone


def test_an_interrupted_run_goes_on_and_ends_as_if_it_had_not_been(trained, examples, tmp_path, monkeypatch):
    out, done = trained
    fitted: list[int] = []

    def breaks(work):
        if len(fitted) == 2 and not (tmp_path / "mended").exists():
            raise KeyboardInterrupt
        fitted.append(work.part)
        return whole(work)

    whole = fitting_file.fit_fold
    monkeypatch.setattr(fitting_file, "fit_fold", breaks)
    with pytest.raises(KeyboardInterrupt):
        train(TASK, examples, tmp_path / "death", mix=SMALL, folds=3, draws=50)
    assert not (tmp_path / "death").exists()  # nothing half-trained
    with pytest.raises(InputError, match="holds another run"):
        train(TASK, examples, tmp_path / "death", mix=SMALL, folds=3, draws=50, seed=2)
    (tmp_path / "mended").touch()
    again = train(TASK, examples, tmp_path / "death", mix=SMALL, folds=3, draws=50)
    assert fitted == [0, 1, 2]
    assert plain(again.judged) == plain(done.judged)
    assert (tmp_path / "death" / "arrays.npz").read_bytes() == (out / "arrays.npz").read_bytes()
    with pytest.raises(InputError, match="not written over"):
        train(TASK, examples, tmp_path / "death", mix=SMALL)


def test_test_rows_are_opened_once_and_every_opening_is_written_down(trained, stays, tmp_path):
    out, done = trained
    ledger = tmp_path / "openings.jsonl"
    judged = evaluate_once(out, done.model, TASK, stays, ledger, draws=50)
    assert judged.part == "set b"
    assert (judged.n, len(judged.gains)) == (150, 2)
    with pytest.raises(InputError, match="were opened on 20"):
        evaluate_once(out, done.model, TASK, stays, ledger, draws=50)
    assert len(openings(ledger)) == 1
    evaluate_once(out, done.model, TASK, stays, ledger, again="a fault in the drawing", draws=50)
    assert [one.again for one in openings(ledger)] == ["", "a fault in the drawing"]
    ledger.write_text(ledger.read_text() + "{not a line")
    with pytest.raises(DataError, match="cannot be read"):
        openings(ledger)


def test_people_learned_from_cannot_judge(trained, examples):
    with pytest.raises(DataError, match="training and the test rows; got 220 people"):
        evaluate(trained[1].model, TASK, examples, part="a", learned_from=examples)


def test_shuffled_labels_are_told_no_better_than_chance(examples, tmp_path):
    label = np.tile(np.random.default_rng(0).permutation(examples.real.label), 2)
    mixed = Examples(examples.rows, label, examples.people, examples.data, made=examples.made)
    done = train(TASK, mixed, tmp_path / "chance", mix=SMALL, folds=3, draws=50)
    assert 0.4 < done.judged.measures["auroc"].value < 0.6


def test_folds_keep_people_together_and_part_the_event_evenly():
    people = [f"p{k // 3}" for k in range(300)]
    label = np.arange(300) % 9 == 0
    part = folds_of(people, label, 5, 1)
    assert all(len({int(part[k]) for k in range(300) if people[k] == who}) == 1 for who in set(people))
    assert set(np.bincount(part, label)) <= {6.0, 7.0}
    assert (folds_of(people, label, 5, 1) == part).all()
    assert 0.1 < held_back(people).mean() < 0.35
    with pytest.raises(DataError, match="too few people"):
        folds_of(people[:9], label[:9], 5, 1)


def test_a_death_after_discharge_and_rows_of_nobody_are_refused(tmp_path):
    folder = made_stays(tmp_path / "late", "a", 40, late=True)
    with pytest.raises(DataError, match=r"deaths in hospital after discharge in outcomes_a.csv; got 1 rows"):
        TASK.read(folder, "train")
    outcomes = folder / "outcomes_a.csv"
    lines = outcomes.read_text().splitlines()
    outcomes.write_text("\n".join([lines[0], *(line.rsplit(",", 1)[0] + ",0" for line in lines[1:])]))
    with pytest.raises(DataError, match="0 of 40 rows have the event"):
        train(TASK, TASK.read(folder, "train"), tmp_path / "none", mix=SMALL)
    assert not list(tmp_path.glob("none*"))
    with pytest.raises(InputError, match=r"set_b.csv.gz is not in late"):
        TASK.read(folder, "test")
    with pytest.raises(UnknownNameError, match="no such recipe"):
        task_of("copd")


def test_rows_of_a_file_are_scored_and_new_categories_said(trained, examples, tmp_path):
    model = trained[1].model
    header = ["id", *(one.name for one in model.features)]
    sex = header.index("Gender_first_all")

    def line(k: int) -> list[str]:
        values = [
            "" if np.isnan(v) else one.categories[int(v)] if one.kind == "category" else repr(float(v))
            for one, v in zip(model.features, examples.rows.values[k], strict=True)
        ]
        return [examples.rows.ids[k], *values]

    lines = [line(k) for k in range(30)]
    lines[4][sex] = "unsaid"
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(",".join(one) for one in [header, *lines]))
    table, remarks = score_table(model, read_rows(file, model.features))
    golden = model.predict(Rows(model.features, examples.rows.values[:30])).probability[:, 1]
    same = np.arange(30) != 4
    np.testing.assert_array_equal(table["p_dies"].to_numpy()[same], golden[same])
    assert remarks[-1] == "Sex, first (all): a category that the model does not know in 1 of 30 rows."
    assert table["abstained"][4]
    lines[5][header.index("Age_first_all")] = "old"
    file.write_text("\n".join(",".join(one) for one in [header, *lines]))
    with pytest.raises(DataError, match="Age_first_all holds texts; got 1 of 30 rows"):
        read_rows(file, model.features)
    file.write_text("id,Age_first_all\n1,50\n")
    with pytest.raises(DataError, match="columns are missing"):
        read_rows(file, model.features)
