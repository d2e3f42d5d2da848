"""`vitruvian glucose fit | forecast | advise`: the metabolic twin of one person, from a record or a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record
from vitruvian.core import InputError

if TYPE_CHECKING:
    from vitruvian.twin.glucose import Evidence, GlucoseTwin

PERSON = typer.Argument(..., help="Patient id in the record, or a CSV file (columns: see docs/cli.md).")
WEIGHT = typer.Option(None, "--weight", help="Body weight, kg. Default: the record's newest, else 70.")
_USUAL_DAYS = 3.0
DAYS = typer.Option(_USUAL_DAYS, "--days", min=0.5, max=14.0, help="Days to learn from, the newest ones.")
UNTIL = typer.Option(None, "--until", help="Last day of the data used (2026-03-01). Default: the newest.")
SEED = typer.Option(0, "--seed", help="Random seed.")


def fit_command(
    person: str = PERSON,
    days: float = DAYS,
    until: str | None = UNTIL,
    weight: float | None = WEIGHT,
    record: str | None = RECORD_OPTION,
    json: bool = JSON_OPTION,
    seed: int = SEED,
) -> None:
    """Learn a person's sensitivity, absorption and basal glucose from their last days; kept in the record."""
    twin = _fitted(person, days, until, weight, record, seed, fresh=True)
    if json:
        _print(_summary(twin))
        return
    typer.echo(str(twin))
    for one in twin.messages:
        typer.echo(f"{one.severity}: {one.text} {one.todo}".rstrip())


def forecast_command(
    person: str = PERSON,
    days: float = DAYS,
    until: str | None = UNTIL,
    weight: float | None = WEIGHT,
    html: Path | None = typer.Option(None, "--html", help="Write the last hours and the next ones as a page."),
    unit: str = typer.Option("mg/dL", "--unit", help="Of the page: mg/dL or mmol/L."),
    record: str | None = RECORD_OPTION,
    json: bool = JSON_OPTION,
    seed: int = SEED,
) -> None:
    """Glucose in 30, 60 and 120 minutes with bands, from the newest reading, if nothing new begins."""
    from vitruvian.twin.glucose import newest_forecast, past

    twin = _fitted(person, days, until, weight, record, seed)
    found = newest_forecast(twin, seed=seed)
    if html is not None:
        from vitruvian.reports import forecast_report

        forecast_report(twin.evidence, found, html, unit)
    _print(found.to_dict()) if json else typer.echo(str(found))
    for one in past(twin.evidence, twin.evidence.newest):
        typer.echo(f"{one.severity}: {one.text}. {one.todo}", err=True)


def advise_command(
    person: str = PERSON,
    meal: Annotated[float, typer.Option(help="Carbohydrates to be eaten now, g; 0 for a correction.")] = 0.0,
    activity: Annotated[float | None, typer.Option(help="Minutes of planned activity, in place of a meal.")] = None,
    starts_in: Annotated[float, typer.Option("--in", help="Minutes until the activity begins.")] = 0.0,
    effort: Annotated[float, typer.Option(help="0 to 1: as hard as can be.")] = 0.5,
    days: float = DAYS,
    until: str | None = UNTIL,
    weight: float | None = WEIGHT,
    record: str | None = RECORD_OPTION,
    json: bool = JSON_OPTION,
    seed: int = SEED,
) -> None:
    """The bolus for a meal or a correction, or what to eat before activity. Exit code 4: refused."""
    from vitruvian.twin.glucose import advise, advise_activity

    twin = _fitted(person, days, until, weight, record, seed)
    if activity is None:
        found = advise(twin, twin.evidence, meal=meal, seed=seed)
    else:
        plan: dict[str, Any] = {"minutes": activity, "starts_in": starts_in, "share": effort}
        found = advise_activity(twin, twin.evidence, **plan, seed=seed)
    typer.echo(found.to_json() if json else str(found))
    if found.refused:
        raise typer.Exit(4)


def _fitted(
    person: str,
    days: float,
    until: str | None,
    weight: float | None,
    url: str | None,
    seed: int,
    *,
    fresh: bool = False,
) -> GlucoseTwin:
    """The twin of the last days; one that the record keeps, where it is recent and no other was asked for."""
    from vitruvian.twin import require_alive
    from vitruvian.twin.glucose import DAILY_LIFE, current, identify, read_evidence, read_table, weight_of

    if person.lower().endswith(".csv") or Path(person).is_file():
        if not Path(person).is_file():
            raise InputError("no such file", got=person)
        evidence = read_table(person)
        first, last = _window(evidence, days)
        with _busy():
            return identify(evidence, first, last, weight=weight or _assumed(), seed=seed, fades=DAILY_LIFE)
    with open_record(url) as opened:
        patient = opened.patient(person)
        require_alive(patient, until)
        evidence = read_evidence(patient, until=until)
        kilograms = weight or weight_of(patient, until) or _assumed()
        with _busy():
            return current(patient, evidence, kilograms, days=days, fresh=fresh or weight is not None, seed=seed)


def _window(evidence: Evidence, days: float) -> tuple[int, int]:
    last = evidence.newest + 1
    return max(last - round(days * 288), 0), last


def _assumed() -> float:
    typer.echo("warning: no body weight is known: 70 kg is taken. Say it with --weight.", err=True)
    return 70.0


def _summary(twin: GlucoseTwin) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "person": twin.evidence.person,
        "days": (twin.last - twin.first) / 288,
        "method": twin.method,
        "unexplained_mg_dl": twin.sd,
        "unknowns": [asdict(one) | {"learned": one.learned} for one in twin.unknowns],
        "messages": [asdict(one) for one in twin.messages],
    }


def _busy() -> Any:
    from rich.console import Console

    return Console(stderr=True).status("Learning from the last days …")


def _print(data: dict[str, Any]) -> None:
    import orjson

    typer.echo(orjson.dumps(data, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode())
