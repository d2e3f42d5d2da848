"""Rates of area and velocity in all cells: MUSCL on pressure and velocity, HLL fluxes.

    ∂A/∂t + ∂(A u)/∂x = 0,   ∂u/∂t + ∂(u²/2 + p/ρ)/∂x = −2π(ζ + 2)µ u/(ρ A)

(momentum correction 1; the profile ζ acts through the friction). Pressure, not area, is reconstructed, so that a
tapered tube at rest stays at rest.
"""

from __future__ import annotations

import jax.numpy as jnp

from vitruvian.physiology.circulation.network_1d.mesh import Mesh, Values, Wall


def pressure(wall: Wall, area: Values) -> Values:
    """Pa."""
    return wall.external + wall.stiffness * (jnp.sqrt(area) - wall.rest)


def area_of(wall: Wall, p: Values) -> Values:
    """m²."""
    return (wall.rest + (p - wall.external) / wall.stiffness) ** 2


def speed(wall: Wall, area: Values, density: Values) -> Values:
    """Of a small pulse wave, m/s: c² = A/ρ dp/dA."""
    return jnp.sqrt(0.5 * wall.stiffness * jnp.sqrt(area) / density)


def _slopes(v: Values, mesh: Mesh) -> Values:
    """Half the difference across each cell: monotonised central; one-sided at the ends of a tube."""
    step = v[1:] - v[:-1]
    left, right = jnp.concatenate([step[:1], step]), jnp.concatenate([step, step[-1:]])
    left, right = jnp.where(mesh.begins > 0.0, right, left), jnp.where(mesh.finishes > 0.0, left, right)
    central = 0.5 * (left + right)
    limited = jnp.minimum(jnp.abs(central), 2.0 * jnp.minimum(jnp.abs(left), jnp.abs(right)))
    return 0.5 * jnp.where(left * right > 0.0, jnp.sign(central) * limited, 0.0)


def reconstruct(mesh: Mesh, area: Values, u: Values) -> tuple[tuple[Values, Values], tuple[Values, Values]]:
    """(p, u) at the left and at the right side of each cell."""
    p = pressure(mesh.cells, area)
    dp, du = _slopes(p, mesh), _slopes(u, mesh)
    return (p - dp, u - du), (p + dp, u + du)


def at_ends(mesh: Mesh, left: tuple[Values, Values], right: tuple[Values, Values]) -> tuple[Values, Values]:
    """Area and outward velocity at the ends of the tubes, from within."""
    p = jnp.concatenate([left[0][mesh.first], right[0][mesh.last]])
    v = jnp.concatenate([-left[1][mesh.first], right[1][mesh.last]])
    return area_of(mesh.ends, p), v


def rates(
    mesh: Mesh,
    area: Values,
    u: Values,
    left: tuple[Values, Values],
    right: tuple[Values, Values],
    ends: tuple[Values, Values],
) -> tuple[Values, Values]:
    """dA/dt, du/dt of the cells; `ends`: area and outward velocity that the nodes gave."""
    wall, rho = mesh.faces, mesh.density
    pl, ul, pr, ur = right[0][:-1], right[1][:-1], left[0][1:], left[1][1:]
    al, ar = area_of(wall, pl), area_of(wall, pr)
    cl, cr = speed(wall, al, rho), speed(wall, ar, rho)
    back, forth = jnp.minimum(ul - cl, ur - cr), jnp.maximum(ul + cl, ur + cr)
    mass = (forth * al * ul - back * ar * ur + back * forth * (ar - al)) / (forth - back)
    heads = forth * (0.5 * ul**2 + pl / rho) - back * (0.5 * ur**2 + pr / rho) + back * forth * (ur - ul)
    head = heads / (forth - back)
    q = area * u
    solid = mesh.viscous * (q[:-1] - q[1:]) / (0.5 * (jnp.sqrt(al) + jnp.sqrt(ar)))
    head = head + solid
    end_area, end_v = ends
    end_head = 0.5 * end_v**2 + pressure(mesh.ends, end_area) / rho
    near = jnp.concatenate([mesh.first, mesh.last - 1]), jnp.concatenate([mesh.first + 1, mesh.last - 2])
    end_head = end_head + 2.0 * solid[near[0]] - solid[near[1]]  # the viscous stress goes on to the end
    n = len(mesh.first)
    out_mass = jnp.concatenate([mass, mass[:1]]).at[mesh.last].set((end_area * end_v)[n:])
    in_mass = jnp.concatenate([mass[:1], mass]).at[mesh.first].set(-(end_area * end_v)[:n])
    out_head = jnp.concatenate([head, head[:1]]).at[mesh.last].set(end_head[n:])
    in_head = jnp.concatenate([head[:1], head]).at[mesh.first].set(end_head[:n])
    return (in_mass - out_mass) / mesh.dx, (in_head - out_head) / mesh.dx - mesh.friction * u / area
