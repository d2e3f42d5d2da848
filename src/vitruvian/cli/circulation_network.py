"""`vitruvian circulation network`: pulse waves through a network of arteries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from vitruvian.cli._data import write_csv
from vitruvian.core import InputError

if TYPE_CHECKING:
    from vitruvian.physiology.circulation.network_1d import NetworkRun

_BEATS = 30


def network_command(
    network: Annotated[str, typer.Argument(help="adan56, common_carotid, … or a CSV table of vessels.")],
    inflow: Annotated[Path | None, typer.Option(help="CSV (seconds, inflow_m3_s); needed with a table.")] = None,
    dx: Annotated[float, typer.Option(min=0.1, max=50.0, help="Length of a cell, mm.")] = 2.0,
    velocity: list[str] = typer.Option([], help="Foot-to-foot velocity, as VESSEL:start,VESSEL:end; may be repeated."),
    out: Annotated[Path | None, typer.Option(help="CSV: pressure, flow and area by vessel, place and time.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Picture: .svg, .png or .pdf.")] = None,
    json: Annotated[bool, typer.Option("--json", help="JSON on standard output.")] = False,
) -> None:
    """The periodic beat of a network of arteries: pressures, flows, velocity of the pulse, augmentation."""
    from vitruvian.physiology.circulation.network_1d import published, read_inflow, read_network, simulate_network
    from vitruvian.scale import progress_bar

    if network.endswith(".csv"):
        if inflow is None:
            raise InputError("a table of vessels needs its inflow", got=network, allowed="--inflow FILE.csv")
        arteries, entering = read_network(Path(network)), read_inflow(inflow)
    else:
        arteries, entering = published(network)
        entering = entering if inflow is None else read_inflow(inflow)
    with progress_bar("beats", _BEATS, shown=not json) as advance:
        run = simulate_network(arteries, entering, dx=1e-3 * dx, beats=_BEATS, each_beat=lambda: advance(1))
    if out is not None:
        _write(out, run)
    if plot is not None:
        from vitruvian.reports import plot_network

        plot_network(run, plot)
    _show(run, velocity, json)


def _write(out: Path, run: NetworkRun) -> None:
    from vitruvian.physiology.circulation.network_1d import PLACES

    names = ("vessel", "place", "seconds", "pressure_mmHg", "flow_mL_s", "area_cm2")
    write_csv(out, names, (
        [tube.name, place, float(t), *(float(v) for v in row)]
        for tube in run.network.tubes for place in PLACES
        for t, row in zip(run.t, zip(*run.at(tube.name, place), strict=True), strict=True)
    ))  # fmt: skip


def _show(run: NetworkRun, velocity: list[str], json: bool) -> None:
    from vitruvian.physiology.circulation.network_1d import augmentation_index

    vessels = {}
    for tube in run.network.tubes:
        p, q, _ = run.at(tube.name)
        vessels[tube.name] = {"systolic": float(p.max()), "diastolic": float(p.min()), "mean": float(p.mean()),
                              "flow": float(q.mean())}  # fmt: skip
    inlet = run.at(run.network.inlet.name, "start").pressure
    table: dict[str, Any] = {
        "period_s": run.period, "beats": run.beats, "change_mmHg": run.change, "steps_a_beat": run.steps,
        "courant": run.courant, "volume_error": run.volume_error,
        "augmentation_index": augmentation_index(run.t, inlet, run.period),
        "pulse_wave_velocity_m_s": {pair: _velocity(run, pair) for pair in velocity},
        "vessels_mmHg_mL_s": vessels,
    }  # fmt: skip
    if json:
        import orjson

        typer.echo(orjson.dumps(table, option=orjson.OPT_INDENT_2).decode())
        return
    typer.echo(f"{run.beats} beats of {run.period:.3f} s; the last changed by {run.change:.3f} mmHg")
    typer.echo(f"augmentation index at the inlet {table['augmentation_index']:.2f}")
    for pair, found in table["pulse_wave_velocity_m_s"].items():
        typer.echo(f"pulse wave velocity {pair}: {found:.2f} m/s")
    typer.echo(f"{'vessel':32s}{'sys/dia mmHg':>14s}{'mean':>7s}{'flow mL/s':>11s}")
    for name, one in vessels.items():
        typer.echo(f"{name:32s}{one['systolic']:>7.0f}/{one['diastolic']:<6.0f}{one['mean']:>7.1f}{one['flow']:>11.3f}")


def _velocity(run: NetworkRun, pair: str) -> float:
    a, _, b = pair.partition(",")
    if not b:
        raise InputError("--velocity is not understood", got=pair, allowed="two places, as aorta:start,femoral:end")
    return run.pulse_wave_velocity(a.strip(), b.strip())
