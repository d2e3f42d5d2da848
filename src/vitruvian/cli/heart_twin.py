"""`vitruvian heart fit | what-if`: a person's heart twin, from a record or a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record
from vitruvian.core import InputError

if TYPE_CHECKING:
    from vitruvian.twin.heart import HeartTwin, WhatIf

PERSON = typer.Argument(..., help="Patient id in the record, or a CSV file (columns: see docs/circulation.md).")
AT = typer.Option(None, "--at", help="Only what was known by this moment (2026-03-01). Default: all.")
PRESSURE = typer.Option(None, "--pressure-curve", help="CSV of one beat of arterial pressure (time_s,value in mmHg).")
FLOW = typer.Option(None, "--flow-curve", help="CSV of one beat of aortic flow (time_s,value in mL/s).")
HTML = typer.Option(None, "--html", help="Write the answer as a page.")
SEED = typer.Option(0, "--seed", help="Random seed.")


def fit_command(
    person: str = PERSON,
    at: str | None = AT,
    pressure_curve: Path | None = PRESSURE,
    flow_curve: Path | None = FLOW,
    html: Path | None = HTML,
    record: str | None = RECORD_OPTION,
    json: bool = JSON_OPTION,
    seed: int = SEED,
) -> None:
    """Learn a person's circulation from blood pressure, echocardiogram and ECG; kept in the record."""
    twin = _fitted(person, at, pressure_curve, flow_curve, record, seed, fresh=True)
    if html is not None:
        from vitruvian.reports import heart_report

        heart_report(twin, html)
    if json:
        _print(_summary(twin))
        return
    typer.echo(_text(twin))


def what_if_command(
    person: str = PERSON,
    beta_blocker: Annotated[float | None, typer.Option(help="Share of a full dose of metoprolol: 1.")] = None,
    vasodilator: Annotated[float | None, typer.Option(help="1: resistance −25 %.")] = None,
    vasoconstrictor: Annotated[float | None, typer.Option(help="1: resistance +30 %.")] = None,
    fluid: Annotated[float | None, typer.Option(help="Crystalloid, mL.")] = None,
    haemorrhage: Annotated[float | None, typer.Option(help="Blood lost, mL.")] = None,
    pacing: Annotated[float | None, typer.Option(help="Heart rate, beats/min.")] = None,
    mitral_repair: Annotated[bool, typer.Option("--mitral-repair", help="The mitral valve is made tight.")] = False,
    aortic_replacement: Annotated[bool, typer.Option("--aortic-replacement", help="A new aortic valve.")] = False,
    at: str | None = AT,
    pressure_curve: Path | None = PRESSURE,
    flow_curve: Path | None = FLOW,
    html: Path | None = HTML,
    record: str | None = RECORD_OPTION,
    json: bool = JSON_OPTION,
    seed: int = SEED,
) -> None:
    """What an intervention would do to this person's pressures, volumes and output. Exit code 4: refused."""
    from vitruvian.twin.heart import what_if

    asked: dict[str, float | None] = {
        "beta_blocker": beta_blocker,
        "vasodilator": vasodilator,
        "vasoconstrictor": vasoconstrictor,
        "fluid": fluid,
        "haemorrhage": haemorrhage,
        "pacing": pacing,
    }
    chosen: dict[str, float | None] = {name: amount for name, amount in asked.items() if amount is not None}
    chosen |= dict.fromkeys(
        name for name, on in (("mitral_repair", mitral_repair), ("aortic_replacement", aortic_replacement)) if on
    )
    if len(chosen) != 1:
        raise InputError("say one intervention", got=", ".join(chosen) or "none", allowed="such as --fluid 500")
    ((name, amount),) = chosen.items()
    twin = _fitted(person, at, pressure_curve, flow_curve, record, seed)
    found = what_if(twin, name, amount, seed=seed)
    if html is not None:
        from vitruvian.reports import heart_report

        heart_report(twin, html, found)
    _print(found.to_dict()) if json else typer.echo(what_if_text(found))


def _fitted(
    person: str,
    at: str | None,
    pressure: Path | None,
    flow: Path | None,
    url: str | None,
    seed: int,
    *,
    fresh: bool = False,
) -> HeartTwin:
    """The twin of a table or of the record's newest evidence; one that the record keeps, where nothing is newer."""
    from vitruvian.twin.heart import calibrate, current, read_curve, read_table

    files = {name: file for name, file in (("pressure", pressure), ("flow", flow)) if file is not None}
    if person.lower().endswith(".csv"):
        if at is not None:
            raise InputError("a table has no earlier moment", got=f"--at {at}", todo="Leave --at out.")
        evidence = read_table(person, curves=files)
        with _busy():
            return calibrate(evidence, seed=seed)
    with open_record(url) as opened:
        patient = opened.patient(person)
        curves = {name: read_curve(file) for name, file in files.items()}
        with _busy():
            return current(patient, at, curves=curves, fresh=fresh, seed=seed)


def _summary(twin: HeartTwin) -> dict[str, Any]:
    from dataclasses import asdict

    from vitruvian.twin.heart import UNITS, resting

    beat = resting(twin)
    return {
        "person": twin.evidence.person,
        "at": twin.evidence.at,
        "method": twin.method,
        "misfit": twin.misfit,
        "numbers": {name: asdict(beat.interval(name)) for name in UNITS},
        "unknowns": [asdict(one) | {"identified": one.identified} for one in twin.learned],
        "messages": [asdict(one) for one in twin.messages],
        "data_used": [asdict(one) for one in twin.evidence.used],
    }


def _text(twin: HeartTwin) -> str:
    from vitruvian.twin.heart import UNITS, resting, title_of

    beat = resting(twin)
    lines = [f"{twin.evidence.person}: this heart and circulation (median and 90 % band)"]
    lines += [f"  {title_of(name):44} {beat.interval(name)}" for name in UNITS]
    lines += ["", "What the data taught, beside people of the same age, sex and size:"]
    for one in twin.learned:
        taught = f" from {', '.join(one.taught_by)}" if one.taught_by else " (not told by these data)"
        lines.append(f"  {one.title:48} {one.posterior}  learned {one.shrinkage:.0%}{taught}")
    lines += [f"{one.severity}: {one.text} {one.todo}".rstrip() for one in twin.messages]
    return "\n".join(lines)


def what_if_text(found: WhatIf) -> str:
    """The answer in words."""
    from vitruvian.twin.heart import UNITS, title_of

    lines = [f"{found.person}: {found.intervention.title}; before → after, median (90 % band)"]
    for name in UNITS:
        lines.append(f"  {title_of(name):44} {found.before.interval(name)} → {found.after.interval(name)}")
    lines.append(f"Chance of low blood pressure {found.p_hypotension:.0%}, of congestion {found.p_congestion:.0%}.")
    lines += [f"{one.severity}: {one.text} {one.todo}".rstrip() for one in found.messages]
    return "\n".join([*lines, f"Source of the effect: {found.intervention.source}"])


def _busy() -> Any:
    from rich.console import Console

    return Console(stderr=True).status("Learning this person's circulation …")


def _print(data: dict[str, Any]) -> None:
    import orjson

    typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode())
