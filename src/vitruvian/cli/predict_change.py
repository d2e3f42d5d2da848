"""`vitruvian predict compare` and `drift`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitruvian.cli.predict_train import MODEL

if TYPE_CHECKING:
    from jaxtyping import Bool
    from numpy import ndarray

    from vitruvian.learn import Rows
    from vitruvian.study.learning import Task


def compare_command(
    old: Annotated[Path, typer.Argument(help="Folder of the model in use.")],
    new: Annotated[Path, typer.Argument(help="Folder of the model that may take its place.")],
    plan: Annotated[Path, typer.Option(help="The change-control plan, a TOML file written before training.")],
    frozen: Annotated[Path, typer.Option(help="CSV or Parquet: `id`, features of both, `came_true`, maybe `person`.")],
    decisions: Annotated[
        Path | None, typer.Option(help="Append plan, checks and reasons to this JSON-lines file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Old model against new on the plan's frozen people; ends with code 4 where the new one is not taken."""
    from dataclasses import replace
    from datetime import UTC, datetime

    import orjson

    from vitruvian.learn import load
    from vitruvian.learn.trust import decide, read_plan, recorded
    from vitruvian.study.learning import plain, read_frozen, read_rows, risk_model, task_of

    declared, people = read_plan(plan), read_frozen(frozen)
    models = [risk_model(load(one)) for one in (old, new)]
    rows = [read_rows(frozen, one.features, more=True) for one in models]
    scores = [one.predict(some) for one, some in zip(models, rows, strict=True)]
    task = task_of(models[1].manifest.settings["task"])
    people = replace(people, groups=_groups(task, rows[1]))
    found = decide(declared, people, scores[0].probability[:, 1], scores[1].probability[:, 1], scores[1].sets)
    if decisions is not None:
        recorded(found, decisions, datetime.now(UTC).isoformat(timespec="seconds"))
    if as_json:
        typer.echo(orjson.dumps(plain(found) | {"reasons": found.reasons}).decode())
    else:
        typer.echo(f"{declared.name}: the new model is {'taken' if found.accepted else 'not taken'}.")
        for one in found.checks:
            mark = {True: "holds", False: "FAILS", None: "not judged"}[one.holds]
            typer.echo(f"  {mark:10} {one.what}: {one.found}; allowed {one.allowed}")
    if not found.accepted:
        raise typer.Exit(4)


def drift_command(
    model: MODEL,
    reference: Annotated[Path, typer.Option(help="CSV or Parquet of people of the model's time: `id` and features.")],
    current: Annotated[Path, typer.Option(help="The same of people of today.")],
    seed: Annotated[int, typer.Option(help="Random seed of the joint test.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Which inputs of a model are not what they were: with n, what chance alone gives, and all inputs together."""
    import orjson

    from vitruvian.learn import load
    from vitruvian.learn.trust import drift
    from vitruvian.study.learning import plain, read_rows, risk_model

    loaded = risk_model(load(model))
    found = drift(*(read_rows(one, loaded.features, more=True) for one in (reference, current)), seed=seed)
    if as_json:
        typer.echo(orjson.dumps(plain(found)).decode())
        return
    typer.echo(f"{len(found.drifted)} of {len(found.inputs)} inputs differ ({found.n[0]:,} and {found.n[1]:,} rows)")
    for one in found.inputs:
        if one.drifted:
            missing = f"missing {one.missing[0]:.1%} to {one.missing[1]:.1%}"
            typer.echo(f"  {one.name}: PSI {one.psi:.3f} (by chance {one.psi_by_chance:.3f}), {missing}, p {one.p:.2g}")
    if found.together is not None:
        typer.echo(f"All inputs together: p {found.together:.3f}")


def _groups(task: Task, rows: Rows) -> dict[str, Bool[ndarray, " n"]]:
    """Each group of a task as which rows are in it."""
    import numpy as np

    found: dict[str, Bool[ndarray, " n"]] = {}
    for name, values in task.group_values(rows).items():
        told = np.array(["" if one is None else one for one in values])
        found |= {f"{name}: {value}": told == value for value in np.unique(told) if value}
    return found
