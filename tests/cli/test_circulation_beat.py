"""`vitruvian circulation beat`: numbers, disease, pictures, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError, UnknownNameError

RUN = CliRunner()


def test_disease_as_json_with_picture_and_page(tmp_path: Path) -> None:
    picture, page = tmp_path / "beat.png", tmp_path / "beat.html"
    told = ["circulation", "beat", "--pathology", "aortic_stenosis_severe", "--set", "period=0.8", "--json"]
    result = RUN.invoke(app, [*told, "--plot", str(picture), "--html", str(page)], catch_exceptions=False)
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert found["heart_rate"] == {"value": 75.0, "unit": "1/min"}
    assert found["aortic_mean_gradient"]["value"] > 40.0
    assert found["newton"]["iterations"] <= 5
    assert picture.read_bytes().startswith(b"\x89PNG")
    text = page.read_text(encoding="utf-8")
    assert "<title>Aortic stenosis, severe</title>" in text
    assert "usual adult" in text
    assert f"<td>{found['aortic_mean_gradient']['value']:.1f}</td>" in text


@pytest.mark.parametrize(
    ("told", "error", "said"),
    [
        (["--pathology", "flu"], UnknownNameError, "hfref"),
        (["--set", "R_nothing=1"], UnknownNameError, "R_systemic"),
        (["--set", "R_systemic=-1"], InputError, "out of range"),
        (["--chambers", "square"], UnknownNameError, "one_fibre"),
        (["--chambers", "one_fibre", "--pathology", "hfref"], InputError, "elastance"),
    ],
)
def test_what_is_refused(told: list[str], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        RUN.invoke(app, ["circulation", "beat", *told], catch_exceptions=False)
