"""Calls made elsewhere: copy numbers and hybrids of CYP2D6, HLA types, laboratory reports.

Text format (as PharmCAT's outside calls): one gene a line, tab-separated `gene, diplotype, phenotype, activity score`;
the last two may be left out, or stand without a diplotype; `#` starts a comment.
"""

from __future__ import annotations

from dataclasses import dataclass

from vitruvian.core import DataError


@dataclass(frozen=True)
class OutsideCall:
    """One line of the file; None where a column is empty."""

    gene: str
    diplotype: str | None
    phenotype: str | None = None
    activity_score: str | None = None


def read_outside(text: str) -> dict[str, OutsideCall]:
    """Outside calls by gene. Raises DataError for a line that is not understood or a gene given twice."""
    found: dict[str, OutsideCall] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        parts = [part.strip() or None for part in line.split("\t")]
        if len(parts) < 2 or len(parts) > 4 or parts[0] is None or not any(parts[1:]):
            raise DataError(
                f"outside calls, line {number}: not understood",
                got=repr(line[:80]),
                allowed="gene<TAB>diplotype[<TAB>phenotype[<TAB>activity score]]",
                todo="Write one gene a line, separated by tabs.",
            )
        gene = parts[0].upper()
        if gene in found:
            raise DataError(f"outside calls, line {number}: {gene} is given twice", todo="Keep one line for each gene.")
        found[gene] = OutsideCall(gene, *parts[1:])
    return found
