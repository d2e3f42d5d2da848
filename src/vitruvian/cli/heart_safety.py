"""`vitruvian heart safety`: the risk of torsade de pointes of drugs, with its uncertainty."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from vitruvian.systems.cardiac_safety import Assessed, Band, CardiacDrug, Thresholds

_PUBLISHED = {"chantest": "chantest-28", "manual": "validation-2019"}


def safety_command(
    drugs: Annotated[
        Path | None, typer.Option(help="CSV: name, Cmax nM, IC50 and Hill of each current, hERG kinetics.")
    ] = None,
    dataset: Annotated[
        str, typer.Option(help="Published blocks of the 28 CiPA drugs, where no CSV is given: chantest or manual.")
    ] = "chantest",
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Only this drug of the CSV or data set; may be repeated.")
    ] = None,
    thresholds: Annotated[
        str, typer.Option(help="Thresholds by name; default: those of the data set (of a CSV: chantest-28).")
    ] = "",
    samples: Annotated[int, typer.Option(min=0, help="Samples a drug; 0: the published numbers alone.")] = 100,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 0,
    html: Annotated[Path | None, typer.Option(help="Write the report to this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Torsade metric score of each drug at 1 to 4 times its free Cmax, and the risk class that follows."""
    from vitruvian.systems.cardiac_safety import assess, cells, library, named_thresholds, read_drugs

    known = read_drugs(drugs) if drugs is not None else tuple(library(dataset).values())
    chosen = _chosen(known, name or [])
    ends = named_thresholds(thresholds or (_PUBLISHED[dataset] if drugs is None else "chantest-28"))
    with _progress() as bar:
        task = bar.add_task("heart cells", total=cells(chosen, samples))
        found = assess(chosen, ends, samples=samples, seed=seed, progress=lambda some: bar.advance(task, some))
    if html is not None:
        from vitruvian.reports import safety_report

        safety_report(found, ends, html)
    if json:
        import orjson

        typer.echo(orjson.dumps(safety_answer(found, ends, seed), option=orjson.OPT_INDENT_2).decode())
        return
    _print(found, ends)
    if html is not None:
        typer.echo(f"\nReport: {html}")


def _chosen(known: tuple[CardiacDrug, ...], names: list[str]) -> tuple[CardiacDrug, ...]:
    from vitruvian.core import UnknownNameError

    by_name = {drug.name.casefold(): drug for drug in known}
    unknown = [one for one in names if one.casefold() not in by_name]
    if unknown:
        raise UnknownNameError("no such drug", got=", ".join(unknown), allowed=", ".join(drug.name for drug in known))
    return tuple(by_name[one.casefold()] for one in dict.fromkeys(names)) or known


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def safety_answer(found: tuple[Assessed, ...], ends: Thresholds, seed: int) -> dict[str, Any]:
    """All that was found, as plain values; scores in µC/µF, durations in ms, concentrations in nM."""
    return {
        "thresholds": asdict(ends),
        "seed": seed,
        "drugs": [
            {
                "name": one.drug.name, "cmax_nM": one.drug.cmax, "known_class": one.drug.risk, "class": one.risk,
                "probabilities": dict(one.probabilities), "score": one.score, "score_band": _band(one.band),
                "samples": one.samples, "samples_ranked": one.ranked, "doses": [asdict(dose) for dose in one.doses],
                "reasons": list(one.reasons), "source": one.drug.source,
            }
            for one in found
        ],
    }  # fmt: skip


def _band(band: Band | None) -> dict[str, float] | None:
    return None if band is None else asdict(band)


def _print(found: tuple[Assessed, ...], ends: Thresholds) -> None:
    typer.echo(
        f"Torsade metric score, µC/µF (mean qNet at 1 to 4 × Cmax; higher is safer). Thresholds {ends.name}: "
        f"low risk above {ends.low_intermediate:g}, high risk below {ends.intermediate_high:g}.\n"
    )
    ordered = sorted(found, key=lambda one: -1.0 if one.score is None else one.score)
    wide = max(len(one.drug.name) for one in found)
    for one in ordered:
        score = "not ranked" if one.score is None else f"{one.score:.4f}"
        band = "" if one.band is None else f"[{one.band.low:.4f}, {one.band.high:.4f}]"
        chances = "  ".join(f"{risk} {share:.0%}" for risk, share in one.probabilities.items())
        typer.echo(f"{one.drug.name:{wide}}  {score:>10}  {band:18}  {one.risk or 'not told':12}  {chances}")
        last = one.doses[-1]
        if last.apd90 is not None:
            typer.echo(f"{'':{wide}}  APD90 at {last.times_cmax:g} × Cmax {last.apd90:.0f} ms")
        for reason in one.reasons:
            typer.echo(f"{'':{wide}}  {reason}")
