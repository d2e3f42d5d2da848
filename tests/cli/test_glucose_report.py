"""`vitruvian glucose report`: from a table and from a record; what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import DataError, InputError


def run(*words: str) -> str:
    found = CliRunner().invoke(app, ["glucose", "report", *words])
    if found.exception is not None and not isinstance(found.exception, SystemExit):
        raise found.exception
    assert found.exit_code == 0, found.output
    return found.output


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Four days of a sensor at 15 minutes, each with one meal."""
    rows = ["time,glucose_mg_dl,bolus_u,carbohydrates_g"]
    for day in range(2, 6):
        for minute in range(0, 1440, 15):
            meal = minute == 720
            clock = f"2026-03-0{day} {minute // 60:02d}:{minute % 60:02d}"
            rows.append(f"{clock},{100 + minute // 15},{5 if meal else ''},{50 if meal else ''}")
    path = tmp_path / "glucose.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_from_a_table(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "agp.html"
    assert run("--csv", str(table), "--out", str(out)).strip().endswith("agp.html")
    assert "4 days instead of 14" in out.read_text(encoding="utf-8")
    run("--csv", str(table), "--out", str(out), "--since", "2026-03-03", "--until", "2026-03-04", "--unit", "mmol/L")
    assert "2 days instead of 14" in out.read_text(encoding="utf-8")
    run(str(table), "--out", str(out), "--until", "2026-03-02")
    assert "1 day instead of 14" in out.read_text(encoding="utf-8")
    day = tmp_path / "day.html"
    run("--csv", str(table), "--out", str(day), "--day", "2026-03-05")
    assert "50\u00a0g carbohydrates" in day.read_text(encoding="utf-8")


def test_one_of_several_people(table: Path, tmp_path: Path) -> None:
    """Rows of two people, one above the other, as simulations write them."""
    header, *rows = table.read_text(encoding="utf-8").splitlines()
    both = tmp_path / "both.csv"
    lower = [",".join([one.split(",")[0], "80", "", ""]) for one in rows]
    lines = [f"person,{header}", *(f"a,{one}" for one in rows), *(f"b,{one}" for one in lower)]
    both.write_text("\n".join(lines) + "\n", encoding="utf-8")
    out = tmp_path / "agp.html"
    with pytest.raises(DataError, match="several people"):
        run(str(both), "--out", str(out))
    run(str(both), "--out", str(out), "--person", "b")
    assert "<b>80</b> mg/dL" in out.read_text(encoding="utf-8")


def test_what_is_refused(table: Path, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "agp.html"))
    with pytest.raises(InputError, match="PATIENT or --csv"):
        run(*out)
    with pytest.raises(InputError, match="PATIENT or --csv"):
        run("someone", "--csv", str(table), *out)
    with pytest.raises(InputError, match="no such table"):
        run("--csv", "nothing.csv", *out)
    with pytest.raises(InputError, match="nothing of these days"):
        run("--csv", str(table), *out, "--since", "2026-04-01")
    with pytest.raises(InputError, match="written as a date"):
        run("--csv", str(table), *out, "--until", "soon")
    mmol = tmp_path / "mmol.csv"
    mmol.write_text("time,glucose_mg_dl\n2026-03-02 10:00,5.5\n2026-03-02 10:05,6.1\n", encoding="utf-8")
    with pytest.raises(DataError, match="mmol/L"):
        run("--csv", str(mmol), *out)
    assert not (tmp_path / "agp.html").exists()
