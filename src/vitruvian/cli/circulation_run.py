"""`vitruvian circulation run`: a case of svZeroDSolver, its result in the same shape."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from vitruvian.physiology.circulation.svzerod import Run


def run_command(
    case: Annotated[Path, typer.Argument(help="Case of svZeroDSolver (JSON).")],
    out: Annotated[Path | None, typer.Option(help="Result to write: .json or .csv, by time.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Summary as JSON on standard output.")] = False,
) -> None:
    """Run a case of svZeroDSolver with its own blocks and time steps."""
    from vitruvian.physiology.circulation.svzerod import check_result_name, read_case, run, write_result
    from vitruvian.scale import progress_bar

    if out is not None:
        check_result_name(out)
    found = read_case(case)
    with progress_bar("cardiac cycles", found.simulation.number_of_cardiac_cycles, shown=not json) as advance:
        result = run(found, lambda done, count: advance(1))
    if out is not None:
        write_result(result, out)
    summary = _summary(result)
    if json:
        import orjson

        typer.echo(orjson.dumps(summary, option=orjson.OPT_INDENT_2).decode())
        return
    for note in result.notes:
        typer.echo(f"vitruvian: {note}", err=True)
    typer.echo(f"{'mean, lowest and highest of the times given':50s}{'mean':>12s}{'lowest':>12s}{'highest':>12s}")
    for name, one in summary["variables"].items():
        typer.echo(f"{name:50s}{one['mean']:12.5g}{one['lowest']:12.5g}{one['highest']:12.5g}")
    where = f" → {out}" if out is not None else ""
    typer.echo(f"{result.cycles} cycles, {result.newton:.2f} Newton steps a time step{where}")


def _summary(result: Run) -> dict[str, Any]:
    """What a reader looks at first; units are those of the file."""
    courses = {name: result.of(name) for name in result.variables}
    return {
        "cycles": result.cycles,
        "period": result.case.period,
        "times": len(result.times),
        "newton_steps_a_time_step": result.newton,
        "notes": list(result.notes),
        "variables": {
            name: {"mean": float(one.mean()), "lowest": float(one.min()), "highest": float(one.max())}
            for name, one in courses.items()
        },
    }
