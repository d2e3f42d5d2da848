"""`vitruvian glucose`: the metabolic twin and the closed loop."""

from __future__ import annotations

import typer

from vitruvian.cli.glucose_loop import loop_command, people_command
from vitruvian.cli.glucose_report import report_command
from vitruvian.cli.glucose_simulate import simulate_command
from vitruvian.cli.glucose_twin import advise_command, fit_command, forecast_command

glucose_app = typer.Typer(
    help="Glucose of a person with diabetes, and of virtual ones.", no_args_is_help=True, rich_markup_mode=None
)
glucose_app.command("simulate")(simulate_command)
glucose_app.command("report")(report_command)
glucose_app.command("people")(people_command)
glucose_app.command("loop")(loop_command)
glucose_app.command("fit")(fit_command)
glucose_app.command("forecast")(forecast_command)
glucose_app.command("advise")(advise_command)
