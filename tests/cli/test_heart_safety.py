"""`vitruvian heart safety`: numbers as JSON, the report, and refusals."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError


def test_json_and_report(tmp_path: Path) -> None:
    page = tmp_path / "safety.html"
    arguments = ["heart", "safety", "--name", "loratadine", "--samples", "0", "--json", "--html", str(page)]
    done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    answer = orjson.loads(done.stdout)
    (drug,) = answer["drugs"]
    assert (drug["name"], drug["class"], drug["samples"]) == ("loratadine", "low", 0)
    assert drug["score"] == pytest.approx(0.0694, rel=2e-3)
    assert [dose["times_cmax"] for dose in drug["doses"]] == [1.0, 2.0, 3.0, 4.0]
    assert answer["thresholds"]["name"] == "chantest-28"
    text = page.read_text(encoding="utf-8")
    assert "loratadine" in text
    assert "<svg" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--name", "aspirin"], "no such drug"),
        (["--thresholds", "mine"], "no such thresholds"),
        (["--dataset", "mine"], "no such data set"),
        (["--drugs", "nowhere.csv"], "no such file"),
    ],
)
def test_refusals(arguments: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        CliRunner().invoke(app, ["heart", "safety", *arguments], catch_exceptions=False)
