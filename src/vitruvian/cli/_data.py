"""What the commands on data sets share: load model and data, write tables whole."""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import typer

from vitruvian.core import InputError

if TYPE_CHECKING:
    import numpy as np

    from vitruvian.model import EventTable, Model, Subject

MODEL = typer.Argument(
    ..., help="Library name, NONMEM control stream (.mod, .ctl), or Python file that defines a model."
)
DATA = typer.Argument(..., help="NONMEM-format data set (CSV, headers in upper or lower case).")
COVARIATES = typer.Option(
    "nocb", "--covariates", help="Between records covariates follow nocb (NONMEM), locf or linear."
)
IGNORE = typer.Option([], "--ignore", help="Column that is neither data item nor covariate; may be repeated.")


def load(model: str, data: Path, covariates: str, ignore: list[str]) -> tuple[Model, list[Subject], EventTable]:
    """The model, the people of the data set, and the event table that predicts every record that is no dose."""
    from vitruvian.core import UnknownNameError
    from vitruvian.model import compile_events, read_dataset, run_on
    from vitruvian.pharmacology import find_model

    rules: dict[str, Literal["nocb", "locf", "linear"]] = {"nocb": "nocb", "locf": "locf", "linear": "linear"}
    if covariates not in rules:
        raise UnknownNameError("unknown covariate rule", got=covariates, allowed=", ".join(rules))
    found = find_model(model)
    subjects = read_dataset(data, found, ignore=ignore)
    return found, subjects, compile_events(found, [_seen(run_on(s)) for s in subjects], interpolation=rules[covariates])


def _seen(subject: Subject) -> Subject:
    """An "other" record (EVID 2) is a prediction without observation."""
    import numpy as np

    return replace(subject, evid=np.where(subject.evid == 2, 0, subject.evid))


def prediction_columns(model: Model) -> list[str]:
    """Column names of predictions: of the record's own output, and with several outputs of each one."""
    each = [o.name for o in model.outputs] if len(model.outputs) > 1 else []
    return ["PRED", "IPRED", *(f"{kind}_{name}" for name in each for kind in ("PRED", "IPRED"))]


def prediction_rows(
    subjects: Sequence[Subject], table: EventTable, pred: np.ndarray, ipred: np.ndarray
) -> list[list[Any]]:
    """ID, TIME and predictions of every record that is not a dose; `pred` and `ipred` are (N, K, outputs)."""
    import numpy as np

    o = table.observations
    exists, record, output = (np.asarray(x) for x in (o.exists, o.record, o.output))
    rows: list[list[Any]] = []
    for n, subject in enumerate(subjects):
        for k in np.flatnonzero(exists[n]):
            own = output[n, k]
            row = [subject.id, subject.time[record[n, k]], pred[n, k, own], ipred[n, k, own]]
            if pred.shape[2] > 1:
                row += [x for j in range(pred.shape[2]) for x in (pred[n, k, j], ipred[n, k, j])]
            rows.append(row)
    return rows


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table under a temporary name and rename it, so that there is a whole file or none."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows([x if isinstance(x, str | int) else f"{float(x):.12g}" for x in row] for row in rows)
        part.replace(path)
    except OSError as error:
        from vitruvian.core import InputError

        raise InputError(f"cannot write {path}", got=error.strerror, todo="Give a folder that exists.") from error
    finally:
        part.unlink(missing_ok=True)


def named_numbers(texts: list[str], option: str) -> dict[str, float]:
    """Name → number of `NAME=NUMBER`; raises `InputError`."""
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            value = float(number)
        except ValueError:
            value = math.nan
        if not name or not math.isfinite(value):
            raise InputError(f"{option} is not understood", got=text, allowed="NAME=NUMBER, such as Ko=3.5")
        if name in found:
            raise InputError(f"{option} names one thing twice", got=name, allowed="each name once")
        found[name] = value
    return found
