"""The closed loop of one adult: four chambers, four valves, systemic and pulmonary vessels."""

from __future__ import annotations

from vitruvian.physiology.circulation.activation import Activation
from vitruvian.physiology.circulation.circuit import Circuit
from vitruvian.physiology.circulation.paths import Inertance, Resistance, Valve
from vitruvian.physiology.circulation.stores import Elastance, Vessel

_VENTRICLES = Activation("ventricles", rise=0.32, fall=0.16)
_ATRIA = Activation("atria", rise=0.10, fall=0.10, lead=0.16)

CLOSED_LOOP = Circuit(
    "closed_loop",
    stores=(
        Elastance("left_ventricle", _VENTRICLES, emax=2.5, emin=0.04, v0=5.0, k=0.012),
        Vessel("aorta", compliance=0.5, unstressed=150.0),
        Vessel("systemic_arteries", compliance=1.0, unstressed=450.0),
        Vessel("systemic_veins", compliance=60.0, unstressed=2700.0),
        Elastance("right_atrium", _ATRIA, emax=0.15, emin=0.05, v0=10.0, k=0.010),
        Elastance("right_ventricle", _VENTRICLES, emax=0.55, emin=0.025, v0=10.0, k=0.008),
        Vessel("pulmonary_arteries", compliance=4.0, unstressed=90.0),
        Vessel("pulmonary_veins", compliance=16.0, unstressed=250.0),
        Elastance("left_atrium", _ATRIA, emax=0.25, emin=0.08, v0=10.0, k=0.010),
    ),
    paths=(
        Valve("aortic", "left_ventricle", "aorta", resistance=0.004, area=3.5),
        Inertance("aortic_arch", "aorta", "systemic_arteries", resistance=0.04, inertance=0.002),
        Resistance("systemic", "systemic_arteries", "systemic_veins", resistance=0.95),
        Resistance("venous", "systemic_veins", "right_atrium", resistance=0.03),
        Valve("tricuspid", "right_atrium", "right_ventricle", resistance=0.002, area=6.0),
        Valve("pulmonary", "right_ventricle", "pulmonary_arteries", resistance=0.003, area=4.0),
        Resistance("lung", "pulmonary_arteries", "pulmonary_veins", resistance=0.08),
        Resistance("pulmonary_venous", "pulmonary_veins", "left_atrium", resistance=0.02),
        Valve("mitral", "left_atrium", "left_ventricle", resistance=0.002, area=4.5),
    ),
    thoracic=frozenset(
        ("left_ventricle", "right_ventricle", "left_atrium", "right_atrium", "pulmonary_arteries", "pulmonary_veins")
    ),
)
"""Topology as Regazzoni F et al. J Comput Phys 2022;457:111083 (doi:10.1016/j.jcp.2022.111083), and an aorta."""

TYPICAL_PRESSURES = {
    "left_ventricle": 8.0,
    "aorta": 90.0,
    "systemic_arteries": 88.0,
    "systemic_veins": 6.0,
    "right_atrium": 4.0,
    "right_ventricle": 4.0,
    "pulmonary_arteries": 15.0,
    "pulmonary_veins": 9.0,
    "left_atrium": 8.0,
}
"""mmHg: where the search for a person's periodic beat begins."""
