"""Recipes: those that come along, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from vitruvian.core import InputError, UnknownNameError
from vitruvian.study.features import Derived, Recipe, Variable, Window, read_recipe, recipe_names

GOOD = """
name = "r"
title = "A recipe"
[windows]
ever = "ever"
day = "24 h"
before = { from = "2 d", to = "1 d" }
[sets.measured]
ever = ["last"]
day = ["mean"]
[[variable]]
name = "x"
title = "Ex"
codes = ["X"]
unit = "mg/dL"
low = 1
take = "measured"
[[variable]]
name = "note"
codes = ["N"]
extracted = true
take = { before = ["any"] }
[[derived]]
name = "d"
operation = "ratio"
of = ["x_last_ever", "x_mean_day"]
"""


def test_a_file_says_what_it_means(tmp_path: Path) -> None:
    (tmp_path / "r.toml").write_text(GOOD)
    recipe = read_recipe(tmp_path / "r.toml")
    x = Variable("x", ("X",), {"ever": ("last",), "day": ("mean",)}, "Ex", "mg/dL", low=1)
    note = Variable("note", ("N",), {"before": ("any",)}, extracted=True)
    windows = (Window("ever"), Window("day", 24), Window("before", 48, 24))
    derived = (Derived("d", "ratio", ("x_last_ever", "x_mean_day")),)
    assert recipe == Recipe("r", "A recipe", windows, (x, note), derived)
    told = {one.name: one for one in recipe.features}
    assert list(told) == ["x_last_ever", "x_mean_day", "note_any_before", "d"]
    assert (told["x_last_ever"].unit, told["x_last_ever"].low, told["x_last_ever"].title) == (
        "mg/dL",
        1,
        "Ex, last (ever)",
    )
    assert told["note_any_before"].about == "includes facts read from text"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('day = "24 h"', 'day = "-24 h"', "window day"),
        ('to = "1 d"', 'to = "-1 d"', "not in the future"),
        ('unit = "mg/dL"', "", "has no unit"),
        ('take = "measured"', 'take = "mesured"', "no such set"),
        ('ever = ["last"]', 'ever = ["lst"]', "feature x; got lst"),
        ('operation = "ratio"', 'operation = "sum"', "derived feature d"),
        ('of = ["x_last_ever"', 'of = ["x_last"', "is of no feature; got x_last"),
        ('name = "note"', 'name = "x"\nunits = "1"', "unknown keys; got units"),
        ("{ before =", "{ befor =", "window of note; got befor"),
        ('codes = ["N"]', "codes = []", "no codes"),
        ('title = "A recipe"', "", "lacks a key; got no 'title'"),
        ("[windows]", "[windows", "not TOML"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path: Path, old: str, new: str, message: str) -> None:
    (tmp_path / "r.toml").write_text(GOOD.replace(old, new))
    with pytest.raises(InputError, match=message):
        read_recipe(tmp_path / "r.toml")


def test_recipes_that_come_along() -> None:
    assert recipe_names() == ["chf_30d", "icu2012_48h"]
    icu = read_recipe("icu2012_48h")
    names = {one.name for one in icu.features}
    assert len(names) == len(icu.features) >= 336
    for statistic in ("first_all", "last_all", "mean_all", "min_all", "max_all", "n_all", "sd_all", "slope_all"):
        assert f"HR_{statistic}" in names
        assert f"Lactate_{statistic}" in names
    assert "Lactate_mean_last12" in names
    about = [one.about for one in read_recipe("chf_30d").features]
    for what in ("social", "environment", "includes facts read from text"):
        assert any(what in one for one in about)
    with pytest.raises(UnknownNameError, match="chf_30d"):
        read_recipe("chf")
