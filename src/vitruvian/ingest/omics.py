"""Tables of gene expression, proteins, metabolites and methylation → one fact per sample; the matrix stays a file.

Long (a row per sample and id), wide either way round, or one sample with a column per scale (kallisto, Salmon, RSEM).
The values of a sample are read again by `omics_values`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.core import DataError, UnknownNameError, now_ms
from vitruvian.ingest.delimited import Row, head_rows, rows, separator, text_of
from vitruvian.ingest.omics_ids import EXPRESSION, METABOLOMICS, METHYLATION, MOST, PROTEOMICS, IdCheck, IdSystem
from vitruvian.ingest.omics_layout import MISSING, Layout, find_layout
from vitruvian.ingest.omics_tally import Tally
from vitruvian.ingest.whose import nobodys, place_of, subject_of
from vitruvian.record import Draft, Format, Item, RawFile, Rejected, SourceRecord, Told

if TYPE_CHECKING:
    from jaxtyping import Float

ASSAYS = {
    EXPRESSION: "Gene expression",
    PROTEOMICS: "Proteomics",
    METABOLOMICS: "Metabolomics",
    METHYLATION: "DNA methylation",
    "": "Omics, assay not stated",
}
HDF5 = b"\x89HDF\r\n\x1a\n"
NO_MORE: Mapping[str, Any] = MappingProxyType({})
_PROTEIN_SCALES = frozenset(("NPX (log2)", "intensity"))
_GENE_SCALES = frozenset(("TPM", "FPKM", "RPKM", "CPM", "counts"))


class OmicsTable(Format):
    """The format "omics": delimited text with a column or a header of known gene, protein, metabolite or probe ids."""

    name = "omics"
    version = "1"
    needs_patient = True
    names_people = True

    def claims(self, head: bytes) -> bool:
        """Whether ids that are known by their form stand in a column or in the header."""
        return find_layout(head_rows(head)) is not None

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """One record per sample, with a fact per scale; raises `InputError` for a table that cannot be used."""
        layout = _layout(file)
        check = IdCheck(layout.system)
        tallies: dict[str, list[Tally]] = {}
        for sample, k, ids, values, unit in _values(file, layout, check):
            held = tallies.setdefault(sample, [Tally() for _ in layout.scales if layout.kind == "one"] or [Tally()])
            held[k].see(ids, values)
            if unit:
                held[k].units.add(unit)
        if not tallies:
            raise DataError(f"{file.name}: the table has no values", todo="Export it again.")
        for sample, held in tallies.items():
            subject = subject_of(sample, len(tallies) == 1, told)
            scales = layout.scales if layout.kind == "one" else layout.scales[:1]
            facts = [omics_fact(layout.system, check, sample, *pair) for pair in zip(held, scales, strict=True)]
            wrong = next((fact for fact in facts if isinstance(fact, str)), None)
            if subject is None:
                yield nobodys("omics", sample)
            elif wrong is not None:
                yield Rejected("omics", place_of(sample), wrong, subject)
            else:
                yield omics_record(
                    sample, subject, [one.content for one in held], [fact for fact in facts if isinstance(fact, Draft)]
                )

    def part(self, file: RawFile, places: Collection[str]) -> bytes:
        """The table with only the samples at `places`: their columns, or their rows."""
        layout = _layout(file)
        out = io.StringIO()
        dropped = {k for k, name in zip(layout.values, layout.names, strict=True) if place_of(name) not in places}
        with rows(file) as every:
            header = next(every)
            writer = csv.writer(out, delimiter=separator(text_of(file.head)) or ",", lineterminator="\n")
            shift = 1 if layout.shorter else 0
            if layout.kind == "columns":
                writer.writerow([cell for k, cell in enumerate(header.cells) if k + shift not in dropped])
                for row in every:
                    writer.writerow([cell for k, cell in enumerate(row.cells) if k not in dropped])
            else:
                writer.writerow(header.cells)
                writer.writerows(row.cells for row in every if place_of(row.cells[layout.sample]) in places)
        return out.getvalue().encode()


def omics_record(sample: str, subject: str, contents: Sequence[str], facts: Sequence[Draft]) -> SourceRecord:
    """The record of one sample, named by the hashes of its values."""
    digest = sha256("".join([sample, *contents]).encode()).hexdigest()[:32]
    return SourceRecord(
        "Omics", "", digest, digest, digest, subject, place_of(sample), tuple(facts), known_ms=now_ms()
    )  # fmt: skip


def omics_fact(
    system: IdSystem, check: IdCheck, sample: str, tally: Tally, stated: str, more: Mapping[str, Any] = NO_MORE
) -> Draft | str:
    """The fact of a sample's values on one scale, with `more` in its detail; or why they cannot be."""
    scale, how = tally.scale(stated, system)
    wrong = tally.wrong(scale)
    if wrong is not None:
        return f"{wrong} in sample {sample}; the values are not what the table says they are."
    assay = system.assay or (PROTEOMICS if scale in _PROTEIN_SCALES else EXPRESSION if scale in _GENE_SCALES else "")
    detail: dict[str, Any] = {"assay": assay or "unknown", "scale": scale, "scale_by": how, "sample": sample}
    flags = check.flags + (("unknown_scale",) if scale == "unknown" else ())
    return Draft(
        "omics", system.uri, assay or "unknown", f"{ASSAYS[assay]} ({scale})", f"/{scale}", status="final",
        flags=flags, detail={**detail, **check.detail(), **tally.detail(), **more},
    )  # fmt: skip


