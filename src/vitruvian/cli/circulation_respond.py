"""`vitruvian circulation respond`: bleeding, fluids, posture, work and drugs on the circulation with its reflexes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitruvian.cli._data import named_numbers, write_csv
from vitruvian.core import InputError, Quantity

if TYPE_CHECKING:
    from vitruvian.model import Schedule
    from vitruvian.physiology.circulation import Course, Response

SET = typer.Option([], "--set", help="Parameter of the person, as R_systemic=1.2; may be repeated.")
DRUG = typer.Option([], "--drug", help='As "propofol 200 mg" or "norepinephrine 0.2 mg over 30 min"; may be repeated.')
_START = 60.0  # s of rest before anything acts
_ROWS = (
    ("heart_rate", "heart rate", "1/min", 0),
    ("systolic", "systolic pressure", "mmHg", 0),
    ("diastolic", "diastolic pressure", "mmHg", 0),
    ("mean_arterial", "mean arterial pressure", "mmHg", 0),
    ("central_venous", "central venous pressure", "mmHg", 1),
    ("cardiac_output", "cardiac output", "L/min", 2),
    ("stroke_volume", "stroke volume", "mL", 0),
    ("ejection_fraction", "ejection fraction", "1", 2),
    ("resistance", "systemic resistance", "mmHg.s/mL", 2),
    ("blood_volume", "blood volume", "mL", 0),
    ("hematocrit", "hematocrit", "1", 2),
    ("urine", "urine", "mL", 0),
)


def respond_command(
    minutes: Annotated[float, typer.Option(min=2.0, max=1440.0, help="Length; the first minute is rest.")] = 15.0,
    bleed: Annotated[str, typer.Option(help='Blood lost, as "1000 mL over 10 min".')] = "",
    crystalloid: Annotated[str, typer.Option(help='Ringer or saline, as "500 mL over 15 min".')] = "",
    colloid: Annotated[str, typer.Option(help="Albumin, in the same way.")] = "",
    red_cells: Annotated[str, typer.Option(help="Packed red cells, in the same way.")] = "",
    tilt: Annotated[float, typer.Option(help="Head-up tilt, degrees; 90 is standing.")] = 0.0,
    work: Annotated[float, typer.Option(help="Power on a cycle, W.")] = 0.0,
    drug: list[str] = DRUG,
    weight: Annotated[float, typer.Option(min=20.0, max=250.0, help="Body weight, kg (for drugs).")] = 75.0,
    parameters: list[str] = SET,
    out: Annotated[Path | None, typer.Option(help="CSV: a row a second.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture: .svg, .png or .pdf.")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """How the circulation answers what acts on it, with baroreflex, blood volume and drugs."""
    from vitruvian.model import check_values
    from vitruvian.physiology.circulation import CLOSED_LOOP, pulse
    from vitruvian.systems.vasoactive import respond_to

    seconds = 60.0 * minutes
    acting: dict[str, float | Course] = {}
    given = {"bleeding": bleed, "crystalloid": crystalloid, "colloid": colloid, "red_cells": red_cells}
    for name, text in given.items():
        if text:
            volume, over = _amount(text, "mL")
            _within(text, over, seconds)
            acting[name] = pulse(_START, _START + over, volume / over)
    for name, level in (("tilt", tilt), ("work", work)):
        if level:
            acting[name] = pulse(_START, seconds + 1.0, level)
    told = named_numbers(parameters, "--set")
    check_values(CLOSED_LOOP.parameters, told)
    schedules = [_schedule(text, seconds) for text in drug]
    found = respond_to({**CLOSED_LOOP.typical, **told}, schedules, seconds, weight=weight, acting=acting)
    if out is not None:
        names = [name for name, _, _, _ in _ROWS]
        columns = [found.seconds, *(getattr(found, name) for name in names)]
        write_csv(out, ("seconds", *names), ([float(column[k]) for column in columns] for k in range(len(columns[0]))))
    if plot is not None:
        from vitruvian.reports import plot_response

        plot_response(found, plot)
    _show(found, json)


def _amount(text: str, unit: str) -> tuple[float, float]:
    """Amount in `unit` and seconds of "1000 mL over 10 min"."""
    amount, _, over = text.partition(" over ")
    if not over:
        raise InputError("an amount is not understood", got=text, allowed="as in: 1000 mL over 10 min")
    seconds = Quantity.parse(over).to("s").value
    volume = Quantity.parse(amount).to(unit).value
    if not (volume > 0.0 and seconds > 0.0):
        raise InputError("an amount must be above zero", got=text, allowed="as in: 1000 mL over 10 min")
    return volume, seconds


def _within(text: str, over: float, seconds: float) -> None:
    if _START + over > seconds:
        todo = f"Ask for --minutes {(_START + over) / 60.0:g} or more."
        raise InputError("this does not end within the run", got=f"{text}, begun after a minute", todo=todo)


def _schedule(text: str, seconds: float) -> Schedule:
    """Doses begin after the minute of rest."""
    from vitruvian.model import bolus, infusion

    name, _, rest = text.partition(" ")
    amount, _, over = rest.partition(" over ")
    if not amount:
        raise InputError("a drug is not understood", got=text, allowed="as in: propofol 200 mg")
    quantity = Quantity.parse(amount)
    start = f"{_START / 60.0:g} min"
    if over:
        _within(text, Quantity.parse(over).to("s").value, seconds)
        return infusion(name, quantity.value, quantity.unit, over=over, start=start)
    return bolus(name, quantity.value, quantity.unit, start=start)


def _show(found: Response, json: bool) -> None:
    end = float(found.seconds[-1])
    spans = {"rest": (_START - 15.0, _START - 1.0), "end": (end - 15.0, end)}
    table: dict[str, Any] = {
        name: {when: float(found.mean(name, *span)) for when, span in spans.items()} | {"unit": unit}
        for name, _, unit, _ in _ROWS
    }
    if json:
        import orjson

        typer.echo(orjson.dumps(table, option=orjson.OPT_INDENT_2).decode())
        return
    typer.echo(f"{'':26s}{'at rest':>10s}{f'{end / 60.0:g} min':>10s}")
    for name, title, unit, digits in _ROWS:
        before, after = (f"{table[name][when]:.{digits}f}" for when in spans)
        typer.echo(f"{title:26s}{before:>10s}{after:>10s}  {'' if unit == '1' else unit}")
