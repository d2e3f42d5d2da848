"""What happens where tubes meet, begin and end: Newton on the waves that arrive there.

Each end knows its arriving invariant w = v + 4c (v outward). In a node the flows sum to nothing and the total pressure
p + ρv²/2 is one. With dq = −A/(ρc) dh along the invariant the node's head follows from one division a step.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float, Int

from vitruvian.physiology.circulation.network_1d.mesh import Mesh, Values, Wall
from vitruvian.physiology.circulation.network_1d.network import Network, Outlet
from vitruvian.physiology.circulation.network_1d.scheme import area_of, pressure, speed

_ITERATIONS = 3  # from the last state, which is a step away: the third changes nothing above 1e-12


class Nodes(NamedTuple):
    """Which ends meet, and what stands behind the outlets; ends are all beginnings, then all ends of tubes."""

    members: Int[np.ndarray, "nodes degree"]
    """Ends of each inner node; the number of ends is the empty one."""
    inlet: int
    inner: Int[np.ndarray, " a"]
    of: Int[np.ndarray, " a"]
    """Inner ends, and the node of each."""
    resistive: Int[np.ndarray, " b"]
    R1: Float[np.ndarray, " b"]
    R2: Float[np.ndarray, " b"]
    C: Float[np.ndarray, " b"]
    behind: Float[np.ndarray, " b"]
    reflecting: Int[np.ndarray, " c"]
    reflection: Float[np.ndarray, " c"]


def nodes(network: Network) -> Nodes:
    """R1 alone is a windkessel whose store has no end."""
    tubes, n = network.tubes, len(network.tubes)
    meet: dict[str, list[int]] = {}
    for k, tube in enumerate(tubes):
        meet.setdefault(tube.start, []).append(k)
        meet.setdefault(tube.end, []).append(n + k)
    inner = [ends for ends in meet.values() if len(ends) > 1]
    degree = max((len(ends) for ends in inner), default=1)
    members = np.array([ends + [2 * n] * (degree - len(ends)) for ends in inner], int).reshape(-1, degree)
    given = [(n + k, t.outlet) for k, t in enumerate(tubes) if t.outlet is not None]
    resist: list[tuple[int, Outlet]] = [(k, o) for k, o in given if o.R1 is not None]
    reflect = [(k, o) for k, o in given if o.R1 is None]
    return Nodes(
        members, tubes.index(network.inlet),
        np.array([k for ends in inner for k in ends], int),
        np.array([j for j, ends in enumerate(inner) for _ in ends], int),
        np.array([k for k, _ in resist], int),
        np.array([o.R1 for _, o in resist], float),
        np.array([o.R2 or 1.0 for _, o in resist], float),
        np.array([o.C or np.inf for _, o in resist], float),
        np.array([o.pressure for _, o in resist], float),
        np.array([k for k, _ in reflect], int),
        np.array([o.reflection for _, o in reflect], float),
    )  # fmt: skip


def _part(wall: Wall, ends: Values) -> Wall:
    return Wall(*(v[ends] for v in wall))


def _meet(nodes: Nodes, wall: Wall, density: Values, area: Values, w: Values) -> Values:
    """Areas at the inner ends."""
    count = len(nodes.inner)
    slot = np.full(len(nodes.members) * nodes.members.shape[1], count)
    place = {int(end): k for k, end in enumerate(nodes.inner)}
    slot = np.array([place.get(int(end), count) for end in nodes.members.ravel()]).reshape(nodes.members.shape)

    def total(v: Values) -> Values:
        return jnp.concatenate([v, jnp.zeros(1)])[slot].sum(axis=1)

    for _ in range(_ITERATIONS):
        c = speed(wall, area, density)
        v = w - 4.0 * c
        yields = area / (density * c)
        h = pressure(wall, area) + 0.5 * density * v**2
        head = total(area * v + yields * h) / total(yields)
        area = area + (head[nodes.of] - h) * area / (density * c * (c - v))
    return area


def _by_flow(wall: Wall, density: Values, area: Values, w: Values, flow: Values) -> Values:
    """Area where the outward flow is given."""
    for _ in range(_ITERATIONS):
        c = speed(wall, area, density)
        v = w - 4.0 * c
        area = area - (area * v - flow) / (v - c)
    return area


def _by_resistance(wall: Wall, density: Values, area: Values, w: Values, R1: Values, store: Values) -> Values:
    """Area where the outward flow is (p − store)/R1."""
    for _ in range(_ITERATIONS):
        c = speed(wall, area, density)
        v = w - 4.0 * c
        off = area * v - (pressure(wall, area) - store) / R1
        area = area - off / (v - c - density * c**2 / (area * R1))
    return area


def solve_ends(
    nodes: Nodes, mesh: Mesh, area: Values, v: Values, inlet: Values, store: Values, by_pressure: bool
) -> tuple[Values, Values]:
    """Area and outward velocity at all ends, from those that arrive from within.

    inlet: flow into the network, m³/s, or pressure, Pa; store: pressures of the windkessels, Pa.
    """
    rho = mesh.density
    w = v + 4.0 * speed(mesh.ends, area, rho)
    found = area
    if len(nodes.inner):
        k = nodes.inner
        found = found.at[k].set(_meet(nodes, _part(mesh.ends, k), rho, area[k], w[k]))
    k = np.array([nodes.inlet])
    wall = _part(mesh.ends, k)
    if by_pressure:
        found = found.at[k].set(area_of(wall, inlet))
    else:
        found = found.at[k].set(_by_flow(wall, rho, area[k], w[k], -inlet))
    if len(nodes.resistive):
        k = nodes.resistive
        found = found.at[k].set(_by_resistance(_part(mesh.ends, k), rho, area[k], w[k], nodes.R1, store))
    if len(nodes.reflecting):
        k = nodes.reflecting
        wall = _part(mesh.ends, k)
        rest = 4.0 * speed(wall, wall.rest**2, rho)
        back = -rest - nodes.reflection * (w[k] - rest)
        c = (w[k] - back) / 8.0
        found = found.at[k].set((2.0 * rho * c**2 / wall.stiffness) ** 2)
    return found, w - 4.0 * speed(mesh.ends, found, rho)


def store_rate(nodes: Nodes, flow: Values, store: Values) -> Values:
    """dp/dt of the windkessels."""
    return jnp.asarray((flow - (store - nodes.behind) / nodes.R2) / nodes.C)