def _layout(file: RawFile) -> Layout:
    layout = find_layout(head_rows(file.head))
    if layout is None:
        raise DataError(
            f"{file.name}: no gene, protein, metabolite or probe ids are recognised",
            allowed="Ensembl, HGNC, NCBI Gene, UniProt, HMDB, ChEBI, KEGG, CpG probe ids",
            todo="Name the column of ids (gene_id, uniprot, hmdb_id, …) and ingest it again.",
        )
    return layout


Batch = tuple[str, int, Sequence[str], "Float[np.ndarray, N]", str]


def _values(file: RawFile, layout: Layout, check: IdCheck) -> Iterator[Batch]:
    """(sample, which scale, ids, values, unit) in batches as the file goes by; ids are checked on the way."""
    with rows(file) as every:
        header = next(every)
        body: Iterator[Row] = every if layout.header else _chain(header, every)
        if layout.kind == "rows":
            check.see(layout.names)
            seen: set[str] = set()
            for row in body:
                _width(file, row, max(layout.values))
                _once(file, row.cells[layout.sample], seen)
                yield row.cells[layout.sample], 0, layout.names, _numbers(file, row, layout.values), ""
        elif layout.kind == "long":
            yield from _long(file, layout, check, body)
        else:
            yield from _by_column(file, layout, check, body)


def _once(file: RawFile, name: str, seen: set[str]) -> None:
    """Raises `DataError` for a sample that was there before: two measurements would become one."""
    if name in seen:
        raise DataError(f"{file.name}: two samples have one name", got=name, todo="Rename them (S1_1, S1_2).")
    seen.add(name)


