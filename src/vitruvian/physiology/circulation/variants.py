"""The closed loop with other parts: one-fibre ventricles, coronary vessels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from vitruvian.physiology.circulation.circuit import Circuit
from vitruvian.physiology.circulation.closed_loop import CLOSED_LOOP, VENTRICLES
from vitruvian.physiology.circulation.one_fibre import OneFibre
from vitruvian.physiology.circulation.paths import Path, Resistance
from vitruvian.physiology.circulation.stores import Store, Vessel


def with_store(circuit: Circuit, store: Store) -> Circuit:
    """The circuit with another store in the place of the one of its name."""
    return replace(circuit, stores=tuple(store if one.name == store.name else one for one in circuit.stores))


def with_path(circuit: Circuit, path: Path) -> Circuit:
    """The circuit with one more path."""
    return replace(circuit, paths=(*circuit.paths, path))


def with_coronaries(circuit: Circuit) -> Circuit:
    """The circuit with a bed of coronary vessels that the left ventricle squeezes, from the aorta to the right atrium.

    Myocardial flow at rest 3.8 mL/s (BioGears validation data); three quarters of the ventricle's pressure are felt.
    Other systemic vessels hold and let through as much less, so that the whole stays as it was.
    """
    bed = Vessel("coronary_bed", compliance=0.02, unstressed=10.0, squeezed_by="left_ventricle")
    ways = (
        Resistance("coronary", "aorta", bed.name, resistance=13.0),
        Resistance("coronary_venous", bed.name, "right_atrium", resistance=10.0),
    )
    past = 1.0 / sum(way.resistance for way in ways)

    def less(one: Any) -> Any:
        if isinstance(one, Vessel) and one.name == "systemic_arteries":
            return replace(one, unstressed=one.unstressed - bed.unstressed)
        if isinstance(one, Resistance) and one.name == "systemic":
            return replace(one, resistance=1.0 / (1.0 / one.resistance - past))
        return one

    return replace(
        circuit,
        name=f"{circuit.name}_coronary",
        stores=(*map(less, circuit.stores), bed),
        paths=(*map(less, circuit.paths), *ways),
        thoracic=circuit.thoracic | {bed.name},
    )


CORONARY_PRESSURE = {"coronary_bed": 20.0}
"""Across the wall of the bed at the start of a beat, mmHg: to be joined with `TYPICAL_PRESSURES`."""

_ONE_LEFT = with_store(
    CLOSED_LOOP, OneFibre("left_ventricle", VENTRICLES, wall=200.0, v0=60.0, active=674.0, passive=10.0, stiffening=9.3)
)
ONE_FIBRE_LOOP = replace(
    with_store(_ONE_LEFT, OneFibre("right_ventricle", VENTRICLES, wall=70.0, v0=60.0, active=290.0, passive=9.0)),
    name="one_fibre_loop",
)
"""The closed loop with ventricles of one fibre: another model of the same people."""
