"""How biomarkers of a beat answer to channels: derivatives by forward mode through all beats."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from vitruvian.core import InputError
from vitruvian.model import Values
from vitruvian.physiology.heart.cell.biomarkers import Biomarkers, biomarkers
from vitruvian.physiology.heart.cell.cell import Cell
from vitruvian.physiology.heart.cell.course import Course
from vitruvian.physiology.heart.cell.integrate import moving, through, traced
from vitruvian.physiology.heart.cell.pacing import complete, placed
from vitruvian.physiology.heart.cell.steps import Fineness, Steps


def sensitivities(
    cell: Cell,
    p: Mapping[str, float],
    names: Sequence[str],
    *,
    cycle_length: float = 1000.0,
    beats: int = 10,
    y: Any = None,
    fineness: Fineness = Fineness(),
) -> tuple[Biomarkers, dict[str, Biomarkers]]:
    """Biomarkers of one cell's last beat, and their derivatives by the logarithm of each parameter in `names`.

    The derivative of APD90 by log `scale_IKr` is ms per e-fold of the conductance: a hundredth of it is about the
    effect of one per cent. The steps are those that the cell itself needs. Raises `InputError` for a parameter that
    is not above 0, `UnknownNameError` for one that the cell lacks.
    """
    whole = complete(cell, p)
    if not names:
        raise InputError("sensitivities of nothing", got=list(names), allowed=", ".join(whole))
    if not 0.0 < cycle_length < jnp.inf or beats < 1:
        raise InputError("pacing needs beats and time", got=(cycle_length, beats), allowed="above 0, finite")
    for name in names:
        cell.parameter(name)
        if not float(whole[name]) > 0.0:
            raise InputError(f"the logarithm of {name} needs a value above 0", got=float(whole[name]), allowed="> 0")
    start = placed(cell, y, whole)
    course = Course(cell, whole, start, fineness)
    course.onward(cycle_length, cell.stimulus, beats - 1)
    grid = course.look(cycle_length, cell.stimulus).grid
    nothing = {name: jnp.zeros_like(value) for name, value in whole.items()}
    found = {}
    for name in names:
        value, found[name] = _derived(cell, start, grid, beats, whole, {**nothing, name: whole[name]})
    return value, found


@partial(jax.jit, static_argnames=("cell",))
def _derived(cell: Cell, y: Any, grid: Steps, beats: Any, p: Values, change: Values) -> tuple[Biomarkers, Biomarkers]:
    """Biomarkers, and their derivative along a change of the parameters."""

    def measured(p: Values) -> Biomarkers:
        now, _ = through(cell, moving(cell, y, p), grid.rows, grid.fine, grid.used, beats - 1, p)
        _, _, trace = traced(cell, now, grid.rows, grid.fine, p)
        return biomarkers(grid.t, trace.V, trace.calcium)

    return jax.jvp(measured, (p,), (change,))
