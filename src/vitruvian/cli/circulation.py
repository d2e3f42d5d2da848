"""`vitruvian circulation`: the closed circulation, its answers, and files of other solvers."""

from __future__ import annotations

import typer

from vitruvian.cli.circulation_beat import beat_command
from vitruvian.cli.circulation_ffr import ffr_command
from vitruvian.cli.circulation_network import network_command
from vitruvian.cli.circulation_respond import respond_command
from vitruvian.cli.circulation_run import run_command

circulation_app = typer.Typer(
    help="The circulation: pressures, volumes and flows.", no_args_is_help=True, rich_markup_mode=None
)
circulation_app.command("beat")(beat_command)
circulation_app.command("respond")(respond_command)
circulation_app.command("run")(run_command)
circulation_app.command("network")(network_command)
circulation_app.command("ffr")(ffr_command)
