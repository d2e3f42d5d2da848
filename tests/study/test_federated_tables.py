"""What a site's table and a plan may be: wrong ones are refused whole, with their rows; the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from federated_sites import FEATURES, TARGET, made_plan, made_sites, made_table
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import AccessError, DataError, InputError, UnitError, UnknownNameError
from vitruvian.learn import load
from vitruvian.study.federated import Identity, make_keys, read_plan, read_roster, read_table, split, write_table
from vitruvian.study.federated.comparison import pooled_table
from vitruvian.study.federated.keys import verify
from vitruvian.study.federated.preparing import toml_of

PLAN = made_plan(rounds=2)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A good table of 200 rows."""
    path = tmp_path / "table.csv"
    write_table(path, made_table("a", 200, 3), TARGET.name)
    return path


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    """The plan as a file."""
    path = tmp_path / "plan.toml"
    path.write_text(toml_of(PLAN), encoding="utf-8")
    return path


def changed(path: Path, old: str, new: str) -> Path:
    """The table with one text replaced, once."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_tables_and_plans_come_back(table: Path, plan: Path) -> None:
    made, again = made_table("a", 200, 3), read_table(table, PLAN, "a")
    assert np.allclose(made.rows.values, again.rows.values, equal_nan=True)
    assert np.array_equal(made.outcome, again.outcome)
    assert made.rows.ids == again.rows.ids
    assert read_plan(plan) == PLAN
    assert read_plan(plan).fingerprint == PLAN.fingerprint != made_plan(rounds=3).fingerprint


def test_wrong_tables_are_refused_with_their_rows(table: Path) -> None:
    lines = table.read_text(encoding="utf-8").splitlines()
    person, died, lactate, urea, age, unit = lines[1].split(",")
    for old, new, error, words in (
        ("urea [mmol/L]", "urea [mg/dL]", UnitError, r"200 rows\) has other units.*urea in mg/dL, not mmol/L"),
        ("lactate [mmol/L]", "lactat [mmol/L]", DataError, r"200 rows\) lacks 1 columns; got lactate"),
        (lines[1], f"{person},2,{lactate},{urea},{age},{unit}", DataError, "1 of 200 outcomes; got 2"),
        (lines[1], f"{person},{died},{lactate},much,{age},{unit}", DataError, "1 of 200 rows of urea are no numbers"),
        (lines[1], f"{person},{died},{lactate},inf,{age},{unit}", DataError, "1 of 200 rows of urea are no numbers"),
        (
            lines[1],
            f"{person},{died},{lactate},{urea},{age},burns",
            DataError,
            "1 of 200 rows have a new category of unit",
        ),
        (lines[1], f",{died},{lactate},{urea},{age},{unit}", DataError, "1 rows do not say whose"),
        (lines[1], f"{person},{died}", DataError, "1 of 200 rows have another length"),
    ):
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with pytest.raises(error, match=words):
            read_table(changed(table, old, new), PLAN, "a")
    table.write_text(lines[0] + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="0 of 0 rows"):
        read_table(table, PLAN, "a")
    nobody = [",".join([*line.split(",")[:3], "", *line.split(",")[4:]]) for line in lines[1:]]
    table.write_text("\n".join([lines[0], *nobody]) + "\n", encoding="utf-8")
    with pytest.raises(DataError, match="all 200 rows of urea are missing"):
        read_table(table, PLAN, "a")
    with pytest.raises(InputError, match="cannot be read"):
        read_table(table.with_name("none.csv"), PLAN, "a")


def test_values_outside_the_bounds_are_said(table: Path) -> None:
    lines = table.read_text(encoding="utf-8").splitlines()
    person, died, lactate, _, age, unit = lines[1].split(",")
    again = read_table(changed(table, lines[1], f"{person},{died},{lactate},99,{age},{unit}"), PLAN, "a")
    assert again.warnings == ("a: 1 of 200 rows of urea lie outside its bounds",)


def test_sites_are_of_whole_people() -> None:
    table = made_table("a", 400, 3, per_person=2)
    units = [FEATURES[3].categories[int(value)] for value in table.rows.values[:, 3]]
    sites = split(table, [""] * 400, 5)
    assert len(sites) == 5
    assert sum(len(one.rows) for one in sites.values()) == 400
    people = [set(one.rows.ids) for one in sites.values()]
    assert sum(map(len, people)) == 200
    train, held = table.parts(PLAN)
    assert not set(train.rows.ids) & set(held.rows.ids)
    assert 0.1 < len(held.rows) / 400 < 0.3
    assert sorted(split(table, units, 3))[0].startswith("site-medical")
    with pytest.raises(InputError, match="more groups than sites"):
        split(table, [str(n) for n in range(400)], 8)


def test_keys_and_rosters(tmp_path: Path) -> None:
    make_keys(tmp_path, "north")
    make_keys(tmp_path, "south")
    key = tmp_path / "north.key"
    assert key.stat().st_mode & 0o777 == 0o600
    roster = read_roster(tmp_path)
    identity = Identity.read(key)
    assert roster["north"] == identity.public
    verify(roster["north"], identity.sign(b"hello"), b"hello")
    with pytest.raises(AccessError):
        verify(roster["south"], identity.sign(b"hello"), b"hello")
    for wrong in ("north", "../west", ""):
        with pytest.raises(InputError):
            make_keys(tmp_path, wrong)
    with pytest.raises(InputError, match="no private key"):
        Identity.read(tmp_path / "north.pub")
    with pytest.raises(InputError, match="without sites"):
        read_roster(tmp_path / "none")


def test_wrong_plans_are_refused(plan: Path) -> None:
    with pytest.raises(UnknownNameError, match="momentum"):
        read_plan(changed(plan, "rounds = 2", "rounds = 2\nmomentum = 1"))
    plan.write_text("rounds = [", encoding="utf-8")
    with pytest.raises(InputError, match="no TOML"):
        read_plan(plan)
    plan.write_text('name = "x"\n[target]\nname = "died"\n', encoding="utf-8")
    with pytest.raises(InputError, match="one or more"):
        read_plan(plan)


def test_simulate_in_one_command(plan: Path, tmp_path: Path) -> None:
    """Eight sites, a model, and JSON; nothing is written over, nothing half."""
    everybody = tmp_path / "all.csv"
    write_table(everybody, pooled_table(made_sites(3, 150)), TARGET.name)
    words = ["federate", "simulate", str(plan), str(everybody), "--out", str(tmp_path / "model"), "--json"]
    said = CliRunner().invoke(app, words, catch_exceptions=False)
    told = json.loads(said.stdout)
    assert len(told["sites"]) == 8
    assert told["evaluation"]["auroc"] > 0.6
    model = load(tmp_path / "model")
    assert model.manifest.settings["sites"] == told["sites"]
    with pytest.raises(InputError, match="not written over"):
        CliRunner().invoke(app, words, catch_exceptions=False)
    with pytest.raises(UnknownNameError, match="column to split by"):
        CliRunner().invoke(app, [*words[:4], "--by", "ward"], catch_exceptions=False)
    by = CliRunner().invoke(app, [*words[:4], "--by", "unit", "--sites", "4"], catch_exceptions=False)
    assert "rows of 4 sites" in by.stdout


def test_without_flower_the_commands_say_what_to_install(plan: Path, table: Path, tmp_path: Path, monkeypatch) -> None:
    from vitruvian.core import UnsupportedError
    from vitruvian.study.federated.flower import calls, make_certificates

    make_certificates(tmp_path / "server", "127.0.0.1")
    assert (tmp_path / "server" / "server.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(InputError, match="not written over"):
        make_certificates(tmp_path / "server", "127.0.0.1")
    monkeypatch.setattr(calls.shutil, "which", lambda *arguments, **options: None)
    with pytest.raises(UnsupportedError, match="make federated"):
        calls.flower("flower-superlink")


@pytest.mark.slow
def test_intensive_care_as_hospitals(shared: Path, tmp_path: Path) -> None:
    """ICU 2012, set a, by kind of unit: the floor of logistic regression on pooled data is kept across sites."""
    words = ["federate", "prepare", "icu_death", str(shared / "data" / "icu2012"), str(tmp_path / "icu")]
    CliRunner().invoke(app, [*words, "--feature", "*_last_all", "--feature", "*_mean_all"], catch_exceptions=False)
    words = ["federate", "simulate", str(tmp_path / "icu" / "plan.toml"), str(tmp_path / "icu" / "table.csv"), "--json"]
    told = json.loads(CliRunner().invoke(app, words, catch_exceptions=False).stdout)
    assert told["rows"] + told["evaluation"]["rows"] == 4000
    assert told["evaluation"]["auroc"] > 0.79
