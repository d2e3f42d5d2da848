"""Doses of vasoactive drugs → courses at the ports of the circulation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vitruvian.core import DataError, UnknownNameError, convert
from vitruvian.model import Schedule, compile_events, simulate
from vitruvian.physiology.circulation import PORTS, Course, Response, respond
from vitruvian.systems.vasoactive.furosemide import Furosemide
from vitruvian.systems.vasoactive.metoprolol import Metoprolol
from vitruvian.systems.vasoactive.norepinephrine import Norepinephrine
from vitruvian.systems.vasoactive.propofol import Propofol
from vitruvian.systems.vasoactive.vasoactive import Vasoactive

DRUGS: Mapping[str, Vasoactive] = {one.name: one for one in (Norepinephrine(), Propofol(), Metoprolol(), Furosemide())}
_GRID = 5.0  # s between the moments at which a drug's effect is told


def vasoactive(name: str) -> Vasoactive:
    """The drug of that name; raises `UnknownNameError`."""
    if name not in DRUGS:
        raise UnknownNameError("no such vasoactive drug", got=name, allowed=", ".join(DRUGS))
    return DRUGS[name]


def courses(schedules: Sequence[Schedule], *, weight: float, seconds: float) -> dict[str, Course]:
    """What the doses do at the ports over `seconds`: factors multiply, volumes and rates add.

    Raises `UnknownNameError` for a drug that is not here, `DataError` for one given by two schedules.
    """
    names = [schedule.drug for schedule in schedules]
    if len(set(names)) < len(names):
        raise DataError("a drug is in two schedules", got=", ".join(names), todo="Add the schedules of one drug.")
    moments = np.append(np.arange(0.0, seconds, _GRID), seconds)
    found: dict[str, Any] = {}
    for name, schedule in zip(names, schedules, strict=True):
        drug = vasoactive(name)
        subject = schedule.to_subject(drug, moments / 3600.0, {"WT": weight})
        table = simulate(drug, compile_events(drug, [subject]))[0, : len(moments)]
        outputs = {output.name: (output.unit, table[:, k]) for k, output in enumerate(drug.outputs)}
        for wire in drug.wires:
            unit, values = outputs[wire.source]
            port = next(port for port in PORTS if port.name == wire.port)
            values = values * convert(1.0, unit, port.unit)
            found[port.name] = _joined(found.get(port.name), values, port.default)
    return {name: (moments, values) for name, values in found.items()}


def _joined(before: Any, values: Any, default: float | None) -> Any:
    if before is None:
        return values
    return before * values if default == 1.0 else before + values


def respond_to(
    p: Mapping[str, Any],
    schedules: Sequence[Schedule],
    seconds: float,
    *,
    weight: float,
    acting: Mapping[str, float | Course] | None = None,
) -> Response:
    """The circulation's answer to doses, and to what else acts (ports that no drug here reaches)."""
    drugs = courses(schedules, weight=weight, seconds=seconds)
    both = sorted(set(drugs) & set(acting or {}))
    if both:
        raise DataError("a drug and something else act on one port", got=", ".join(both), todo="Give one of them.")
    return respond(p, {**drugs, **(acting or {})}, seconds)
