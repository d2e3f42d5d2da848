"""`vitruvian privacy`: the privacy budget of a record, and what was spent of it."""

from __future__ import annotations

import typer

from vitruvian.cli._record import JSON_OPTION, RECORD_OPTION, open_record

privacy_app = typer.Typer(no_args_is_help=True, help="The privacy budget of a record, and what was spent of it.")


@privacy_app.command("budget")
def budget_command(
    epsilon: float = typer.Option(..., help="The most that any person may pay over all runs."),
    delta: float = typer.Option(..., help="The chance left for more: less than one in the number of people."),
    record: str | None = RECORD_OPTION,
) -> None:
    """Set what all private answers and trainings on a record may cost together."""
    from vitruvian.study import PrivacyLedger

    with open_record(record) as opened:
        told = PrivacyLedger(opened).set_budget(epsilon, delta)
    typer.echo(f"budget: epsilon {told.epsilon:g} at delta {told.delta:g}")


@privacy_app.command("ledger")
def ledger_command(record: str | None = RECORD_OPTION, as_json: bool = JSON_OPTION) -> None:
    """What was spent by which run, and what is left."""
    import json

    from vitruvian.study import PrivacyLedger

    with open_record(record) as opened:
        ledger = PrivacyLedger(opened)
        budget, runs = ledger.budget(), ledger.runs()
        spent = ledger.spent() if budget else None
    if as_json:
        entries = [
            {"run": one.name, "actor": one.actor, "at": one.at, "mechanisms": [m.to_json() for m in one.mechanisms]}
            for one in runs
        ]
        limit = {"epsilon": budget.epsilon, "delta": budget.delta} if budget else None
        typer.echo(json.dumps({"budget": limit, "spent": spent, "runs": entries}, indent=2))
        return
    for one in runs:
        looks = ", ".join(f"{m.kind} {m.noise:g} × {m.times} at rate {m.rate:g}" for m in one.mechanisms)
        typer.echo(f"{one.at}\t{one.actor}\t{one.name}\t{looks}")
    if budget is None:
        typer.echo("no budget is set")
    else:
        typer.echo(f"spent: epsilon {spent:.3g} of {budget.epsilon:g} at delta {budget.delta:g}")
