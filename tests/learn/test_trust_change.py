"""Change control: a plan as a file; the new model is taken, or not, with reasons; and it is written down."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.learn.trust import Frozen, Plan, class_conditional, decide, outcomes, read_plan, recorded

_N = 1500
_RNG = np.random.default_rng(0)
_X = _RNG.normal(-1.5, 1.4, _N)
_Y = _RNG.random(_N) < 1 / (1 + np.exp(-_X))
_OLD = 1 / (1 + np.exp(-(_X + _RNG.normal(0, 0.6, _N)) * 0.85 + 0.15))
_NEW = 1 / (1 + np.exp(-_X))
_FROZEN = Frozen([f"p{i}" for i in range(_N)], _Y)
_PLAN = Plan("ICU death", "yearly", _FROZEN.hash, 0.005, 0.002, (0.8, 1.25), (0.85, 1.18), draws=200)


def test_a_better_model_is_taken() -> None:
    found = decide(_PLAN, _FROZEN, _OLD, _NEW)
    assert found.accepted
    assert found.reasons == ()
    assert [one.what for one in found.checks] == [
        "AUROC, new less old", "Brier score, new less old", "calibration slope", "expected over observed",
    ]  # fmt: skip


def test_the_same_model_loses_nothing() -> None:
    assert decide(replace(_PLAN, auroc_loss=0.0, brier_loss=0.0), _FROZEN, _NEW, _NEW).accepted


def test_a_worse_one_is_not_with_reasons() -> None:
    found = decide(_PLAN, _FROZEN, _NEW, _OLD)
    assert not found.accepted
    assert found.reasons[0].startswith("AUROC, new less old: -0.")
    assert "allowed a loss of at most 0.005 at the far end" in found.reasons[0]


def test_too_few_people_mean_no() -> None:
    """As good as the old one, but of 60 people nobody can say that it loses no more than 0.005."""
    few = Frozen(_FROZEN.ids[:60], _Y[:60])
    plan, taken = replace(_PLAN, frozen=few.hash, slope=(0.1, 9.0), brier_loss=1.0, draws=60), 0
    for seed in range(10):
        noise = np.random.default_rng(seed).normal(0, 0.6, (2, 60))
        old, new = 1 / (1 + np.exp(-(_X[:60] + noise) * 0.85 + 0.15))
        taken += decide(plan, few, old, new).accepted
    assert taken <= 2


def test_a_group_that_loses_refuses_the_whole() -> None:
    women = np.arange(_N) % 3 == 0
    spoilt = np.where(women, np.clip(_NEW * 0.5, 0, 1), _NEW)
    groups = {"women": women, "few": np.arange(_N) < 8}
    plan = replace(_PLAN, auroc_loss=1.0, brier_loss=1.0, slope=(0.1, 9.0), ratio=(0.1, 9.0), group_ratio=(0.8, 1.25))
    found = decide(plan, replace(_FROZEN, groups=groups), _OLD, spoilt)
    assert [one.what for one in found.checks if one.holds is False] == ["expected over observed of group women"]
    assert found.reasons[-1].startswith("group few was not judged")
    assert not found.accepted


def test_sets_must_keep_their_promise_too() -> None:
    sets = class_conditional(outcomes(_NEW), _Y).sets(outcomes(_NEW))
    plan = replace(_PLAN, coverage=(0.88, 0.93))
    assert decide(plan, _FROZEN, _OLD, _NEW, sets).accepted
    assert not decide(plan, _FROZEN, _OLD, _NEW, sets & (_NEW < 0.3)[:, None]).accepted
    assert decide(plan, _FROZEN, _OLD, _NEW).reasons == ("coverage of sets was not judged: no sets were given.",)


def test_another_set_than_the_frozen_one_is_refused() -> None:
    other = replace(_FROZEN, y=np.append(_Y[:-1], not _Y[-1]))
    with pytest.raises(DataError, match="not the frozen set of the plan"):
        decide(_PLAN, other, _OLD, _NEW)
    turned = Frozen(_FROZEN.ids[::-1], _Y[::-1])
    assert turned.hash == _FROZEN.hash


_TOML = """
name = "ICU death"
why = "yearly retraining"
frozen = "{hash}"
auroc_loss = 0.005
brier_loss = 0.002
slope = [0.8, 1.25]
ratio = [0.85, 1.18]
draws = 200
"""


def test_a_plan_is_read_and_the_decision_written(tmp_path: Path) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(_TOML.format(hash=_FROZEN.hash))
    plan = read_plan(file)
    assert plan == replace(_PLAN, why="yearly retraining")
    for new in (_NEW, _OLD):
        recorded(decide(plan, _FROZEN, _OLD, new), tmp_path / "decisions.jsonl", "2026-01-01T00:00:00Z")
    lines = [json.loads(one) for one in (tmp_path / "decisions.jsonl").read_text().splitlines()]
    assert len(lines) == 2
    assert (lines[0]["plan"]["name"], lines[0]["accepted"], len(lines[0]["checks"])) == ("ICU death", True, 4)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('name = "ICU death"', "", "must say.*name"),
        ("auroc_loss = 0.005", "auroc_loss = -1", "auroc_loss; got -1"),
        ("auroc_loss = 0.005", "auroc_loss = true", "auroc_loss; got True"),
        ("slope = [0.8, 1.25]", "slope = [1.25, 0.8]", "slope"),
        ("draws = 200", "drafts = 200", "no such field of a plan; got drafts"),
        ("draws = 200", "draws = ", "cannot be read as a plan"),
    ],
)
def test_a_plan_that_is_none_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    file = tmp_path / "plan.toml"
    file.write_text(_TOML.replace(old, new))
    with pytest.raises(InputError, match=says):
        read_plan(file)
