"""How a table of genes, proteins, metabolites or probes is laid out: found by where known ids are, or not at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from vitruvian.ingest.delimited import Row, column_of, plain
from vitruvian.ingest.omics_ids import IdSystem, system_of

Kind = Literal["columns", "rows", "long", "one"]
SAMPLE = """sample sample_id sampleid sample_name subject subject_id patient patient_id donor donor_id participant
participant_id individual individual_id specimen specimen_id"""
UNIT = ("unit", "units")
_NOTES = """length eff_length effectivelength effective_length chr chrom chromosome start end strand position pos
description gene_name gene_symbol gene_type gene_biotype biotype transcript_id(s) transcript_ids entrez entrez_id gene
symbol name mapinfo exon_number gc width pep pvalue padj qvalue score peptides mz rt"""
NOTES = frozenset(map(plain, _NOTES.split()))
# a column's name → the scale that it says its values have; "" says nothing
SCALES = {
    "tpm": "TPM", "fpkm": "FPKM", "rpkm": "RPKM", "cpm": "CPM", "count": "counts", "counts": "counts",
    "estcounts": "counts", "numreads": "counts", "expectedcount": "counts", "rawcount": "counts",
    "rawcounts": "counts", "readcount": "counts", "readcounts": "counts", "beta": "beta", "betavalue": "beta",
    "avgbeta": "beta", "mvalue": "M value", "npx": "NPX (log2)", "intensity": "intensity",
    "lfqintensity": "intensity", "log2": "log2", "log2intensity": "log2", "log2tpm": "log2", "logcpm": "log2",
    "concentration": "concentration", "conc": "concentration", "value": "", "expression": "", "abundance": "",
    "level": "", "signal": "", "quantity": "", "result": "",
}  # fmt: skip
MISSING = frozenset(("", "na", "nan", "null", "none", "n/a", "nd", "n.d.", "-", "."))


@dataclass(frozen=True)
class Layout:
    """Where things are. `kind`: samples in columns, in rows, in a column of their own (long), or one and unnamed.

    `ids`: the column of ids (-1: they are the header's cells); `sample`: the column of samples (-1: none);
    `values`: columns of values, named by `names` (sample names, or ids where samples are rows, or scales);
    `header`: whether the first row is one; `shorter`: it has no name for the first column (as R writes it).
    """

    kind: Kind
    system: IdSystem
    ids: int
    sample: int
    values: tuple[int, ...]
    names: tuple[str, ...]
    scales: tuple[str, ...]
    unit: int = -1
    header: bool = True
    shorter: bool = False


def find_layout(rows: Sequence[Row]) -> Layout | None:
    """The layout of a table by its first rows; None where no column or row of known ids is found."""
    if len(rows) < 2:
        return None
    header, body = rows[0].cells, [row.cells for row in rows[1:]]
    if len(header) + 1 == len(body[0]):
        found = _found(("", *header), body, rows)
        return None if found is None else replace(found, shorter=True)
    return _found(header, body, rows)


def _found(header: tuple[str, ...], body: Sequence[tuple[str, ...]], rows: Sequence[Row]) -> Layout | None:
    width = len(header)
    body = [cells for cells in body if len(cells) == width]
    if width < 2 or not body:
        return None
    if numeric(header[-1]) and numeric(body[0][-1]):
        return _without_header(rows)
    ids, system = _id_column(header, body)
    if system is not None:
        return _with_ids(header, body, ids, system)
    system = system_of([one for one in header[1:] if plain(one) not in NOTES][:500])
    sample = column_of(header, SAMPLE.split())
    if system is None or width < 4:
        return None
    values = tuple(k for k in _numeric_columns(header, body) if k != (sample or 0))
    return Layout("rows", system, -1, sample or 0, values, tuple(header[k] for k in values), ("",) * len(values))


def numeric(cell: str) -> bool:
    """Whether a cell holds a number."""
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", cell) is not None


def _id_column(header: Sequence[str], body: Sequence[Sequence[str]]) -> tuple[int, IdSystem | None]:
    """The column of ids: of a system with a form of its own if there is one, else of symbols or numbers."""
    found = []
    for k in range(min(len(header), 8)):
        column = [cells[k] for cells in body if cells[k]]
        system = system_of(column, header[k])
        if system is not None:
            found.append((system.name in ("hgnc_symbol", "ncbi_gene"), k, system))
    if not found:
        return -1, None
    _, k, system = min(found, key=lambda one: one[:2])
    return k, system


def _with_ids(header: Sequence[str], body: Sequence[Sequence[str]], ids: int, system: IdSystem) -> Layout | None:
    sample, unit = column_of(header, SAMPLE.split()), column_of(header, UNIT)
    values = [k for k in _numeric_columns(header, body) if k not in (ids, sample, unit)]
    stated = [k for k in values if plain(header[k]) in SCALES]
    if sample is not None and stated:
        chosen = stated[0]
        scale = (SCALES[plain(header[chosen])],)
        return Layout("long", system, ids, sample, (chosen,), (header[chosen],), scale, -1 if unit is None else unit)
    if stated and len(stated) == len(values):
        names = tuple(header[k] for k in stated)
        return Layout("one", system, ids, -1, tuple(stated), names, tuple(SCALES[plain(one)] for one in names))
    if not values:
        return None
    names, scale_of_all = _without_scale([header[k] for k in values])
    return Layout("columns", system, ids, -1, tuple(values), names, (scale_of_all,) * len(values))


def _without_header(rows: Sequence[Row]) -> Layout | None:
    """Counters that write no header (htseq-count, STAR): ids, then counts."""
    body = [row.cells for row in rows if not row.cells[0].startswith(("N_", "__"))]
    system = system_of([cells[0] for cells in body])
    width = len(rows[0].cells)
    if system is None or not all(len(row.cells) == width and numeric(row.cells[1]) for row in rows):
        return None
    return Layout("one", system, 0, -1, (1,), ("count",), ("counts",), header=False)


def _numeric_columns(header: Sequence[str], body: Sequence[Sequence[str]]) -> list[int]:
    """Columns of numbers that are no notes; at least one number must be seen."""
    found = []
    for k, name in enumerate(header):
        cells = [row[k] for row in body if row[k].casefold() not in MISSING]
        known_note = plain(name) in NOTES
        if cells and not known_note and 2 * sum(map(numeric, cells)) >= len(cells):
            found.append(k)
    return found


def _without_scale(names: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Sample names without the scale that all of them begin or end with ("LFQ intensity S1", "S1.AVG_Beta")."""
    for place in ("^{}[ _.:]+(.+)$", "^(.+)[ _.:]+{}$"):
        for spelled in ("LFQ intensity", "intensity", "AVG_Beta", "beta", "TPM", "FPKM", "counts?", "NPX"):
            matches = [re.match(place.format(spelled), name, re.IGNORECASE) for name in names]
            if all(matches):
                scale = SCALES[plain(spelled.rstrip("?"))]
                return tuple(match[1] for match in matches if match), scale
    return tuple(names), ""
