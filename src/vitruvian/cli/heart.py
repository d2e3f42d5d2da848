"""`vitruvian heart`: cells, drugs on the heart, and a person's heart twin."""

from __future__ import annotations

import typer

from vitruvian.cli.heart_cell import cell_command

heart_app = typer.Typer(
    help="Heart cells, drugs on the heart, and a person's heart.", no_args_is_help=True, rich_markup_mode=None
)
heart_app.command("cell")(cell_command)
