"""`vitruvian predict`: models learned from many people."""

from __future__ import annotations

import typer

from vitruvian.cli.predict_change import compare_command, drift_command
from vitruvian.cli.predict_score import explain_command, score_command
from vitruvian.cli.predict_train import card_command, evaluate_command, train_command

predict_app = typer.Typer(
    help="Risks learned from many people: train, judge once, score, explain, compare old with new, watch for drift.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
predict_app.command("train")(train_command)
predict_app.command("evaluate")(evaluate_command)
predict_app.command("score")(score_command)
predict_app.command("explain")(explain_command)
predict_app.command("card")(card_command)
predict_app.command("compare")(compare_command)
predict_app.command("drift")(drift_command)
