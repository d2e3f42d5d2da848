"""`vitruvian circulation ffr`: fractional flow reserve of a coronary tree."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer


def ffr_command(
    tree: Annotated[Path, typer.Argument(help="CSV: one segment a row.")],
    pressure: Annotated[float, typer.Option(help="Mean aortic pressure under hyperaemia, mmHg.")] = 93.0,
    venous: Annotated[float, typer.Option(help="Venous pressure, mmHg.")] = 5.0,
    rest_flow: Annotated[float | None, typer.Option(help="Flow at rest into the tree, mL/min.")] = None,
    draws: Annotated[int, typer.Option(help="Draws for the bands.")] = 400,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """Flow reserve at every place of a coronary tree, under two loss laws, with bands and reasons."""
    from vitruvian.physiology.circulation.coronary import flow_reserve, read_tree

    flow = None if rest_flow is None else rest_flow / 60.0
    found = flow_reserve(read_tree(tree), pressure=pressure, venous=venous, rest_flow=flow, draws=draws, seed=seed)
    if json:
        import orjson

        typer.echo(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2).decode())
        return
    typer.echo(f"aortic {pressure:g} mmHg, flow at rest {60.0 * found.rest_flow:.0f} mL/min; FFR with its 90 % band")
    typer.echo(f"{'segment':16s}{'place':20s}" + "".join(f"{law:>24s}" for law in found.places))
    for same in zip(*found.places.values(), strict=True):
        shown = "".join(f"{p.ffr:>10.2f} ({p.low:.2f}-{p.high:.2f}) " for p in same)
        typer.echo(f"{same[0].name:16s}{same[0].where:20s}{shown}")
        for law, place in zip(found.places, same, strict=True):
            for reason in place.reasons:
                typer.echo(f"    {law}: {reason}")
