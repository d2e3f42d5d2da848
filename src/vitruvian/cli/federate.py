"""`vitruvian federate`: train across hospitals without moving their data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from vitruvian.study.federated import Plan, SiteTable

federate_app = typer.Typer(help="Train across hospitals without moving their data.", no_args_is_help=True)


@federate_app.command("simulate")
def simulate_command(
    plan: Annotated[Path, typer.Argument(help="What is trained: a TOML file.")],
    table: Annotated[Path, typer.Argument(help="A CSV of all people, which is split into sites.")],
    by: Annotated[str | None, typer.Option(help="Column whose values are sites; default: by chance.")] = None,
    sites: Annotated[int, typer.Option(min=3, help="Number of sites.")] = 8,
    late: Annotated[float, typer.Option(min=0, max=0.9, help="Chance that an answer comes too late.")] = 0.0,
    out: Annotated[Path | None, typer.Option(help="Folder for the model; must not exist.")] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Instead: sites alone, federated, pooled, in a table.")
    ] = False,
    noise: Annotated[float | None, typer.Option(help="With --compare: with privacy too, of this noise.")] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed than the plan's.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """All sites in this process, the same rounds and secure sums as between hospitals. Such a split is artificial."""
    from dataclasses import replace

    from vitruvian.scale import progress_bar
    from vitruvian.study.federated import (
        keep_model,
        late_by_chance,
        new_folder,
        read_plan,
        simulate,
        sites_of,
        text_of,
        told_of,
    )

    chosen = read_plan(plan) if seed is None else replace(read_plan(plan), seed=seed)
    tables = sites_of(table, chosen, by=by, sites=sites)
    if compare:
        return _compare(chosen, tables, noise, as_json)
    new_folder(out)
    with progress_bar("rounds", chosen.rounds, shown=not as_json) as advance:
        trained = simulate(chosen, tables, absent=late_by_chance(chosen.seed, late), on_round=advance)
    keep_model(trained, out)
    told = told_of(trained)
    typer.echo(json.dumps(told, allow_nan=False) if as_json else text_of(told))


def _compare(plan: Plan, tables: Mapping[str, SiteTable], noise: float | None, as_json: bool) -> None:
    from dataclasses import replace

    from vitruvian.scale import progress_bar
    from vitruvian.study.federated import Privacy, compared, rows_of, table_of

    privacy = plan.privacy if noise is None else Privacy(noise)
    with progress_bar("folds", plan.folds, shown=not as_json) as advance:
        ways = compared(replace(plan, privacy=None), tables, privacy=privacy, on_fold=advance)
    typer.echo(json.dumps(rows_of(ways)) if as_json else table_of(ways))
