"""`vitruvian heart`: cells, drugs on the heart, and a person's heart twin."""

from __future__ import annotations

import typer

from vitruvian.cli.heart_cell import cell_command
from vitruvian.cli.heart_safety import safety_command
from vitruvian.cli.heart_twin import fit_command, what_if_command

heart_app = typer.Typer(
    help="Heart cells, drugs on the heart, and a person's heart.", no_args_is_help=True, rich_markup_mode=None
)
heart_app.command("cell")(cell_command)
heart_app.command("fit")(fit_command)
heart_app.command("what-if")(what_if_command)
heart_app.command("safety")(safety_command)
