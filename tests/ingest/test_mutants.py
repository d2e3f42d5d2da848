"""Broken copies of a good file of each format: read or refused, never a crash, a hang, or much memory.

Each parser reads 10,000 in `make verify`, a tenth of them where CI is set, and `FEW` by default.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from good_files import GOOD, MAPPING
from mutations import mutants

from vitruvian.core import InputError
from vitruvian.ingest import LABORATORY_XLSX
from vitruvian.record import RawFile, Record, Told, installed_formats

HERE = Path(__file__).parent
FULL = 10_000
FEW = {"h5ad": 150, "laboratory_xlsx": 100}
"""By default, where a file takes long; 300 elsewhere."""
SUMS = {"laboratory_xlsx", "garmin", "zip", "tar.gz", "pdf"}
"""Check sums find (nearly) every fault, or nothing is read at all."""
FORMS = Counter(form for form, _ in GOOD.values())


def run(folder: Path, kind: str, count: int, seed: int) -> None:
    name, make = GOOD[kind]
    (folder / "good").mkdir()
    (folder / "map.toml").write_text(mapping(name))
    good = make(folder / "good")
    command: list[str | Path] = [
        sys.executable,
        HERE / "mutant_run.py",
        name,
        good,
        str(count),
        str(seed),
        folder / "map.toml",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout)
    print(kind, told)
    assert told["files"] == count
    assert told["peak_mb"] < 1000
    if kind not in SUMS:
        assert told["items"] > 0
        assert told["refused"] < count


def mapping(form: str) -> str:
    """The confirmed mapping of the laboratory table; a CSV has no sheets."""
    return MAPPING if form == "laboratory_xlsx" else MAPPING.replace('sheet = "S"\n', "")


def share(kind: str, count: int) -> int:
    """How many of a parser's `count` mutants are copies of this file."""
    return -(-count // FORMS[GOOD[kind][0]])


def test_each_installed_format_is_broken() -> None:
    assert set(FORMS) == {one.name for one in installed_formats()} | {"archive"}


@pytest.mark.parametrize("kind", GOOD)
def test_broken_files_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    count = FULL // 10 if os.environ.get("CI") else FEW.get(GOOD[kind][0], 300)
    run(tmp_path, kind, share(kind, count), seed=1)


@pytest.mark.full
@pytest.mark.parametrize("kind", GOOD)
def test_ten_thousand_broken_files_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    run(tmp_path, kind, share(kind, FULL), seed=2)


@pytest.mark.parametrize("count", [4, pytest.param(200, marks=pytest.mark.full)])
def test_the_account_of_broken_files_balances_and_the_record_stays_whole(tmp_path: Path, count: int) -> None:
    (tmp_path / "p.json").write_text('{"resourceType": "Patient", "id": "p"}')
    with Record.open(tmp_path / "a.db") as record:
        record.ingest(tmp_path / "p.json")
        for kind, (form, make) in GOOD.items():
            folder = tmp_path / kind
            folder.mkdir()
            (tmp_path / "map.toml").write_text(mapping(form))
            good = make(folder)
            for k, data in enumerate(mutants(good.read_bytes(), count, seed=3)):
                (folder / f"{k}-{good.name}").write_bytes(data)
            report = record.ingest(
                folder, patient="p", zone="Europe/Berlin", samples={"S1": "p"}, mapping=tmp_path / "map.toml"
            )
            assert report.records_in == report.stored + report.duplicate + report.quarantined >= count, kind
            assert len(set(report.stored_ids)) == len(report.stored_ids) <= report.stored, kind  # samples have none
        record.verify_audit()
        assert "p" in record.people()


def test_broken_sheets_inside_a_sound_archive(tmp_path: Path) -> None:
    """Faults in the XML of a sheet, which no checksum shows."""
    with zipfile.ZipFile(GOOD["laboratory_xlsx"][1](tmp_path)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (tmp_path / "map.toml").write_text(MAPPING)
    told = Told(patient="p", mapping=tmp_path / "map.toml")
    items = refused = 0
    for data in mutants(members["xl/worksheets/sheet1.xml"], 100, 3):
        path = tmp_path / "broken.xlsx"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name, data if name == "xl/worksheets/sheet1.xml" else content)
        try:
            items += sum(1 for _ in LABORATORY_XLSX.read(RawFile(path), told))
        except InputError:
            refused += 1
    assert items > 0
    assert refused > 0
