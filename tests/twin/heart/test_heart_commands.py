"""`vitruvian heart fit` and `what-if` on the example table: JSON, page, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError

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


@pytest.mark.slow
def test_fit_as_text_and_json() -> None:
    text = CliRunner().invoke(app, ["heart", "fit", TABLE])
    assert "learned" in text.stdout
    told = json.loads(CliRunner().invoke(app, ["heart", "fit", TABLE, "--json"]).stdout)
    assert {"numbers", "unknowns", "method", "misfit"} <= set(told)
