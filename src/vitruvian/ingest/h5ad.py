"""AnnData (.h5ad) → one fact per sample or donor; the matrix is read in slices and never held whole.

On-disk format: anndata.readthedocs.io/en/stable/fileformat-prose.html. Needs the extra "omics". Rows of the matrix are
samples, or single cells: cells are put together by the column of `obs` that names their donor or sample.
"""

from __future__ import annotations

import re
import tempfile
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import copyfileobj
from typing import TYPE_CHECKING

import numpy as np

from vitruvian.core import DataError, UnknownNameError, UnsupportedError
from vitruvian.ingest.delimited import plain
from vitruvian.ingest.isolated import isolated
from vitruvian.ingest.omics import HDF5, OmicsValues, omics_fact, omics_record
from vitruvian.ingest.omics_ids import IdCheck, IdSystem, system_of
from vitruvian.ingest.omics_layout import SAMPLE
from vitruvian.ingest.omics_tally import Tally
from vitruvian.ingest.whose import nobodys, place_of, subject_of
from vitruvian.record import Draft, Format, Item, RawFile, Rejected, Told

if TYPE_CHECKING:
    from anndata import AnnData
    from jaxtyping import Float

SLICE = 1 << 22  # numbers read at once
BROKEN = "the HDF5 file is not one that AnnData wrote, or is damaged"
PATIENCE_S, SLOWEST = 8.0, 5e6  # processor seconds for any file, and bytes a second beyond
MOST_SAMPLES = 100_000
_CELLS = "[ACGTN]{8,}"


class H5ad(Format):
    """The format "h5ad": an HDF5 file that AnnData wrote."""

    name = "h5ad"
    version = "1"
    needs_patient = True
    names_people = True

    def claims(self, head: bytes) -> bool:
        """Any HDF5 file; what is not AnnData is refused by name."""
        return head.startswith(HDF5)

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """One record per sample; raises `InputError` for a file that is not AnnData, or has no known ids."""
        found = isolated(survey, file.path, PATIENCE_S + file.path.stat().st_size / SLOWEST)
        for name, fact, content in found:
            subject = subject_of(name, len(found) == 1, told)
            if subject is None:
                yield nobodys("h5ad", name)
            elif isinstance(fact, str):
                yield Rejected("h5ad", place_of(name), fact, subject)
            else:
                yield omics_record(name, subject, [content], [fact])

    def part(self, file: RawFile, places: Collection[str]) -> bytes:
        """The file with only the rows of the samples at `places`."""
        with _opened(file.path) as data, tempfile.TemporaryDirectory() as folder:
            groups = _groups(data)
            kept = [k for k, name in enumerate(groups.of) if place_of(name) in places]
            out = Path(folder) / "part.h5ad"
            with _quiet():
                data[kept].to_memory().write_h5ad(out)
            return out.read_bytes()


def survey(path: Path) -> list[tuple[str, Draft | str, str]]:
    """Of each sample: its name, its fact (or why there is none), and the hash of its values; read slice by slice."""
    with _opened(path) as data:
        system, groups, scale = _system(data), _groups(data), _scale(data)
        ids = [str(one) for one in data.var_names]
        check = IdCheck(system)
        check.see(ids)
        tallies = {name: Tally() for name in groups.names}
        cells = dict.fromkeys(groups.names, 0)
        for start, block in _slices(data):
            for name, values in zip(groups.of[start : start + len(block)], block, strict=True):
                tallies[name].see(ids, values)
                cells[name] += 1
        more = {name: {"cells": count} if groups.cells else {} for name, count in cells.items()}
        return [
            (name, omics_fact(system, check, name, tally, scale, more[name]), tally.content)
            for name, tally in tallies.items()
        ]


class _Groups:
    """The sample of each row; `cells`: rows are single cells of it."""

    def __init__(self, of: Sequence[str], cells: bool) -> None:
        self.of, self.cells = of, cells
        self.names = list(dict.fromkeys(of))


