"""Entry point: builds the command tree and turns typed errors into messages and exit codes."""

from __future__ import annotations

import sys

import typer
from typer.main import get_command

from vitruvian import __version__
from vitruvian.cli import models
from vitruvian.cli._help import readable
from vitruvian.cli.account import account_app
from vitruvian.cli.audit import audit_app
from vitruvian.cli.backup import backup_command
from vitruvian.cli.circulation import circulation_app
from vitruvian.cli.cohort import cohort_command
from vitruvian.cli.consent import consent_app
from vitruvian.cli.deid import deid_app
from vitruvian.cli.demo import demo_command
from vitruvian.cli.dose import dose_command
from vitruvian.cli.estimate import estimate_command
from vitruvian.cli.federate import federate_app
from vitruvian.cli.genotype import genotype_command
from vitruvian.cli.glucose import glucose_app
from vitruvian.cli.heart import heart_app
from vitruvian.cli.identity import identity_app
from vitruvian.cli.ingest import ingest_command
from vitruvian.cli.interactions import interactions_command
from vitruvian.cli.laboratory import laboratory_app
from vitruvian.cli.mcp import mcp_command
from vitruvian.cli.patient import patient_app
from vitruvian.cli.population import population_command
from vitruvian.cli.predict import predict_app
from vitruvian.cli.privacy import privacy_app
from vitruvian.cli.quarantine import quarantine_app
from vitruvian.cli.serve import serve_command
from vitruvian.cli.simulate import simulate_command
from vitruvian.cli.vpc import vpc_command
from vitruvian.core import VitruvianError

app = typer.Typer(
    name="vitruvian",
    help="A computational twin of one patient: what would happen if, and what should be done.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich costs 0.2 s at start
)


@app.callback(invoke_without_command=True)
def root(version: bool = typer.Option(False, "--version", help="Print the version and exit.")) -> None:
    """Decision support: a person decides."""
    if version:
        typer.echo(__version__)
        raise typer.Exit()


app.add_typer(deid_app, name="deid")
app.add_typer(circulation_app, name="circulation")
app.command("cohort")(cohort_command)
app.add_typer(account_app, name="account")
app.add_typer(audit_app, name="audit")
app.add_typer(consent_app, name="consent")
app.command("backup")(backup_command)
app.command("demo")(demo_command)
app.command("dose")(dose_command)
app.command("genotype")(genotype_command)
app.add_typer(federate_app, name="federate")
app.add_typer(glucose_app, name="glucose")
app.add_typer(heart_app, name="heart")
app.add_typer(identity_app, name="identity")
app.command("interactions")(interactions_command)
app.add_typer(models.app, name="models")
app.command("ingest")(ingest_command)
app.add_typer(laboratory_app, name="laboratory")
app.command("mcp")(mcp_command)
app.add_typer(patient_app, name="patient")
app.add_typer(predict_app, name="predict")
app.add_typer(privacy_app, name="privacy")
app.add_typer(quarantine_app, name="quarantine")
app.command("population")(population_command)
app.command("serve")(serve_command)
app.command("simulate")(simulate_command)
app.command("estimate")(estimate_command)
app.command("vpc")(vpc_command)


def main() -> None:
    """Run the command line. Exit codes: see `docs/cli.md`."""
    try:
        readable(get_command(app))(prog_name="vitruvian")
    except VitruvianError as error:
        typer.echo(f"vitruvian: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
