"""`vitruvian interactions`: what other drugs and a genotype do to a drug's clearance."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from vitruvian.pharmacology.interactions import InteractionEffect, Taken


def interactions_command(
    victim: str = typer.Argument(..., help="The drug whose clearance is asked for."),
    perpetrators: list[str] = typer.Argument(None, help="The other drugs: NAME, or NAME=MG for another single dose."),
    genotype: list[str] = typer.Option([], "--genotype", help="ENZYME=GENOTYPE, such as CYP3A4=*1/*22; repeatable."),
    route: str = typer.Option("oral", "--route", help="Route of the victim: oral or iv."),
    basis: str = typer.Option(
        "observed",
        "--basis",
        help="Evidence first used: observed (this very pair), in_vivo (a probe drug), mechanistic (in vitro).",
    ),
    draws: int = typer.Option(1000, "--draws", help="Number of draws of the uncertain inputs."),
    seed: int = typer.Option(0, "--seed", help="Seed of the draws."),
    as_json: bool = typer.Option(False, "--json", help="Print one JSON object."),
) -> None:
    """Tell the change of a drug's clearance and exposure, with its uncertainty, reasons and sources.

    With --genotype the comparison is with the reference genotype (*1/*1; CYP3A5: *3/*3) and no other drug.
    """
    from vitruvian.pharmacology.interactions import clearance_ratio

    genes = dict(_pair(text) for text in genotype)
    effect = clearance_ratio(
        victim,
        [_taken(text) for text in perpetrators or []],
        genotype=genes,
        reference="wild_type" if genes else "same_genotype",
        basis=basis,  # type: ignore[arg-type]
        route=route,
        draws=draws,
        seed=seed,
    )
    typer.echo(json.dumps(_json(effect), indent=2, ensure_ascii=False) if as_json else _text(effect))


def _pair(text: str) -> tuple[str, str]:
    from vitruvian.core import InputError

    enzyme, _, genotype = text.partition("=")
    if not genotype:
        raise InputError("a genotype needs its enzyme", got=text, allowed="ENZYME=GENOTYPE, such as CYP3A4=*1/*22")
    return enzyme, genotype


def _taken(text: str) -> Taken:
    from vitruvian.core import InputError
    from vitruvian.pharmacology.interactions import Taken

    name, mark, dose = text.partition("=")
    if not mark:
        return Taken(name)
    try:
        return Taken(name, float(dose.casefold().removesuffix("mg")))
    except ValueError:
        raise InputError(
            "a dose must be a number of mg", got=text, allowed="NAME=MG, such as fluconazole=200"
        ) from None


def _json(effect: InteractionEffect) -> dict[str, Any]:
    return {
        "victim": effect.victim,
        "perpetrators": list(effect.perpetrators),
        "route": effect.route,
        "clearance_ratio": effect.point,
        "auc_ratio": effect.auc_ratio,
        "clearance_ratio_quantiles": {f"{q:g}": v for q, v in effect.quantiles.items()},
        "strength": effect.strength,
        "reasons": list(effect.reasons),
        "time_courses": [
            {
                "perpetrator": t.perpetrator,
                "half_life_h": t.half_life_h,
                "onset_days": t.onset_days,
                "offset_days": t.offset_days,
                "sentence": t.sentence,
            }
            for t in effect.time_courses
        ],
        "calibrated_on": [list(item) for item in effect.calibrated_on],
        "unknown": list(effect.unknown),
    }


def _text(effect: InteractionEffect) -> str:
    low, high = effect.quantiles[0.05], effect.quantiles[0.95]
    what = "CL/F" if effect.route == "oral" else "CL"
    lines = [
        f"{effect.victim}: {what} x {effect.point:.2f} (90 % interval {low:.2f} to {high:.2f}), "
        f"AUC x {effect.auc_ratio:.2f}: {effect.strength}",
        *(f"- {reason}" for reason in effect.reasons),
        *(f"- {course.sentence}" for course in effect.time_courses),
    ]
    return "\n".join(lines)
