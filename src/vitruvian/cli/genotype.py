"""`vitruvian genotype`: a VCF to diplotypes, phenotypes and what is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from vitruvian.ingest import VcfCalls
    from vitruvian.person import GeneCall


def genotype_command(
    file: Path = typer.Argument(..., help="VCF of one person: .vcf, .vcf.gz, bgzip with or without index; gVCF too."),
    as_json: bool = typer.Option(
        False, "--json", help="Print one JSON object keyed by gene (and `advice` with --drug)."
    ),
    outside: Path | None = typer.Option(None, "--outside", help="Calls made elsewhere (CYP2D6 copies, HLA): a TSV."),
    build: str | None = typer.Option(
        None, "--build", help="GRCh38 or GRCh37; a contradiction with the file is refused."
    ),
    index: Path | None = typer.Option(None, "--index", help="Its index, if not beside it (.tbi, .csi)."),
    sample: str | None = typer.Option(None, "--sample", help="Whose column, where the file holds several."),
    assume_reference: bool = typer.Option(
        False,
        "--assume-reference",
        help="Positions without a record are reference (variants-only files); said in the answer.",
    ),
    drug: str | None = typer.Option(None, "--drug", help="Add guideline advice for this drug."),
) -> None:
    """Name the pharmacogene diplotypes and phenotypes of a genome."""
    from vitruvian.core import DataError
    from vitruvian.ingest import read_calls
    from vitruvian.person import advice, genotype, read_outside

    if outside is not None and not outside.is_file():
        raise DataError("no such file of outside calls", got=outside)
    read = read_calls(file, build=build, sample=sample, assume_reference=assume_reference, index=index)
    given = read_outside(outside.read_text(encoding="utf-8")) if outside else {}
    calls = genotype(read.calls, given)
    advised = advice(drug, calls) if drug else ()
    if as_json:
        answer = _json(calls, read) | ({"advice": [item.to_json() for item in advised]} if drug else {})
        typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))
        return
    typer.echo(_table(calls))
    typer.echo(f"\n{file.name}, sample {read.sample}, {read.how}")
    for note in read.notes:
        typer.echo(f"- {note}")
    for item in advised:
        typer.echo(
            f"\n{item.drug}: {item.text}\n  {item.basis}; strength: {item.strength}; {item.guideline}, {item.source}"
            f" [{item.status}]"
        )


def _json(calls: Mapping[str, GeneCall], read: VcfCalls) -> dict[str, object]:
    """Every gene says from what it was read, so that the object stays keyed by gene alone."""
    origin = {
        "build": str(read.build),
        "sample": read.sample,
        "read": read.how,
        "assumed_reference": read.assumed,
        "file_notes": list(read.notes),
    }
    return {gene: call.to_json() | {"input": origin} for gene, call in calls.items()}


def _table(calls: Mapping[str, GeneCall]) -> str:
    rows = [("gene", "diplotype", "phenotype", "score", "phase", "missing")]
    for gene, call in calls.items():
        more = len(call.diplotypes) - 1
        name = (call.diplotype or "no call") + (f" (+{more} more fit)" if more > 0 else "")
        score = "" if call.activity_score is None else f"{call.activity_score:g}"
        missing = f"{len(call.missing)} of {call.needed}" if call.missing else ""
        rows.append((gene, name, call.phenotype or "", score, call.phase, missing))
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    why = [f"{gene}: {text}" for gene, call in calls.items() for text in (call.reason, *call.notes) if text]
    return "\n".join([*lines, "", *why])
