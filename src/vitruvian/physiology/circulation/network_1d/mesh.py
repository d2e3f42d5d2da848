"""The cells of all tubes of a network in one row, and where the tubes begin and end in it."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from jaxtyping import Float, Int

from vitruvian.physiology.circulation.network_1d.network import POISSON, Network, Tube

Values: TypeAlias = Any
"""An array, of NumPy where it is made, of JAX where it is used."""
_FEWEST = 3
_THICKNESS = (0.2802, -505.3, 0.1324, -11.14)


class Wall(NamedTuple):
    """Tube law p = external + stiffness (√A − √A0), at cells, faces or ends; SI."""

    rest: Float[np.ndarray, " n"]
    """√A0, m."""
    stiffness: Float[np.ndarray, " n"]
    """√π E h / ((1 − σ²) A0), Pa/m."""
    external: Float[np.ndarray, " n"]


class Mesh(NamedTuple):
    """Arrays of a network; `first`, `last`, `middle` are rows of cells, ends are all beginnings, then all ends."""

    dx: Float[np.ndarray, " cells"]
    cells: Wall
    faces: Wall
    """Between a cell and the next; without meaning where the next belongs to another tube."""
    ends: Wall
    friction: Float[np.ndarray, " cells"]
    """u' = −friction u/A, m²/s."""
    viscous: Float[np.ndarray, " faces"]
    """Wall viscosity over ρ A0, between two cells, over their distance; 0 between tubes."""
    begins: Float[np.ndarray, " cells"]
    finishes: Float[np.ndarray, " cells"]
    """1 in the first, and in the last, cell of each tube."""
    first: Int[np.ndarray, " tubes"]
    last: Int[np.ndarray, " tubes"]
    middle: Int[np.ndarray, " tubes"]
    density: Float[np.ndarray, ""]


def thickness(tube: Tube, radius: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """m."""
    if tube.thickness is not None:
        return np.full_like(radius, tube.thickness)
    a, b, c, d = _THICKNESS
    return np.asarray(radius * (a * np.exp(b * radius) + c * np.exp(d * radius)))


def _wall(tube: Tube, part: Float[np.ndarray, " n"]) -> Wall:
    """At fractions of the length."""
    radius = tube.radius_proximal + part * (tube.radius_distal - tube.radius_proximal)
    area = np.pi * radius**2
    stiffness = np.sqrt(np.pi) * tube.young * thickness(tube, radius) / ((1.0 - POISSON**2) * area)
    return Wall(np.sqrt(area), stiffness, np.full_like(radius, tube.external_pressure))


def _joined(walls: list[Wall]) -> Wall:
    return Wall(*(np.concatenate(parts) for parts in zip(*walls, strict=True)))


def counts(network: Network, dx: float) -> list[int]:
    """Cells of each tube, an odd number, so that one has its middle at the tube's."""
    return [max(_FEWEST, 2 * int(np.ceil(0.5 * (t.length / dx - 1.0))) + 1) for t in network.tubes]


def mesh(network: Network, dx: float) -> Mesh:
    """Cells about `dx` (m) long, three a tube at least."""
    number = counts(network, dx)
    last = np.cumsum(number) - 1
    first = last + 1 - np.array(number)
    size = np.concatenate([np.full(n, t.length / n) for t, n in zip(network.tubes, number, strict=True)])
    both = list(zip(network.tubes, number, strict=True))
    cells = _joined([_wall(t, (np.arange(n) + 0.5) / n) for t, n in both])
    faces = _joined([_wall(t, (np.arange(n) + 1.0) / n) for t, n in both])
    ends = _joined([_wall(t, np.array([at])) for at in (0.0, 1.0) for t in network.tubes])
    begins, finishes = np.zeros(len(size)), np.zeros(len(size))
    begins[first], finishes[last] = 1.0, 1.0
    profile = np.repeat([t.profile for t in network.tubes], number)
    solid = np.repeat([t.wall_viscosity for t in network.tubes], number)
    faces = Wall(*(v[:-1] for v in faces))
    return Mesh(
        size, cells, faces, ends,
        2.0 * np.pi * (profile + 2.0) * network.viscosity / network.density,
        (1.0 - finishes[:-1]) * solid[:-1] / (network.density * faces.rest**2 * size[:-1]),
        begins, finishes, first, last, first + np.array(number) // 2, np.array(network.density),
    )  # fmt: skip
