"""`vitruvian circulation beat`: the beat of a circulation that repeats itself, in health and disease."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitruvian.cli._data import named_numbers
from vitruvian.core import UnknownNameError

if TYPE_CHECKING:
    from vitruvian.physiology.circulation import Circuit, Orbit

SET = typer.Option([], "--set", help="Parameter, as R_systemic=1.2; may be repeated.")
PATHOLOGY = typer.Option([], "--pathology", help="Disease, as hfref or aortic_stenosis_severe; may be repeated.")
_INDICES = (
    ("heart_rate", "heart rate", "1/min", 0),
    ("systolic", "systolic pressure", "mmHg", 0),
    ("diastolic", "diastolic pressure", "mmHg", 0),
    ("mean_arterial", "mean arterial pressure", "mmHg", 0),
    ("central_venous", "central venous pressure", "mmHg", 1),
    ("wedge", "left atrial pressure", "mmHg", 1),
    ("pulmonary_systolic", "pulmonary systolic pressure", "mmHg", 0),
    ("pulmonary_mean", "pulmonary mean pressure", "mmHg", 0),
    ("edv", "end-diastolic volume", "mL", 0),
    ("esv", "end-systolic volume", "mL", 0),
    ("stroke_volume", "stroke volume", "mL", 0),
    ("ejection_fraction", "ejection fraction", "1", 2),
    ("cardiac_output", "cardiac output", "L/min", 2),
    ("e_wave", "early mitral flow", "mL/s", 0),
    ("a_wave", "late mitral flow", "mL/s", 0),
)
_VALVES = (
    ("mean_gradient", "mean gradient", "mmHg", 1),
    ("peak_velocity", "peak velocity", "m/s", 2),
    ("regurgitant", "regurgitant volume", "mL", 1),
)


def beat_command(
    pathologies: list[str] = PATHOLOGY,
    parameters: list[str] = SET,
    chambers: Annotated[str, typer.Option(help="Ventricles: elastance or one_fibre.")] = "elastance",
    coronaries: Annotated[bool, typer.Option("--coronaries", help="With a bed that the ventricle squeezes.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Picture: .svg, .png or .pdf.")] = None,
    html: Annotated[Path | None, typer.Option(help="Page with pictures and table.")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """The beat that repeats itself: pressures, volumes, flows and what is found at the valves."""
    import jax.numpy as jnp

    from vitruvian.physiology.circulation import CLOSED_LOOP, CORONARY_PRESSURE, TYPICAL_PRESSURES, indices, orbit

    circuit, p = _person(chambers, coronaries, pathologies, named_numbers(parameters, "--set"))
    known = {name: jnp.asarray(value) for name, value in p.items()}
    pressures = {**TYPICAL_PRESSURES, **CORONARY_PRESSURE}
    found = orbit(circuit, known, circuit.filled_to(known, pressures))
    table = _table(circuit, found, p, indices(found, known)._asdict())
    changed = bool(pathologies or parameters) and (plot is not None or html is not None)
    usual = None
    if changed:
        adult = {name: jnp.asarray(value) for name, value in CLOSED_LOOP.typical.items()}
        usual = orbit(CLOSED_LOOP, adult, CLOSED_LOOP.filled_to(adult, TYPICAL_PRESSURES)).trace
    if plot is not None:
        from vitruvian.reports import plot_beat

        plot_beat(found.trace, p["period"], plot, usual)
    if html is not None:
        from vitruvian.reports import beat_report

        rows = [(title, f"{value:.{digits}f}", "" if unit == "1" else unit) for _, title, value, unit, digits in table]
        beat_report(_title(pathologies), rows, found.trace, p["period"], html, usual)
    _show(table, found, json)


def _person(
    chambers: str, coronaries: bool, pathologies: list[str], told: dict[str, float]
) -> tuple[Circuit, dict[str, Any]]:
    from vitruvian.model import check_values
    from vitruvian.physiology.circulation import CLOSED_LOOP, ONE_FIBRE_LOOP, pathology, with_coronaries

    loops = {"elastance": CLOSED_LOOP, "one_fibre": ONE_FIBRE_LOOP}
    if chambers not in loops:
        raise UnknownNameError("no such chambers", got=chambers, allowed=", ".join(loops))
    circuit = with_coronaries(loops[chambers]) if coronaries else loops[chambers]
    p: dict[str, Any] = dict(circuit.typical)
    for name in pathologies:
        disease = pathology(name)
        circuit, p = disease.circuit(circuit), disease.parameters(p)
    check_values(circuit.parameters, told)
    return circuit, p | told


def _table(
    circuit: Circuit, found: Orbit, p: dict[str, Any], have: dict[str, Any]
) -> list[tuple[str, str, float, str, int]]:
    from vitruvian.physiology.circulation import flow_ratio, valve_findings

    rows = [(name, title, float(have[name]), unit, digits) for name, title, unit, digits in _INDICES]
    for valve in ("aortic", "mitral", "pulmonary", "tricuspid"):
        seen = valve_findings(circuit, found, p, valve)._asdict()
        rows += [(f"{valve}_{n}", f"{valve} {title}", float(seen[n]), unit, k) for n, title, unit, k in _VALVES]
    return [*rows, ("flow_ratio", "flow of lungs to body", float(flow_ratio(found)), "1", 2)]


def _title(pathologies: list[str]) -> str:
    from vitruvian.physiology.circulation import pathology

    return "; ".join(pathology(name).title for name in pathologies) or "A beat of the circulation"


def _show(table: list[tuple[str, str, float, str, int]], found: Orbit, json: bool) -> None:
    if json:
        import orjson

        rows: dict[str, Any] = {name: {"value": value, "unit": unit} for name, _, value, unit, _ in table}
        rows["newton"] = {"iterations": int(found.iterations), "residual": float(found.residual)}
        typer.echo(orjson.dumps(rows, option=orjson.OPT_INDENT_2).decode())
        return
    for _, title, value, unit, digits in table:
        typer.echo(f"{title:30s}{value:>10.{digits}f}  {'' if unit == '1' else unit}")
