"""Broken genomes, omics tables, AnnData files and laboratory tables: read or refused, never a crash or a hang."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from mutations import mutants

from vitruvian.core import InputError
from vitruvian.ingest import LABORATORY_XLSX
from vitruvian.record import RawFile, Told

HERE = Path(__file__).parent
FULL = 10_000
VCF = """##fileformat=VCFv4.2
##source=Mutect2
##contig=<ID=chr10,length=133797422>
{header}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS1\tS2
chr10\t94942290\trs1799853\tC\tT\t50\tPASS\tSOMATIC;DP=70\tGT:AD:AF:DP:PS\t0|1:9,3:0.25:12:7\t0/0:30,0:0:30:.
chr10\t94942300\t.\tA\t<DEL>\t.\tPASS\tSVTYPE=DEL;END=94950000\tGT:AD\t0/1:9,3\t0/0:9,3
chr10\t94981296\t.\tA\tC,<NON_REF>\t3e2\tLowQual\tEND=94981300\tGT:AD\t1/2:9,3,1\t./.:0,0,0
chr2\t233760233\t.\tCAT\tC,CATAT\t.\t.\t.\tGT\t0/2\t1/1
"""
OMICS = "gene_id\tgene_name\tS1\tS2\n" + "".join(f"ENSG{k:011d}.2\tG{k}\t{k * 1.5}\t{k}\n" for k in range(1, 30))
LONG = "sample,uniprot,intensity,unit\n" + "".join(f"S1,P0463{k},{k}.5,a.u.\n" for k in range(9))
LABORATORY = "Date;Creatinine (mg/dL);Hb\n" + "".join(f"{k:02d}.03.2025;1,{k};<14\n" for k in range(1, 20))
MAPPING = """confirmed = true
[[table]]
layout = "wide"
decimal = ","
dates = ["%d.%m.%Y"]
[table.columns]
date = "Date"
[table.analytes."Creatinine (mg/dL)"]
loinc = "2160-0"
unit = "mg/dL"
[table.analytes.Hb]
loinc = "718-7"
unit = "g/dL"
"""


def _text(text: str) -> Callable[[Path], None]:
    return lambda path: path.write_text(text) and None


def _book(path: Path) -> None:
    import openpyxl

    made = openpyxl.Workbook()
    for line in LABORATORY.splitlines():
        made.active.append(line.split(";"))
    made.active.title = "S"
    made.save(path)


def _matrix(path: Path) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import anndata
        import numpy as np
        import pandas as pd

        rows, columns = ["S1", "S2"], [f"ENSG{k:011d}" for k in range(20)]
        data = anndata.AnnData(np.ones((2, 20)), obs=pd.DataFrame(index=rows), var=pd.DataFrame(index=columns))
        data.write_h5ad(path)


GOOD: dict[str, tuple[str, str, Callable[[Path], None]]] = {
    "germline": ("vcf", "germline.vcf", _text(VCF.format(header=""))),
    "somatic": ("vcf", "somatic.vcf", _text(VCF.format(header="##tumor_sample=S1\n##normal_sample=S2\n"))),
    "wide": ("omics", "wide.tsv", _text(OMICS)),
    "long": ("omics", "long.csv", _text(LONG)),
    "matrix": ("h5ad", "matrix.h5ad", _matrix),
    "laboratory": ("laboratory", "lab.csv", _text(LABORATORY)),
    "workbook": ("laboratory_xlsx", "lab.xlsx", _book),
}


def run(folder: Path, kind: str, count: int, seed: int) -> dict[str, int]:
    name, file, make = GOOD[kind]
    path, mapping = folder / file, folder / "map.toml"
    make(path)
    mapping.write_text(MAPPING.replace("[[table]]", '[[table]]\nsheet = "S"') if kind == "workbook" else MAPPING)
    command = [sys.executable, HERE / "mutant_run.py", name, path, str(count), str(seed), mapping]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return dict(json.loads(done.stdout))


def check(kind: str, told: dict[str, int], count: int) -> None:
    assert told["files"] == count
    assert told["refused"] > 0
    if kind != "workbook":  # a zip archive's checksums find every fault
        assert told["refused"] < count
        assert told["items"] > 0
    assert told["peak_mb"] < 1000


@pytest.mark.parametrize("kind", GOOD)
def test_broken_files_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    count = {"matrix": 150, "workbook": 100}.get(kind, 500)
    check(kind, run(tmp_path, kind, count, seed=1), count)


def test_broken_sheets_inside_a_sound_archive(tmp_path: Path) -> None:
    """Faults in the XML of a sheet, which no checksum shows."""
    _book(tmp_path / "lab.xlsx")
    with zipfile.ZipFile(tmp_path / "lab.xlsx") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    (tmp_path / "map.toml").write_text(MAPPING.replace("[[table]]", '[[table]]\nsheet = "S"'))
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


@pytest.mark.slow
@pytest.mark.parametrize("kind", GOOD)
def test_ten_thousand_broken_files_are_read_or_refused(tmp_path: Path, kind: str) -> None:
    check(kind, run(tmp_path, kind, FULL, seed=2), FULL)