def _chain(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


BATCH = 500


def _by_column(file: RawFile, layout: Layout, check: IdCheck, body: Iterator[Row]) -> Iterator[Batch]:
    """Rows of ids with a column per sample (or per scale of the one sample), so many rows at a time."""
    one = layout.kind == "one"
    seen: set[str] = set()
    for name in () if one else layout.names:
        _once(file, name, seen)
    for ids, block in _blocks(file, layout, body):
        check.see(ids)
        for k, name in enumerate(layout.names):
            yield ("" if one else name), (k if one else 0), ids, block[:, k], ""


def _blocks(file: RawFile, layout: Layout, body: Iterator[Row]) -> Iterator[tuple[list[str], Float[np.ndarray, "N S"]]]:
    ids: list[str] = []
    block: list[Float[np.ndarray, S]] = []
    for row in body:
        _width(file, row, max(layout.ids, *layout.values))
        if row.cells[0].startswith(("N_", "__")):
            continue
        ids.append(row.cells[layout.ids])
        block.append(_numbers(file, row, layout.values))
        if len(ids) == BATCH:
            yield ids, np.array(block)
            ids, block = [], []
    if ids:
        yield ids, np.array(block)


def _long(file: RawFile, layout: Layout, check: IdCheck, body: Iterator[Row]) -> Iterator[Batch]:
    """Rows of a long table, those that follow each other for one sample and unit together."""
    now: tuple[str, str] | None = None
    ids: list[str] = []
    block: list[float] = []
    seen: set[int] = set()
    for row in body:
        _width(file, row, max(layout.ids, layout.sample, layout.unit, *layout.values))
        unit = row.cells[layout.unit] if layout.unit >= 0 else ""
        key = (row.cells[layout.sample], unit)
        if key != now or len(ids) == BATCH:
            if now is not None:
                yield now[0], 0, ids, np.array(block), now[1]
            now, ids, block = key, [], []
        check.see([row.cells[layout.ids]], again=True)
        pair = hash((row.cells[layout.sample], row.cells[layout.ids]))
        check.repeated += pair in seen
        if len(seen) < MOST:
            seen.add(pair)
        ids.append(row.cells[layout.ids])
        block.append(float(_numbers(file, row, layout.values)[0]))
    if now is not None:
        yield now[0], 0, ids, np.array(block), now[1]


def _numbers(file: RawFile, row: Row, columns: Sequence[int]) -> Float[np.ndarray, S]:
    """The cells as numbers, NaN where missing; raises `DataError` for what is neither."""
    cells = [row.cells[k] for k in columns]
    try:
        found = np.array(cells, float)
    except ValueError:
        found = np.array([_number(file, row, cell) for cell in cells])
    if np.isinf(found).any():
        raise DataError(f"{file.name}, line {row.line}: not a finite number", todo="Mend or leave out this line.")
    return found


def _number(file: RawFile, row: Row, cell: str) -> float:
    if cell.casefold() in MISSING:
        return float("nan")
    try:
        return float(cell)
    except ValueError:
        raise DataError(
            f"{file.name}, line {row.line}: not a number", got=cell[:40], todo="Mend or leave out this line."
        ) from None


def _width(file: RawFile, row: Row, last: int) -> None:
    if len(row.cells) <= last:
        raise DataError(f"{file.name}, line {row.line}: too few columns", got=len(row.cells), allowed=last + 1)


@dataclass(frozen=True)
class OmicsValues:
    """Values of N ids of one sample; NaN is missing. `scale` as the file states it, "" where it does not."""

    sample: str
    ids: tuple[str, ...]
    values: Float[np.ndarray, N]
    scale: str

    def of(self, name: str) -> float:
        """The value of one id; raises `UnknownNameError`."""
        if name not in self.ids:
            raise UnknownNameError(f"{name} is not in sample {self.sample or '(unnamed)'}", got=f"{len(self.ids)} ids")
        return float(self.values[self.ids.index(name)])


def omics_values(path: Path, sample: str = "", scale: str = "") -> OmicsValues:
    """All values of one sample of a kept table or AnnData file (`record.open_blob`); `scale` if the file has several.

    Raises `UnknownNameError` for a sample or scale that is not there.
    """
    file = RawFile(path)
    if file.head.startswith(HDF5):
        from vitruvian.ingest.h5ad import h5ad_values

        return h5ad_values(path, sample)
    layout = _layout(file)
    found = [
        (ids, values)
        for name, k, ids, values, _ in _values(file, layout, IdCheck(layout.system))
        if (name == sample or not sample) and (layout.kind != "one" or not scale or layout.scales[k] == scale)
    ]
    if not found:
        raise UnknownNameError("no such sample or scale in the table", got=f"{sample} {scale}".strip())
    stated = scale or layout.scales[0]
    ids = tuple(one for names, _ in found for one in names)
    return OmicsValues(sample, ids, np.concatenate([values for _, values in found]), stated)
