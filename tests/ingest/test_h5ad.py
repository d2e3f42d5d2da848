"""AnnData files: bulk samples, single cells by donor, parts, and what is refused."""

from __future__ import annotations

import gzip
import os
import signal
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError, UnknownNameError
from vitruvian.ingest.h5ad import H5ad, h5ad_values, survey
from vitruvian.ingest.isolated import isolated
from vitruvian.record import Parsed, RawFile, Told

pytest.importorskip("anndata", reason="the extra omics is not installed")
FORMAT = H5ad()
GENES = [f"ENSG{k:011d}" for k in range(1, 6)]


def write(path: Path, matrix: object, rows: list[str], columns: list[str] = GENES, **obs: list[str]) -> RawFile:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import anndata
        import pandas as pd

        anndata.AnnData(
            X=matrix, obs=pd.DataFrame(obs, index=rows), var=pd.DataFrame(index=columns)
        ).write_h5ad(path)  # fmt: skip
    return RawFile(path)


def read(file: RawFile, **told: object) -> Parsed:
    assert FORMAT.claims(file.head)
    return Parsed.of(FORMAT.read(file, Told(**told)))  # type: ignore[arg-type]


def test_rows_are_samples(tmp_path: Path) -> None:
    matrix = np.arange(10.0).reshape(2, 5)
    file = write(tmp_path / "bulk.h5ad", matrix, ["S1", "S2"])
    found = read(file, samples={"S1": "p"}, find={"S2": "q"}.get)
    assert [(one.subject, one.facts[0].detail["sum"]) for one in found.records] == [("p", 10), ("q", 35)]
    assert found.records[0].facts[0].code == "gene_expression"
    assert found.records[0].facts[0].detail["scale"] == "counts"
    rejected = read(file, samples={"S1": "p"}).rejected
    assert [one.place for one in rejected] == ["sample S2"]
    zipped = tmp_path / "bulk.h5ad.gz"
    zipped.write_bytes(gzip.compress(file.path.read_bytes()))
    assert read(RawFile(zipped), samples={"S1": "p", "S2": "q"}).records[0].source_id == found.records[0].source_id


def test_cells_are_put_together_by_donor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from scipy.sparse import csr_matrix

    cells = [f"AAACCTGAGAAACC{a}{b}-1" for a in "ACGT" for b in "ACGT"]
    matrix = csr_matrix(np.random.default_rng(3).poisson(0.7, (16, 5)).astype("float32"))
    file = write(tmp_path / "cells.h5ad", matrix, cells, donor_id=["D1", "D2", "D2", "D1"] * 4)
    found = read(file, samples={"D1": "p", "D2": "q"})
    assert [(one.subject, one.facts[0].detail["cells"]) for one in found.records] == [("p", 8), ("q", 8)]
    whole = survey(file.path)
    monkeypatch.setattr("vitruvian.ingest.h5ad.SLICE", 15)  # three cells at a time
    assert survey(file.path) == whole
    dense = matrix.toarray()
    np.testing.assert_array_equal(h5ad_values(file.path, "D2").values, dense[[1, 2, 5, 6, 9, 10, 13, 14]].sum(axis=0))
    with pytest.raises(UnknownNameError):
        h5ad_values(file.path, "D3")
    part = tmp_path / "part.h5ad"
    part.write_bytes(FORMAT.part(file, ["sample D2"]))
    (again,) = read(RawFile(part), samples={"D2": "q"}).records
    assert (again.source_id, again.facts) == (found.records[1].source_id, found.records[1].facts)
    assert b"D1" not in part.read_bytes()


def test_cells_without_a_donor_are_one_persons(tmp_path: Path) -> None:
    file = write(tmp_path / "cells.h5ad", np.ones((3, 5)), [f"ACGTACGTAC{k}-1" for k in "ACG"])
    assert read(file, patient="p").records[0].facts[0].detail["cells"] == 3
    with pytest.raises(DataError, match="--patient"):
        read(file)


def crash(_: Path) -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def hang(_: Path) -> None:
    time.sleep(600)


def turn(_: Path) -> None:
    while True:
        pass


def test_a_reader_that_crashes_or_hangs_is_one_refused_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="crashed"):
        isolated(crash, tmp_path, 20)
    with pytest.raises(DataError, match="took more than"):
        isolated(turn, tmp_path, 1)
    with pytest.raises(DataError, match="hangs"):
        isolated(hang, tmp_path, 0.01)
    file = write(tmp_path / "bulk.h5ad", np.ones((1, 5)), ["S1"])
    assert len(read(file, patient="p").records) == 1


def test_what_is_refused(tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "other.h5", "w") as other:
        other["x"] = [1, 2]
    with pytest.raises(DataError, match="AnnData"):
        read(RawFile(tmp_path / "other.h5"), patient="p")
    strange = write(tmp_path / "strange.h5ad", np.ones((1, 2)), ["S"], ["?1", "?2"])
    with pytest.raises(DataError, match="recognised"):
        read(strange, patient="p")
    endless = write(tmp_path / "endless.h5ad", np.array([[1.0, np.inf, 0, 0, 0]]), ["S"])
    with pytest.raises(DataError, match="finite"):
        read(endless, patient="p")
    whole = write(tmp_path / "whole.h5ad", np.ones((2, 5)), ["A", "B"]).path.read_bytes()
    (tmp_path / "cut.h5ad").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="AnnData"):
        read(RawFile(tmp_path / "cut.h5ad"), patient="p")
