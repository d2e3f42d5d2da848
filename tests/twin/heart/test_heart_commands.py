"""`vitruvian heart fit` and `what-if` on the example table: JSON, page, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError
from vitruvian.record import Record

SAMPLE = Path(__file__).parents[3] / "samples" / "sample-d" / "bundle.json"
TABLE = str(Path(__file__).parents[3] / "examples" / "heart.csv")


def test_what_if_as_json_and_page(tmp_path: Path) -> None:
    page = tmp_path / "heart.html"
    result = CliRunner().invoke(app, ["heart", "what-if", TABLE, "--vasodilator", "1", "--json", "--html", str(page)])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["numbers"]["diastolic"]["change"]["median"] < 0
    assert 0 <= found["p_hypotension"] <= 1
    text = page.read_text(encoding="utf-8")
    assert "Wiggers" in text
    assert "nan" not in text.lower().replace("nanometre", "")
    assert "systemic resistance" in text


def test_one_intervention_is_asked_for() -> None:
    for asked in ([], ["--fluid", "500", "--pacing", "90"]):
        result = CliRunner().invoke(app, ["heart", "what-if", TABLE, *asked])
        assert isinstance(result.exception, InputError)
        assert "one intervention" in str(result.exception)


def test_a_table_has_no_earlier_moment() -> None:
    result = CliRunner().invoke(app, ["heart", "fit", TABLE, "--at", "2025-01-01"])
    assert isinstance(result.exception, InputError)
    assert "--at" in str(result.exception)


@pytest.mark.slow
def test_a_kept_twin_is_not_told_the_same_twice(tmp_path: Path) -> None:
    """A twin fitted between pressure and echocardiogram: the later one starts from it, and hears the rest alone."""
    where = str(tmp_path / "record.db")
    with Record.open(where) as opened:
        opened.ingest(SAMPLE, patient="sample-d")
    asked = ["heart", "fit", "sample-d", "--record", where, "--json"]
    first = json.loads(CliRunner().invoke(app, [*asked, "--at", "2025-09-15T07:15:00Z"]).stdout)
    second = json.loads(CliRunner().invoke(app, asked).stdout)
    names = [{line["name"] for line in told["data_used"]} for told in (first, second)]
    assert "systolic pressure" in names[0] - names[1]
    assert {"heart rate", "ejection fraction"} <= names[1]
    assert any(one["code"] == "told-before" for one in second["messages"])


@pytest.mark.slow
def test_fit_as_text_and_json() -> None:
    text = CliRunner().invoke(app, ["heart", "fit", TABLE])
    assert "learned" in text.stdout
    told = json.loads(CliRunner().invoke(app, ["heart", "fit", TABLE, "--json"]).stdout)
    assert {"numbers", "unknowns", "method", "misfit"} <= set(told)
