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
    epsilon: Annotated[float | None, typer.Option(help="With --compare: with privacy too, of this epsilon.")] = None,
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
        return _compare(chosen, tables, epsilon, as_json)
    new_folder(out)
    with progress_bar("rounds", chosen.rounds, shown=not as_json) as advance:
        trained = simulate(chosen, tables, absent=late_by_chance(chosen.seed, late), on_round=advance)
    keep_model(trained, out)
    told = told_of(trained)
    typer.echo(json.dumps(told, allow_nan=False) if as_json else text_of(told))


@federate_app.command("prepare")
def prepare_command(
    task: Annotated[str, typer.Argument(help="A recipe of `vitruvian predict`: icu_death, readmission_30d …")],
    where: Annotated[Path, typer.Argument(help="Where its data are.")],
    folder: Annotated[Path, typer.Argument(help="Where plan.toml and table.csv are written; must not exist.")],
    feature: Annotated[list[str] | None, typer.Option(help='Features to take, e.g. "*_last_all"; default all.')] = None,
) -> None:
    """Write the plan and table of a recipe, to try how it would train across hospitals."""
    from vitruvian.study.federated import prepare

    plan, rows = prepare(task, where, folder, features=feature or ["*"])
    typer.echo(f"{rows:,} rows, {len(plan.features)} features: {folder / 'plan.toml'}, {folder / 'table.csv'}")


@federate_app.command("keys")
def keys_command(
    folder: Annotated[Path, typer.Argument(help="Where the keys are written.")],
    site: Annotated[str | None, typer.Option(help="A site: NAME.key stays there, NAME.pub is for the roster.")] = None,
    server: Annotated[
        str | None, typer.Option(help="The coordinator: certificates for this host name or address.")
    ] = None,
) -> None:
    """Make the key of a site, or the certificates of the coordinator."""
    from vitruvian.core import InputError
    from vitruvian.study.federated import make_keys
    from vitruvian.study.federated.flower import make_certificates

    if (site is None) == (server is None):
        raise InputError("whose keys", allowed="--site NAME or --server HOST")
    if site is not None:
        make_keys(folder, site)
        typer.echo(f"{folder / site}.key stays here; give {folder / site}.pub to the coordinator and the other sites")
    if server is not None:
        make_certificates(folder, server)
        typer.echo(f"{folder / 'server.key'} stays here; give {folder / 'ca.pem'} to the sites")


@federate_app.command("server")
def server_command(
    plan: Annotated[Path, typer.Argument(help="What is trained: a TOML file.")],
    keys: Annotated[Path, typer.Option(help="Folder with ca.pem, server.pem, server.key.")],
    roster: Annotated[Path, typer.Option(help="Folder with NAME.pub of each site: nobody else gets in.")],
    out: Annotated[Path, typer.Option(help="Folder for the model; must not exist.")],
    name: Annotated[str, typer.Option(help="Host name or address of the certificate.")] = "127.0.0.1",
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 9092,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Coordinate a training: wait for the sites, sum what they send under masks, write the model."""
    from vitruvian.study.federated import keep_model, new_folder, read_plan, read_roster, text_of, told_of
    from vitruvian.study.federated.flower import Center, coordinate

    new_folder(out)
    center = Center(host, port, keys, read_roster(roster), name)
    trained = coordinate(read_plan(plan), center, lambda text: typer.echo(text, err=True))
    keep_model(trained, out)
    told = told_of(trained)
    typer.echo(json.dumps(told, allow_nan=False) if as_json else text_of(told))


@federate_app.command("site")
def site_command(
    plan: Annotated[Path, typer.Argument(help="The same TOML file as the coordinator's.")],
    table: Annotated[Path, typer.Argument(help="The site's own CSV; it stays here.")],
    name: Annotated[str, typer.Option(help="The site's name in the roster.")],
    server: Annotated[str, typer.Option(help="The coordinator: HOST:PORT.")],
    authority: Annotated[Path, typer.Option(help="The coordinator's ca.pem.")],
    key: Annotated[Path, typer.Option(help="The site's NAME.key.")],
    roster: Annotated[Path, typer.Option(help="Folder with NAME.pub of each site.")],
    folder: Annotated[Path, typer.Option(help="Folder for the state, so that a site started again goes on.")],
    out: Annotated[Path, typer.Option(help="Folder for the model; must not exist.")],
    port: Annotated[int, typer.Option(help="Port on this machine alone, between Flower and this program.")] = 9094,
) -> None:
    """Take part in a training: answer the coordinator from this site's table, which stays here."""
    from vitruvian.study.federated import (
        Identity,
        Site,
        keep_site_model,
        new_folder,
        read_plan,
        read_roster,
        read_table,
    )
    from vitruvian.study.federated.flower import Hospital, take_part

    new_folder(out)
    chosen = read_plan(plan)
    site = Site(name, read_table(table, chosen, name), chosen, Identity.read(key), read_roster(roster))
    hospital = Hospital(server, authority, key, folder, port)
    state = take_part(site, hospital, lambda kind: typer.echo(f"answered: {kind}", err=True))
    keep_site_model(site, state, out)
    typer.echo(f"the model is in {out}")


def _compare(plan: Plan, tables: Mapping[str, SiteTable], epsilon: float | None, as_json: bool) -> None:
    from dataclasses import replace

    from vitruvian.scale import progress_bar
    from vitruvian.study.federated import compared, rows_of, table_of

    with progress_bar("folds", plan.folds, shown=not as_json) as advance:
        ways = compared(replace(plan, privacy=None), tables, epsilon=epsilon, on_fold=advance)
    typer.echo(json.dumps(rows_of(ways)) if as_json else table_of(ways))
