"""`vitruvian glucose people` and `loop`: virtual people, and policies for insulin compared on them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitruvian.cli._data import write_csv
from vitruvian.core import InputError

if TYPE_CHECKING:
    from vitruvian.study import LoopResult

_SHOWN = ("in_range", "below_70", "below_54", "above_180", "above_250", "mean", "cv")


def people_command(
    out: Annotated[Path, typer.Option(help="CSV to write: one row per person, columns as in the equations.")],
    stratum: Annotated[str, typer.Option(help="adult, adolescent or child.")] = "adult",
    count: Annotated[int, typer.Option(min=1, help="Number of people.")] = 100,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print the moments as JSON.")] = False,
) -> None:
    """Draw virtual people with type 1 diabetes; prints the moments achieved beside the published ones."""
    import orjson

    from vitruvian.physiology.glucose import virtual_people

    people = virtual_people(stratum, count, seed)
    columns = dict(people.parameters) | people.settings._asdict()
    rows = ([f"{stratum}#{k + 1:03d}", *(float(one[k]) for one in columns.values())] for k in range(count))
    write_csv(out, ["Name", *columns], rows)
    moments = people.moments()
    if as_json:
        typer.echo(orjson.dumps({"people": count, "drawn": people.drawn, "moments": moments}).decode())
        return
    typer.echo(f"{count} of {people.drawn} drawn were feasible → {out}")
    typer.echo("parameter   median  achieved   SD of log  achieved")
    for name, one in moments.items():
        cells = (one["median"], one["achieved_median"], one["sd"], one["achieved_sd"])
        typer.echo(f"{name:8}" + "".join(f"{value:10.4g}" for value in cells))


def loop_command(
    policy: Annotated[list[str] | None, typer.Option(help="Policy to compare; may be repeated.")] = None,
    stratum: Annotated[list[str] | None, typer.Option(help="adult, adolescent, child; may be repeated.")] = None,
    people: Annotated[int, typer.Option(min=1, help="Virtual people of each stratum.")] = 100,
    days: Annotated[int, typer.Option(min=1, help="Days.")] = 14,
    seed: Annotated[int, typer.Option(help="Random seed.")] = 1,
    folder: Annotated[Path | None, typer.Option(help="Keep finished parts here; the same command goes on.")] = None,
    html: Annotated[Path | None, typer.Option(help="Write a page: the first policy against the last one.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare policies for insulin on the same virtual people and days; the first named is the one compared with."""
    import orjson

    from vitruvian.physiology.glucose import STRATA
    from vitruvian.scale import progress_bar
    from vitruvian.study import run_loop_study, study_of

    study = study_of(policy or ("basal_bolus", "predictive"), people, days, seed, strata=tuple(stratum or STRATA))
    if html is not None and len(study.policies) < 2:
        raise InputError("a page compares two policies", got=", ".join(study.policies), todo="Name two by --policy.")
    with progress_bar("strata and policies", len(study.strata) * len(study.policies)) as advance:
        result = run_loop_study(study, folder, advance)
    if html is not None:
        from vitruvian.reports import loop_report

        against, *_, ours = study.policies
        loop_report(result, html, ours=ours, against=against, seed=seed, about=_made(result))
    typer.echo(orjson.dumps(_as_json(result)).decode() if as_json else _as_text(result))


def _made(result: LoopResult) -> tuple[str, ...]:
    """How people and days of a study were made, in words."""
    study, days = result.study, result.study.variability
    return (
        f"{study.people} people of each stratum, drawn from published moments of the UVA/Padova simulator of 2008, "
        f"seed {study.seed}; the same people, days, settings and sensors under every policy.",
        f"Sensor {study.sensor.name}, pump {study.pump.name}; settings of the treatment miss what the person needs by "
        f"{100 * study.settings_error:.0f} % (SD of the logarithm).",
        f"Day to day: meals differ by {100 * days.meal_size:.0f} % and are counted within ±{100 * days.counting:.0f} "
        f"%, {100 * days.missed:.0f} % are not told; sensitivity differs by {100 * days.sensitivity:.0f} %, "
        f"absorption by {100 * days.absorption:.0f} %; activity on {7 * days.exercise_days:.0f} days of 7"
        f"{', a dawn' if days.dawn else ''}.",
    )


def _as_json(result: LoopResult) -> dict[str, Any]:
    study = result.study
    found: dict[str, Any] = {"people": study.people, "days": study.days, "seed": study.seed, "results": []}
    for (stratum, policy), metrics in result.table().items():
        estimates = {name: {"mean": one.mean, "low": one.low, "high": one.high} for name, one in metrics.items()}
        found["results"].append({"stratum": stratum, "policy": policy} | estimates)
    return found


def _as_text(result: LoopResult) -> str:
    """A table of means with their 95 % intervals, in % of time, mg/dL, U/d."""
    lines = [f"{'':24}" + "".join(f"{name:>20}" for name in _SHOWN) + f"{'insulin U/d':>13}"]
    for (stratum, policy), metrics in result.table().items():
        cells = (f"{metrics[m].mean:.1f} ({metrics[m].low:.1f}–{metrics[m].high:.1f})" for m in _SHOWN)
        row = f"{stratum} {policy}"
        insulin = result.insulin[stratum, policy].mean()
        lines.append(f"{row:24}" + "".join(f"{cell:>20}" for cell in cells) + f"{insulin:13.1f}")
    lines.append("Simulation of virtual people; shares of time in %, means over people with 95 % bootstrap intervals.")
    return "\n".join(lines)
