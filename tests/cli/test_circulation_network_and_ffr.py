"""`vitruvian circulation network` and `ffr`: files, pictures, numbers, refusals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import DataError, InputError, UnknownNameError

RUN = CliRunner()
TREE = """name,parent,length_mm,diameter_mm,stenosis,stenosis_length_mm,stenosis_at_mm
LM,,10,4.2,0,0,
LAD,LM,60,3.2,0.7,12,20
LCX,LM,70,3.1,,,
"""


def test_a_network_as_json_with_waves_and_picture(tmp_path: Path) -> None:
    waves, picture = tmp_path / "waves.csv", tmp_path / "waves.png"
    pair = "common_carotid_artery:start,common_carotid_artery:end"
    told = ["circulation", "network", "common_carotid", "--dx", "20", "--velocity", pair, "--json"]
    result = RUN.invoke(app, [*told, "--out", str(waves), "--plot", str(picture)], catch_exceptions=False)
    assert result.exit_code == 0
    found = json.loads(result.stdout)
    assert 4.0 < found["pulse_wave_velocity_m_s"][pair] < 9.0
    carotid = found["vessels_mmHg_mL_s"]["common_carotid_artery"]
    assert carotid["flow"] == pytest.approx(6.5, abs=0.05)
    assert carotid["systolic"] == pytest.approx(124.0, abs=2.0)
    header, *rows = waves.read_text(encoding="utf-8").splitlines()
    assert header == "vessel,place,seconds,pressure_mmHg,flow_mL_s,area_cm2"
    assert len(rows) == 3 * 200
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_a_coronary_tree_as_text_and_as_json(tmp_path: Path) -> None:
    path = tmp_path / "tree.csv"
    path.write_text(TREE, encoding="utf-8")
    shown = RUN.invoke(app, ["circulation", "ffr", str(path), "--draws", "50"], catch_exceptions=False)
    assert "young_tsai: LAD loses" in shown.stdout
    result = RUN.invoke(
        app, ["circulation", "ffr", str(path), "--draws", "50", "--pressure", "85", "--json"], catch_exceptions=False
    )
    found = json.loads(result.stdout)
    assert found["pressure"] == 85.0
    assert set(found["places"]) == {"young_tsai", "borda_carnot"}
    lad = next(p for p in found["places"]["young_tsai"] if p["name"] == "LAD" and p["where"] == "end")
    assert lad["low"] < lad["ffr"] < lad["high"] < 0.9


@pytest.mark.parametrize(
    ("told", "error", "said"),
    [
        (["network", "leg"], UnknownNameError, "adan56"),
        (["network", "leg.csv"], InputError, "--inflow"),
        (["network", "leg.csv", "--inflow", "in.csv"], DataError, "cannot be read"),
        (["ffr", "tree.csv"], DataError, "cannot be read"),
    ],
)
def test_refusals(told: list[str], error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        RUN.invoke(app, ["circulation", *told], catch_exceptions=False)
