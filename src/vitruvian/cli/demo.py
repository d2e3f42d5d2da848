"""`vitruvian demo`: the sample patients, from files to printed answers and pages."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

# patient, drug, moment asked about ("": the newest fact), what is asked
_ASKS = (
    ("sample-a", "warfarin", "2025-03-25T12:00:00+01:00", "warfarin, three weeks and nine INRs after the start"),
    ("sample-a", "apixaban", "", "the switch to apixaban"),
    ("sample-b", "vancomycin", "", "vancomycin with two levels"),
    ("sample-c", "tacrolimus", "", "tacrolimus as fluconazole starts"),
)


def demo_command(
    out: Annotated[Path, typer.Option(help="Folder for the record and the reports.")] = Path("demo"),
) -> None:
    """Ingest the sample patients, build their twins, print the answers, write a page for each."""
    from rich.console import Console

    from vitruvian.ingest import samples
    from vitruvian.record import Record
    from vitruvian.reports import report
    from vitruvian.twin import Asked, dose

    console = Console(width=110, soft_wrap=True, highlight=False)
    out.mkdir(parents=True, exist_ok=True)
    with Record.open(out / "demo.db") as record:
        for name, files in samples().items():
            found = record.ingest(*files, patient=name)
            console.print(
                f"{name}: {found.records_in} records in = {found.stored} stored + {found.duplicate} duplicate + "
                f"{found.quarantined} quarantined"
            )
        for patient, drug, at, what in _ASKS:
            answer = dose(record, patient, drug, asked=Asked(at=at or None))
            page = report(answer, out / f"{patient}-{drug}.html")
            _show(console, f"{patient}: {what}", str(answer), page)
        _heart(console, record, "sample-d", out / "sample-d-heart.html")
    console.print(f"Ask again: vitruvian dose sample-b --drug vancomycin --record {out / 'demo.db'}")


def _heart(console: Any, record: Any, patient: str, page: Path) -> None:
    """The heart twin, and what half a litre of fluid would do."""
    from vitruvian.cli.heart_twin import what_if_text
    from vitruvian.reports import heart_report
    from vitruvian.twin.heart import calibrate, read_evidence, what_if

    twin = calibrate(read_evidence(record.patient(patient)))
    found = what_if(twin, "fluid", 500.0)
    heart_report(twin, page, found)
    _show(console, f"{patient}: heart failure, and what half a litre of fluid would do", what_if_text(found), page)


def _show(console: Any, title: str, text: str, page: Path) -> None:
    console.rule(f"[bold]{title}")
    console.print(text, markup=False)
    console.print(f"\nReport: {page}\n", markup=False)
