"""`vitruvian laboratory propose`, then `vitruvian ingest --mapping`: from an unknown table to observations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import InputError, QuarantineError

TABLE = "Datum;Krea (mg/dl);Kalium [mmol/l]\n25.03.2025;1,1;4,2\n26.03.2025;1,2;<3,0\n"


def test_a_proposed_mapping_is_confirmed_and_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "lab.csv").write_text(TABLE)
    people = [{"resource": {"resourceType": "Patient", "id": "ann"}}]
    (tmp_path / "ann.json").write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": people}))
    run = CliRunner()
    assert run.invoke(app, ["ingest", "ann.json"]).exit_code == 0
    refused = run.invoke(app, ["ingest", "lab.csv", "--patient", "ann"])
    assert isinstance(refused.exception, QuarantineError)
    assert "laboratory propose" in str(refused.exception)
    shown = run.invoke(app, ["laboratory", "propose", "lab.csv"])
    assert "2160-0" in shown.output
    assert run.invoke(app, ["laboratory", "propose", "lab.csv", "--out", "map.toml"]).exit_code == 0
    assert isinstance(run.invoke(app, ["laboratory", "propose", "lab.csv", "--out", "map.toml"]).exception, InputError)
    mapping = Path("map.toml")
    mapping.write_text(mapping.read_text().replace("confirmed = false", "confirmed = true"))
    done = run.invoke(app, ["ingest", "lab.csv", "--patient", "ann", "--mapping", "map.toml", "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert (told["records_in"], told["stored"], told["quarantined"]) == (4, 4, 0)
