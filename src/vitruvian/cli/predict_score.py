"""`vitruvian predict score` and `explain`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vitruvian.cli._record import RECORD_OPTION
from vitruvian.cli.predict_train import MODEL
from vitruvian.core import InputError, UnknownNameError

if TYPE_CHECKING:
    from vitruvian.learn import Rows
    from vitruvian.learn.risk import RiskModel

ROWS = Annotated[Path | None, typer.Option(help="CSV or Parquet: `id` and a column for each feature.")]
DATA = Annotated[Path | None, typer.Option(help="Folder of the recipe's data set.")]
PART = Annotated[str, typer.Option(help="Part of the data set: train or test; labels are not looked at.")]


def score_command(
    model: MODEL,
    out: Annotated[Path, typer.Option(help="Write the scores to this .csv or .parquet file.")],
    rows: ROWS = None,
    data: DATA = None,
    part: PART = "test",
    record: str | None = RECORD_OPTION,
) -> None:
    """Score many people: calibrated probabilities, the set of each, and where the model does not answer and why."""
    from vitruvian.learn import load
    from vitruvian.study.learning import risk_model, score_table

    if out.suffix not in (".csv", ".parquet"):
        raise InputError("scores can be written as .csv or .parquet", got=out.name)
    loaded = risk_model(load(model))
    table, remarks = score_table(loaded, _rows(loaded, rows, data, part, record))
    for remark in remarks:
        typer.echo(f"warning: {remark}", err=True)
    table.write_csv(out) if out.suffix == ".csv" else table.write_parquet(out)
    silent = int(table["abstained"].sum())
    typer.echo(f"{table.height:,} rows, {silent:,} of them not decided: {out}")


def explain_command(
    model: MODEL,
    who: Annotated[str, typer.Argument(help="Id of the row.")],
    rows: ROWS = None,
    data: DATA = None,
    part: PART = "test",
    record: str | None = RECORD_OPTION,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Why one person's risk is what it is: exact shares of each feature, in words and numbers."""
    import orjson

    from vitruvian.learn import Rows, load
    from vitruvian.learn.trust import explained
    from vitruvian.study.learning import risk_model

    loaded = risk_model(load(model))
    found = _rows(loaded, rows, data, part, record)
    if who not in found.ids:
        raise UnknownNameError("no such row", got=who, allowed=f"{len(found):,} ids such as {', '.join(found.ids[:3])}")
    one = found.ids.index(who)
    alone = Rows(found.features, found.values[one : one + 1], (who,))
    told = explained(alone, loaded.predict(alone), loaded.explain(alone))
    if as_json:
        bars = [
            {"feature": b.feature.name, "title": b.feature.title, "value": b.value, "moved": b.moved} for b in told.bars
        ]
        typer.echo(orjson.dumps({"clinician": told.clinician, "patient": told.patient, "bars": bars}).decode())
        return
    typer.echo(told.clinician)
    typer.echo(told.patient)
    for bar in told.bars:
        typer.echo(f"  {bar.moved:+.3f}  {bar.feature.title}{f' = {bar.value}' if bar.value else ''}")


def _rows(model: RiskModel, rows: Path | None, data: Path | None, part: str, record: str | None) -> Rows:
    from vitruvian.cli._examples import examples_of
    from vitruvian.study.learning import only, read_rows, task_of

    if rows is not None:
        if data is not None or record is not None:
            raise InputError("where the rows are is said twice", allowed="--rows, --data or --record")
        return read_rows(rows, model.features)
    parts: dict[str, Literal["train", "test"]] = {"train": "train", "test": "test"}
    if part not in parts:
        raise UnknownNameError("no such part", got=part, allowed=", ".join(parts))
    task = task_of(model.manifest.settings["task"])
    found = examples_of(task, data, record, "score" if task.from_record else parts[part])
    return only(found.rows, model.features)
