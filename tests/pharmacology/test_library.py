"""The library: names, lookup, third-party files, what every drug must say."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError, UnknownNameError
from vitruvian.pharmacology import Drug
from vitruvian.pharmacology.describe import describe
from vitruvian.pharmacology.goldens import parse_golden
from vitruvian.pharmacology.library import drug_of, drugs, find, find_model, library, models

GUIDE = (Path(__file__).parents[2] / "docs" / "adding_a_drug.md").read_text(encoding="utf-8")
USER_MODEL = GUIDE.split("```python\n")[1].split("```")[0]
ALL = [find(name) for name in library()]


def each(items: list[Drug]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("drug", items, ids=lambda d: d.name)


def test_drug_name_means_its_default_model() -> None:
    assert find_model("vancomycin") is find("vancomycin").default_model
    assert find_model("Vancomycin_Colin_2019").name == "vancomycin_colin_2019"
    assert drugs.vancomycin is drugs["vancomycin"] is find("VANCOMYCIN")
    assert set(drugs) == set(library())


def test_synonym_finds_the_drug() -> None:
    assert find("piperacillin-tazobactam").name == "piperacillin"
    assert find_model("piperacillin/tazobactam") is find("piperacillin").default_model


def test_unknown_names_suggest_the_closest() -> None:
    with pytest.raises(UnknownNameError, match="Did you mean vancomycin"):
        find("vancomicin")
    with pytest.raises(UnknownNameError, match="vancomycin_goti_2018"):
        find_model("vancomycin_gotti_2018")
    with pytest.raises(UnknownNameError, match="has no model"):
        find("vancomycin").model("x")
    with pytest.raises(AttributeError):
        _ = drugs.nothing_of_the_kind


def test_user_model_is_one_python_file(tmp_path: Path) -> None:
    path = tmp_path / "my_drug.py"
    path.write_text(USER_MODEL)
    model = find_model(path)
    assert (model.name, drug_of(model)) == ("mydrug_author_2026", None)
    assert float(model.individual(model.theta, np.zeros(2), {"CRCL": 45.0, "WT": 70.0})["CL"]) == 2.5
    shown = CliRunner().invoke(app, ["models", "show", str(path)])
    assert shown.exit_code == 0
    assert "Author A, et al. J Pharm 2026" in shown.output


@pytest.mark.parametrize(
    ("text", "message"),
    [("x = 1\n", "0 model classes"), (USER_MODEL + "\nclass Two(MyDrug):\n    name = 'two'\n", "2 model classes")],
)
def test_ambiguous_user_file_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "bad.py"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        find_model(path)


def test_user_file_that_fails_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("import nothing_of_the_kind\n")
    with pytest.raises(InputError, match="ModuleNotFoundError"):
        find_model(path)


@pytest.mark.slow  # loading pharmpy alone takes seconds; control streams have tests of their own
def test_control_stream_is_a_model(tmp_path: Path) -> None:
    pytest.importorskip("pharmpy", reason="control streams need the extra vitruvian[nonmem]")
    path = tmp_path / "run001.mod"
    path.write_text(
        "$PROBLEM one compartment\n$INPUT ID TIME AMT DV EVID MDV\n$DATA data.csv IGNORE=@\n"
        "$SUBROUTINE ADVAN1 TRANS2\n$PK\nCL = THETA(1)*EXP(ETA(1))\nV = THETA(2)\nS1 = V\n"
        "$ERROR\nY = F*(1+EPS(1))\n$THETA (0,4) (0,70)\n$OMEGA 0.2\n$SIGMA 0.05\n"
        "$ESTIMATION METHOD=1 INTERACTION\n"
    )
    shown = CliRunner().invoke(app, ["models", "show", str(path)])
    assert shown.exit_code == 0
    assert "THETA1" in shown.output


def test_missing_user_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such model file"):
        find_model(tmp_path / "none.py")


def test_model_names_are_unique_and_start_with_the_drug() -> None:
    names = models()
    assert len(names) == len(set(names))
    for drug in ALL:
        assert all(model.name.startswith(f"{drug.name}_") for model in drug.models)


@each(ALL)
def test_every_drug_says_what_dosing_needs(drug: Drug) -> None:
    assert set(drug.codes) >= {"rxnorm", "atc"}
    assert not drug.default_model.on_request
    assert drug.efficacy_targets
    assert drug.standard
    assert drug.monitoring
    assert drug.molar_mass > 100
    routes = {p.route for p in drug.products}
    assert routes == {r.route for r in drug.regimens}
    assert {s.route for s in drug.standard} <= routes
    for target in drug.targets:
        assert target.low < target.high
        drug.default_model.output_index(target.output)
    for quantity in ("single", "daily"):
        _, high = drug.bounds.range(quantity, "absolute", weight=70, bsa=1.8)
        _, recommended = drug.bounds.range(quantity, "recommended", weight=70, bsa=1.8)
        assert recommended <= high or recommended == float("inf")
    assert 0 < drug.bounds.range("single", weight=70, bsa=1.8)[1] < float("inf"), "nothing stops an absurd dose"


@each(ALL)
def test_standard_dose_keeps_the_bounds_and_can_be_given(drug: Drug) -> None:
    size = {"weight": 75.0, "bsa": 1.9}
    for dose in drug.standard:
        amount = dose.amount_for(**size)
        assert amount <= drug.bounds.range("single", "recommended", **size)[1]
        assert amount * 24 / dose.interval <= drug.bounds.range("daily", "recommended", **size)[1] * (1 + 1e-9)
        assert drug.amounts(dose.route, 0.8 * amount, 1.2 * amount, most_units=8)


@pytest.mark.parametrize("name", models())
def test_every_model_declares_itself(name: str) -> None:
    model = find_model(name)
    assert model.title
    assert model.source.citation
    assert all(c.description for c in model.covariates)
    for c in model.covariates:
        assert max(c.hard[0], c.soft[0]) <= min(c.hard[1], c.soft[1])
    assert np.linalg.eigvalsh(model.omega()).min(initial=1.0) > 0, "variances must form a covariance matrix"
    for v in model.variability:
        assert v.variance > 0 or v.occasion_variance > 0
    assert describe(name)["model"] == name


def test_list_and_show_print_sources_and_status() -> None:
    listed = CliRunner().invoke(app, ["models", "list"])
    assert listed.exit_code == 0
    assert all(name in listed.output for name in library())
    shown = CliRunner().invoke(app, ["models", "show", "vancomycin"], env={"COLUMNS": "80"})
    assert "two transcriptions agree" in shown.output
    assert "Erratum" in shown.output
    assert max(map(len, shown.output.splitlines())) <= 80


def test_json_of_list_and_show() -> None:
    import orjson

    rows = orjson.loads(CliRunner().invoke(app, ["models", "list", "--json"]).output)
    assert {r["model"] for r in rows} == set(models())
    shown = orjson.loads(CliRunner().invoke(app, ["models", "show", "meropenem", "--json"]).output)
    assert shown["drug"] == "meropenem"
    assert shown["parameters"][0] == {**shown["parameters"][0], "name": "CL", "value": 14.6, "unit": "L/h"}


def test_guide_s_golden_rows_are_well_formed() -> None:
    block = GUIDE.split("```toml\n")[2].split("```")[0]
    rows = [parse_golden(row) for row in tomllib.loads(block)["golden"]]
    assert [row.kind for row in rows] == ["parameter", "concentration"]
