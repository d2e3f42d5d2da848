"""`vitruvian predict train`, `evaluate` and `card`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitruvian.cli._record import RECORD_OPTION
from vitruvian.core import InputError

if TYPE_CHECKING:
    from vitruvian.learn.risk import RiskModel
    from vitruvian.learn.trust import Card
    from vitruvian.scale import Executor
    from vitruvian.study.learning import Judged

MODEL = Annotated[Path, typer.Argument(help="A model's folder, as `predict train` wrote it.")]


def train_command(
    recipe: Annotated[str, typer.Option(help="icu_death, icu_deterioration, readmission_30d or chf_readmission_30d.")],
    out: Annotated[Path, typer.Option(help="New folder of the model; the same command goes on where it broke off.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the recipe's data set.")] = None,
    record: str | None = RECORD_OPTION,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 1,
    search: Annotated[int, typer.Option(min=0, help="Try so many settings by cross-validation first.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    dask: Annotated[str | None, typer.Option(help="Address of a Dask scheduler, instead of processes here.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Train a recipe's model: cross-validated by person, calibrated, with sets; written whole or not at all."""
    from vitruvian.cli._examples import examples_of
    from vitruvian.learn.trust import markdown
    from vitruvian.scale import progress_bar
    from vitruvian.study.cards import data_sheet
    from vitruvian.study.learning import FOLDS, drawn, task_of, train
    from vitruvian.study.learning import search as searched

    task, executor = task_of(recipe), _executor(workers, dask)
    if out.exists():
        raise InputError("a model is not written over", got=out.name, todo="Give a folder that does not exist.")
    examples = examples_of(task, data, record, "train")
    mix = task.mix
    if search:
        tried = drawn(task.mix, search, seed)
        with progress_bar("settings and folds", len(tried) * FOLDS) as advance:
            place = out.with_name(f"{out.name}.search")
            found = searched(examples, tried, place, folds=FOLDS, seed=seed, executor=executor, advance=advance)
        mix = found[0].mix
    with progress_bar("folds and the model", FOLDS + 1) as advance:
        done = train(task, examples, out, mix=mix, seed=seed, executor=executor, advance=advance)
    sheet = data_sheet(task.title, examples.real, why=task.about, collected=task.collected, rights=task.rights)
    (out / "data_sheet.md").write_text(markdown(sheet), encoding="utf-8")
    (out / "card.md").write_text(markdown(_card(done.model)), encoding="utf-8")
    for remark in done.remarks:
        typer.echo(f"warning: {remark}", err=True)
    _tell(done.judged, as_json)


def evaluate_command(
    model: MODEL,
    data: Annotated[Path | None, typer.Option(help="Folder of the recipe's data set: its test part is opened.")] = None,
    record: str | None = RECORD_OPTION,
    ledger: Annotated[Path | None, typer.Option(help="Where openings are written down [beside the model].")] = None,
    again: Annotated[str, typer.Option(help="Why a test part that was opened is opened again; written down.")] = "",
    out: Annotated[Path | None, typer.Option(help="Write what was measured to this JSON file too.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge a model on people that it has not seen: the test part of its data, once, or a record with outcomes."""
    import orjson

    from vitruvian.cli._examples import examples_of
    from vitruvian.learn import load
    from vitruvian.study.learning import LEDGER, evaluate, evaluate_once, plain, risk_model, task_of

    loaded = risk_model(load(model))
    task = task_of(loaded.manifest.settings["task"])
    if task.from_record:
        judged = evaluate(loaded, task, examples_of(task, data, record, "train"), part="a record")
    elif data is None:
        raise InputError("whom to judge the model on is not said", allowed="--data")
    else:
        judged = evaluate_once(model, loaded, task, data, ledger or model.parent / LEDGER, again=again)
    if out is not None:
        out.write_bytes(orjson.dumps(plain(judged), option=orjson.OPT_INDENT_2))
    _tell(judged, as_json)


def card_command(
    model: MODEL,
    out: Annotated[Path | None, typer.Option(help="Write the card to this .md or .html file.")] = None,
    evaluation: Annotated[Path | None, typer.Option(help="What `predict evaluate --out` wrote.")] = None,
) -> None:
    """The model's card: what it is, whom it was learned from, how well it does, and for whom less."""
    from vitruvian.learn import load
    from vitruvian.learn.trust import markdown
    from vitruvian.reports import card_report
    from vitruvian.study.learning import risk_model

    if out is not None and out.suffix not in (".md", ".html"):
        raise InputError("a card can be written as .md or .html", got=out.name)
    card = _card(risk_model(load(model)), evaluation)
    if out is None:
        typer.echo(markdown(card), nl=False)
    elif out.suffix == ".html":
        card_report(card, out)
    else:
        out.write_text(markdown(card), encoding="utf-8")


def _card(model: RiskModel, evaluation: Path | None = None) -> Card:
    """The card, of what cross-validation said and what an evaluation measured."""
    import orjson

    from vitruvian.study.cards import model_card
    from vitruvian.study.learning import Judged, restored, task_of

    told = [model.manifest.settings["validation"]]
    if evaluation is not None:
        told.insert(0, orjson.loads(evaluation.read_bytes()))
    task = task_of(model.manifest.settings["task"])
    use = "Risk of one person as one thing to weigh among others; whoever treats the person decides."
    return model_card(model, [restored(Judged, one) for one in told], use=use, limits=(task.about,))


def _executor(workers: int, dask: str | None) -> Executor:
    from vitruvian.scale import InProcess, ProcessPool

    if dask is not None:
        from vitruvian.scale.dask import DaskCluster

        return DaskCluster(dask)
    return ProcessPool(workers) if workers > 1 else InProcess()


def _tell(judged: Judged, as_json: bool) -> None:
    import orjson

    from vitruvian.study.learning import plain

    if as_json:
        typer.echo(orjson.dumps(plain(judged)).decode())
        return
    typer.echo(f"{judged.part}: {judged.n:,} rows of {judged.people:,} people, {judged.events:,} with the event")
    names = {"auroc": "AUROC", "average_precision": "average precision", "brier": "Brier score", "log_loss": "log loss"}
    for name, measure in judged.measures.items():
        typer.echo(f"  {names[name]:22}{measure}")
    typer.echo(f"  {'min(Se, PPV)':22}{judged.score:.3f} at {judged.threshold:.3f}")
    typer.echo(f"  {'calibration slope':22}{judged.calibration.slope}, expected/observed {judged.calibration.ratio}")
    held = ", ".join(f"{one}" for one in judged.coverage.by_event)
    typer.echo(
        f"  {'coverage by class':22}{held} at {judged.coverage.level:.0%}, {judged.coverage.size:.2f} events a set"
    )
    for gain in judged.gains:
        told = f"AUROC {gain.auroc:.3f}, gain {gain.auroc_gain}; Brier {gain.brier:.4f}, {gain.brier_gain}"
        typer.echo(f"  over {gain.floor}: {told}")
    for group in judged.groups:
        ratio = "too few events" if group.auroc is None else f"AUROC {group.auroc}, expected/observed {group.ratio}"
        typer.echo(f"  {group.attribute}: {group.value}, n {group.n:,}, events {group.events:,}: {ratio}")
