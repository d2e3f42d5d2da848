"""Beats of a network until they repeat: Heun steps of one length, all vessels at once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from vitruvian.core import DataError, SolveError
from vitruvian.physiology.circulation.network_1d.mesh import Mesh, Values, Wall, mesh
from vitruvian.physiology.circulation.network_1d.network import Network
from vitruvian.physiology.circulation.network_1d.nodes import Nodes, nodes, solve_ends, store_rate
from vitruvian.physiology.circulation.network_1d.run import MMHG, NetworkRun
from vitruvian.physiology.circulation.network_1d.scheme import area_of, at_ends, pressure, rates, reconstruct

_COURANT, _LARGEST = 0.7, 0.95
_TRIES = 3


class State(NamedTuple):
    """Area m², velocity m/s of the cells; pressures of the windkessels, Pa; volume that came in and that left, m³."""

    area: Values
    u: Values
    store: Values
    inward: Values
    outward: Values


def simulate_network(
    network: Network,
    inflow: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]],
    *,
    inlet: str = "flow",
    dx: float = 2e-3,
    points: int = 200,
    beats: int = 30,
    until: float = 0.1,
    start: float | None = None,
    each_beat: Callable[[], None] | None = None,
) -> NetworkRun:
    """The periodic beat of a network.

    inflow: seconds (from 0 to the period) and m³/s, or Pa where `inlet` is "pressure"; linear between. dx: m. Beats
    are run until no pressure changes by more than `until` mmHg from one to the next, at most `beats`; `each_beat` is
    called after each. start: pressure everywhere at the start, Pa; else that which the mean inflow needs. Raises
    `DataError` for an inflow that cannot be, `SolveError` where the waves outrun the steps or a vessel collapses.
    """
    t, given = _checked(inflow, inlet, dx, points, beats)
    cut, ends = mesh(network, dx), nodes(network)
    first = _first(cut, ends, float(np.trapezoid(given, t) / t[-1]), inlet, start)
    fastest = float(np.max(_fastest(cut, first)))
    substeps = int(np.ceil(t[-1] * fastest / _COURANT / points))
    for _ in range(_TRIES):
        run = _periodic(
            network, cut, ends, first, (t, given), inlet == "pressure", points, substeps, beats, until, each_beat
        )
        if np.isfinite(run.courant) and run.courant <= _LARGEST:
            return run
        over = run.courant / _COURANT if np.isfinite(run.courant) else 2.0
        substeps = int(np.ceil(substeps * min(max(over, 1.5), 4.0)))
    raise SolveError(f"the pulse waves outrun the steps, or a vessel collapses, within {run.beats} beats",
                     got=f"Courant number {run.courant:.2f} at {run.steps} steps a beat", allowed=f"at most {_LARGEST}",
                     todo="Check stiffness, radii and the unit of the inflow; a smaller dx does not help.")  # fmt: skip


def _checked(inflow: Any, inlet: str, dx: float, points: int, beats: int) -> tuple[Any, Any]:
    t, given = (np.asarray(v, float) for v in inflow)
    if inlet not in ("flow", "pressure"):
        raise DataError("kind of inlet", got=inlet, allowed="flow, pressure")
    if t.ndim != 1 or t.shape != given.shape or len(t) < 3 or not (np.isfinite(t).all() and np.isfinite(given).all()):
        raise DataError("inflow", got=f"{t.shape} times, {given.shape} values", allowed="three or more finite pairs")
    if t[0] != 0.0 or np.any(np.diff(t) <= 0.0):
        raise DataError("times of the inflow", got=f"{t[0]} to {t[-1]}", allowed="from 0, rising, to the period")
    if not 1e-4 <= dx <= 0.05 or points < 16 or beats < 1:
        raise DataError("dx, points, beats", got=(dx, points, beats), allowed="0.0001 to 0.05 m, 16 or more, 1 or more")
    return t, given


def _first(cut: Mesh, ends: Nodes, mean: float, inlet: str, start: float | None) -> State:
    """Everything at rest at the pressure of the mean."""
    whole = ends.R1 + np.where(np.isfinite(ends.C), ends.R2, 0.0)
    external = float(np.mean(cut.cells.external))
    if start is not None:
        level = start
    elif inlet == "pressure":
        level = mean
    else:
        level = mean / float(np.sum(1.0 / whole)) if len(whole) else external
    share = np.where(np.isfinite(ends.C), ends.R2 / whole, 0.0)
    store = ends.behind + share * (level - ends.behind)
    area = area_of(cut.cells, np.full(len(cut.dx), level))
    zero = jnp.zeros(())
    return State(jnp.asarray(area), jnp.zeros(len(cut.dx)), jnp.asarray(store), zero, zero)


def _fastest(cut: Mesh, state: State) -> Any:
    """How fast waves, and the damping of the wall, cross each cell, 1/s."""
    root = jnp.sqrt(state.area)
    c = jnp.sqrt(0.5 * cut.cells.stiffness * root / cut.density)
    solid = jnp.concatenate([jnp.asarray(cut.viscous), jnp.zeros(1)]) * root  # diffusivity over cell length
    return (jnp.abs(state.u) + c + 2.0 * jnp.maximum(solid, jnp.roll(solid, 1))) / cut.dx


def _slope(
    state: State, given: Values, cut: Mesh, ends: Nodes, by_pressure: bool
) -> tuple[State, tuple[Values, Values]]:
    left, right = reconstruct(cut, state.area, state.u)
    inner = at_ends(cut, left, right)
    found = solve_ends(ends, cut, *inner, given, state.store, by_pressure)
    area, u = rates(cut, state.area, state.u, left, right, found)
    flow = found[0] * found[1]
    open_ends = np.concatenate([ends.resistive, ends.reflecting])
    store = store_rate(ends, flow[ends.resistive], state.store)
    return State(area, u, store, -flow[ends.inlet], jnp.sum(flow[open_ends])), found


def _seen(state: State, found: tuple[Values, Values], cut: Mesh) -> tuple[Values, Values, Values]:
    """Pressure, flow, area at start, middle, end of the vessels."""
    n = len(cut.first)
    area = jnp.stack([found[0][:n], state.area[cut.middle], found[0][n:]])
    flow = jnp.stack([-(found[0] * found[1])[:n], (state.area * state.u)[cut.middle], (found[0] * found[1])[n:]])
    both = pressure(cut.ends, found[0])
    p = jnp.stack([both[:n], pressure(Wall(*(v[cut.middle] for v in cut.cells)), state.area[cut.middle]), both[n:]])
    return p, flow, area


def _beat(cut: Mesh, ends: Nodes, by_pressure: bool, state: State, given: Values, dt: Values) -> Any:
    """given: (points, substeps, 2), the inlet at both ends of each step."""

    def step(at: tuple[State, Values], now: Values) -> Any:
        y, worst = at
        one, _ = _slope(y, now[0], cut, ends, by_pressure)
        middle = jax.tree.map(lambda v, d: v + dt * d, y, one)
        two, _ = _slope(middle, now[1], cut, ends, by_pressure)
        y = jax.tree.map(lambda v, d, e: v + 0.5 * dt * (d + e), y, one, two)
        return (y, worst), None

    def point(at: tuple[State, Values], now: Values) -> Any:
        y, worst = at
        _, found = _slope(y, now[0, 0], cut, ends, by_pressure)
        seen = _seen(y, found, cut)
        worst = jnp.maximum(worst, jnp.max(_fastest(cut, y)) * dt)
        (y, worst), _ = jax.lax.scan(step, (y, worst), now)
        return (y, worst), seen

    (state, worst), seen = jax.lax.scan(point, (state, jnp.zeros(())), given)
    return state, worst, seen


class _Fixed:
    """Nodes as a constant of a compiled beat: the same for the same content."""

    def __init__(self, ends: Nodes) -> None:
        self.ends = ends
        self._key = tuple((np.shape(v), np.asarray(v).tobytes()) for v in ends)

    def __hash__(self) -> int:
        return hash(self._key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Fixed) and self._key == other._key


@partial(jax.jit, static_argnums=(1, 2))
def _one_beat(cut: Mesh, fixed: _Fixed, by_pressure: bool, state: State, given: Values, dt: Values) -> Any:
    return _beat(cut, fixed.ends, by_pressure, state, given, dt)


def _periodic(
    network: Network, cut: Mesh, ends: Nodes, state: State, inflow: tuple[Any, Any], by_pressure: bool,
    points: int, substeps: int, beats: int, until: float, each_beat: Callable[[], None] | None,
) -> NetworkRun:  # fmt: skip
    t, q = inflow
    period, steps = float(t[-1]), points * substeps
    times = np.arange(steps + 1) * (period / steps)
    values = np.interp(times, t, q)
    given = jnp.asarray(np.stack([values[:-1], values[1:]], -1).reshape(points, substeps, 2))
    fixed = _Fixed(ends)
    dt, p, change, worst, count = jnp.asarray(period / steps), np.full(1, np.inf), np.inf, 0.0, 0
    while count < beats and change > until and worst <= _LARGEST:
        before, old = state, p
        state, courant, seen = _one_beat(cut, fixed, by_pressure, state, given, dt)
        p, count = np.asarray(seen[0]), count + 1
        worst = max(worst, float(courant)) if np.isfinite(p).all() and np.isfinite(float(courant)) else np.nan
        change = float(np.max(np.abs(p - old))) / MMHG
        if each_beat is not None:
            each_beat()
    came, left = (float(a - b) for a, b in zip(state[3:], before[3:], strict=True))
    held = float(jnp.sum((state.area - before.area) * cut.dx))
    turned = float(np.trapezoid(np.abs(np.asarray(seen[1])[:, 0, ends.inlet]), dx=period / points)) or 1.0
    return NetworkRun(
        network, times[:-1:substeps], period, p / MMHG, np.asarray(seen[1]) * 1e6, np.asarray(seen[2]) * 1e4,
        count, change, worst, steps, (came - left - held) / turned,
    )  # fmt: skip
