"""`vitruvian heart cell`: pace a cell model and read its action potential."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitruvian.cli._data import named_numbers, write_csv

if TYPE_CHECKING:
    from vitruvian.physiology.heart import Cell, Paced

BLOCK = typer.Option([], "--block", help="Share blocked, as hERG=0.5 or IKr=0.5; may be repeated.")
VARIANT = typer.Option(
    [],
    "--variant",
    help="Sex, disease, genotype: female, long_qt_2, KCNH2=0.3 (one copy so functional); may be repeated.",
)
SET = typer.Option([], "--set", help="Parameter, as Ko=3.5; may be repeated.")
_WORDS = {
    "ead": "early afterdepolarisation",
    "triggered": "triggered action potential",
    "failed_repolarisation": "failed repolarisation",
    "no_capture": "no capture",
    "alternans": "alternans",
}
_SHOWN = (
    ("apd50", "APD50", "ms"),
    ("apd90", "APD90", "ms"),
    ("triangulation", "triangulation (APD90 − APD50)", "ms"),
    ("peak", "peak", "mV"),
    ("rest", "rest", "mV"),
    ("upstroke", "steepest upstroke", "mV/ms"),
    ("calcium_amplitude", "calcium transient", "mM"),
    ("calcium_duration50", "calcium transient, duration to 50 %", "ms"),
    ("calcium_duration90", "calcium transient, duration to 90 %", "ms"),
)


def cell_command(
    model: Annotated[str, typer.Argument(help="Cell model; `--list` shows them.")] = "",
    cell_type: Annotated[str, typer.Option("--cell-type", help="endo, mid or epi, where the paper gives them.")] = "",
    bcl: Annotated[float, typer.Option(help="Basic cycle length, ms.")] = 1000.0,
    beats: Annotated[int, typer.Option(min=1, help="Beats; what is shown is the last one.")] = 100,
    variant: list[str] = VARIANT,
    block: list[str] = BLOCK,
    parameters: list[str] = SET,
    trace: Annotated[Path | None, typer.Option(help="CSV of the last beat: voltage, calcium, every current.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture of the last beat: .svg, .png or .pdf.")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
    known: Annotated[bool, typer.Option("--list", help="List the models and end.")] = False,
) -> None:
    """Pace a heart cell: action potential, calcium transient, and what is abnormal in the last beats."""
    from vitruvian.physiology.heart import CELLS, blocked, cell, pace

    if known or not model:
        for name, one in CELLS.items():
            typer.echo(f"{name}\t{', '.join(kind for kind in one.kinds if kind) or '-'}\t{one.title}")
        return
    chosen = cell(model, cell_type)
    p = {**_varied(chosen, variant), **named_numbers(parameters, "--set")}
    changed = blocked(chosen, p, named_numbers(block, "--block"))
    paced = pace(chosen, changed, cycle_length=bcl, beats=beats)
    if trace is not None:
        write_csv(trace, ("t_ms", "V_mV", "calcium_mM", *paced.currents), _rows(paced))
    if plot is not None:
        from vitruvian.reports import plot_action_potential

        plot_action_potential({_title(chosen.name, chosen.kind, [*variant, *block]): paced}, plot)
    found = _summary(paced, bcl, variant)
    if json:
        import orjson

        typer.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        _print(found)


def _varied(chosen: Cell, variants: list[str]) -> dict[str, Any]:
    """The published parameters with each variant's changes: a named one, or a gene with its function."""
    from vitruvian.physiology.heart import genotype, with_variant

    p: dict[str, Any] = dict(chosen.typical)
    for one in variants:
        gene, given, _ = one.partition("=")
        function = named_numbers([one], "--variant")[gene] if given else 1.0
        p = with_variant(chosen, p, genotype(gene, function) if given else one)
    return p


def _summary(paced: Paced, bcl: float, variants: list[str]) -> dict[str, Any]:
    measured = {name: float(getattr(paced.biomarkers, name)) for name, _, _ in _SHOWN}
    flags = {name: bool(value) for name, value in paced.flags._asdict().items()}
    return {
        "model": paced.cell.name,
        "cell_type": paced.cell.kind or None,
        "variants": variants,
        "bcl_ms": bcl,
        "beats": paced.beats,
        **{f"{name}_{_tail(unit)}": None if math.isnan(measured[name]) else measured[name] for name, _, unit in _SHOWN},
        "abnormal": flags,
        "source": str(paced.cell.source),
    }


def _tail(unit: str) -> str:
    return unit.replace("/", "_per_")


def _print(found: dict[str, Any]) -> None:
    kind = f" ({found['cell_type']})" if found["cell_type"] else ""
    kind = ", ".join([kind, *found["variants"]])
    typer.echo(f"{found['model']}{kind}, beat {found['beats']} at {found['bcl_ms']:g} ms")
    for name, title, unit in _SHOWN:
        value = found[f"{name}_{_tail(unit)}"]
        typer.echo(f"  {title:38s} {'-' if value is None else f'{value:.4g} {unit}'}")
    abnormal = [_WORDS[name] for name, there in found["abnormal"].items() if there]
    typer.echo(f"  abnormal in the last beats: {', '.join(abnormal) or 'nothing found'}")
    typer.echo(f"source: {found['source']}")


def _rows(paced: Paced) -> Iterator[list[float]]:
    """A row per time; a current, known in the middle of each step, stands at the step's beginning."""
    currents = list(paced.currents.values())
    for k in range(len(paced.t) - 1):
        yield [float(x[k]) for x in (paced.t, paced.V, paced.calcium, *currents)]


def _title(name: str, kind: str, changes: list[str]) -> str:
    return " ".join([name, *([kind] if kind else []), *(["with", ", ".join(changes)] if changes else [])])
