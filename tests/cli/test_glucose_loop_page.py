"""`vitruvian glucose loop --html`: the page of a real, small study."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError


@pytest.mark.slow
def test_two_policies_on_a_page(tmp_path: Path) -> None:
    page = tmp_path / "loop.html"
    words = ["--stratum", "child", "--people", "2", "--days", "1", "--policy", "basal_bolus", "--policy", "pid"]
    found = CliRunner().invoke(app, ["glucose", "loop", *words, "--html", str(page)])
    assert found.exit_code == 0, found.output
    told = page.read_text(encoding="utf-8")
    assert "PID control keeps children in range" in told
    assert "2 people of each stratum" in told


def test_a_page_needs_two_policies(tmp_path: Path) -> None:
    found = CliRunner().invoke(app, ["glucose", "loop", "--policy", "pid", "--html", str(tmp_path / "loop.html")])
    assert isinstance(found.exception, InputError)