def _groups(data: AnnData) -> _Groups:
    """Rows by the column of `obs` that names a sample or donor; else each row is a sample, or all are one's cells."""
    rows = [str(one) for one in data.obs_names]
    for wanted in ("patient", "donor", "subject", "participant", "individual", "sample", "specimen"):
        for column in data.obs.columns:
            if plain(str(column)) in {plain(one) for one in SAMPLE.split() if one.startswith(wanted)}:
                return _Groups([str(one) for one in data.obs[column]], len(set(data.obs[column])) < len(rows))
    if len(rows) > 1 and all(re.search(_CELLS, one) for one in rows[:100]):
        return _Groups([""] * len(rows), True)
    if len(rows) > MOST_SAMPLES:
        raise DataError("too many samples", got=len(rows), todo="Name the donor of each cell in obs['donor_id'].")
    return _Groups(rows, False)


def _system(data: AnnData) -> IdSystem:
    found = system_of([str(one) for one in data.var_names[:2000]], "gene")
    if found is None:
        raise DataError(
            "no gene, protein, metabolite or probe ids are recognised in var_names",
            got=", ".join(map(str, data.var_names[:3])),
            allowed="Ensembl, HGNC, UniProt, HMDB, ChEBI, KEGG, CpG probe ids",
        )
    return found


def _scale(data: AnnData) -> str:
    """log1p is noted by scanpy in `uns`; else the values must show it."""
    return "log1p" if "log1p" in data.uns else ""


def _slices(data: AnnData) -> Iterator[tuple[int, Float[np.ndarray, "R N"]]]:
    """(first row, dense rows) of X, so many numbers at a time."""
    rows = max(1, SLICE // max(data.n_vars, 1))
    for start in range(0, data.n_obs, rows):
        block = data.X[start : start + rows]
        if hasattr(block, "toarray"):
            block.check_format(full_check=True)  # wrong indices would write outside of the matrix
            block = block.toarray()
        values = np.asarray(block).astype(float)
        if np.isinf(values).any():
            raise DataError("a value is not finite", got=f"rows {start} to {start + rows}")
        yield start, values


@contextmanager
def _opened(path: Path) -> Iterator[AnnData]:
    """The file, its matrix left on disk; raises `UnsupportedError` without the extra, `DataError` if it is broken."""
    try:
        with _quiet():
            import anndata
    except ImportError as error:
        raise UnsupportedError("AnnData files need the extra omics", todo="pip install 'vitruvian[omics]'") from error
    with _unzipped(path) as plain_path:
        try:
            with _quiet():
                data = anndata.read_h5ad(plain_path, backed="r")
        except Exception as error:  # a damaged file makes the libraries raise anything
            raise DataError(BROKEN, got=str(error)[:200], todo="Write it again.") from error
        try:
            if data.X is None or 0 in data.shape:
                raise DataError("the file has no matrix X", got=data.shape)
            yield data
        except (OSError, KeyError, IndexError, ValueError, TypeError, RuntimeError, MemoryError) as error:
            raise DataError(BROKEN, got=str(error)[:200], todo="Write it again.") from error
        finally:
            data.file.close()


@contextmanager
def _unzipped(path: Path) -> Iterator[Path]:
    file = RawFile(path)
    if not file.compressed:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "matrix.h5ad"
        with file.open() as source, out.open("wb") as target:
            copyfileobj(source, target)
        yield out


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the library's warnings about its own future."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def h5ad_values(path: Path, sample: str = "") -> OmicsValues:
    """Values of one sample (of cells: their sum); raises `UnknownNameError` for one that is not there."""
    with _opened(path) as data:
        groups = _groups(data)
        name = sample or groups.names[0]
        if name not in groups.names:
            raise UnknownNameError("no such sample in the file", got=sample)
        total = np.zeros(data.n_vars)
        for start, block in _slices(data):
            for k, values in enumerate(block):
                total += values if groups.of[start + k] == name else 0.0
        return OmicsValues(name, tuple(map(str, data.var_names)), total, _scale(data))
