"""The closed loop of one adult: four chambers, four valves, systemic and pulmonary vessels."""

from __future__ import annotations

from vitruvian.core import Source
from vitruvian.physiology.circulation.activation import Activation
from vitruvian.physiology.circulation.circuit import Circuit
from vitruvian.physiology.circulation.paths import Inertance, Resistance, Valve
from vitruvian.physiology.circulation.stores import Elastance, Vessel

VENTRICLES = Activation("ventricles", rise=0.40, fall=0.16)
ATRIA = Activation("atria", rise=0.10, fall=0.10, lead=0.16)

_TUNED = Source(
    "Set so that the resting beat lies in the bands of resting.toml, near the values of Regazzoni F et al. J Comput "
    "Phys 2022;457:111083",
    doi="10.1016/j.jcp.2022.111083",
    status="assumption",
)
_TIMES = Source(
    "Korakianitis T, Shi Y. J Biomech 2006;39:1964-1982 (form); lengths set so that E/A and ejection time are usual",
    doi="10.1016/j.jbiomech.2005.06.016",
    status="assumption",
)
_AREAS = Source(
    "Baumgartner H et al. J Am Soc Echocardiogr 2009;22:1-23: normal aortic 3-4, mitral 4-6 cm2",
    doi="10.1016/j.echo.2008.11.029",
)
_BLOOD = Source("BioGears validation data, cardiovascular: 5674 mL, rounded", status="one transcription")
_THORAX = Source("Resting pleural pressure about -5 cmH2O (textbooks of physiology)")

CLOSED_LOOP = Circuit(
    "closed_loop",
    stores=(
        Elastance("left_ventricle", VENTRICLES, emax=2.11, emin=0.0353, v0=5.0, k=0.00977),
        Vessel("aorta", compliance=0.468, unstressed=150.0),
        Vessel("systemic_arteries", compliance=0.933, unstressed=450.0),
        Vessel("systemic_veins", compliance=60.0, unstressed=3450.0),
        Elastance("right_atrium", ATRIA, emax=0.15, emin=0.05, v0=10.0, k=0.010),
        Elastance("right_ventricle", VENTRICLES, emax=0.417, emin=0.0316, v0=10.0, k=0.008),
        Vessel("pulmonary_arteries", compliance=3.5, unstressed=90.0),
        Vessel("pulmonary_veins", compliance=18.5, unstressed=250.0),
        Elastance("left_atrium", ATRIA, emax=0.203, emin=0.0595, v0=10.0, k=0.010),
    ),
    paths=(
        Valve("aortic", "left_ventricle", "aorta", resistance=0.004, area=3.5),
        Inertance("aortic_arch", "aorta", "systemic_arteries", resistance=0.05, inertance=0.002),
        Resistance("systemic", "systemic_arteries", "systemic_veins", resistance=0.959),
        Resistance("venous", "systemic_veins", "right_atrium", resistance=0.03),
        Valve("tricuspid", "right_atrium", "right_ventricle", resistance=0.002, area=6.0),
        Valve("pulmonary", "right_ventricle", "pulmonary_arteries", resistance=0.003, area=4.0),
        Resistance("lung", "pulmonary_arteries", "pulmonary_veins", resistance=0.119),
        Resistance("pulmonary_venous", "pulmonary_veins", "left_atrium", resistance=0.00994),
        Valve("mitral", "left_atrium", "left_ventricle", resistance=0.0108, area=5.0),
    ),
    thoracic=frozenset(
        ("left_ventricle", "right_ventricle", "left_atrium", "right_atrium", "pulmonary_arteries", "pulmonary_veins")
    ),
    values={"period": 60.0 / 72.0, "blood_volume": 5600.0, "P_thorax": -4.0},
    sources={
        "": _TUNED,
        "blood_volume": _BLOOD,
        "P_thorax": _THORAX,
        "A": _AREAS,
        **dict.fromkeys(("rise", "fall", "lead"), _TIMES),
    },
)
"""Topology as Regazzoni F et al. J Comput Phys 2022;457:111083 (doi:10.1016/j.jcp.2022.111083), and an aorta."""

TYPICAL_PRESSURES = {
    "left_ventricle": 9.7,
    "aorta": 84.2,
    "systemic_arteries": 82.8,
    "systemic_veins": 6.4,
    "right_atrium": 4.8,
    "right_ventricle": 8.7,
    "pulmonary_arteries": 16.7,
    "pulmonary_veins": 10.9,
    "left_atrium": 5.8,
}
"""Across the wall at the start of a beat, mmHg: where the search for a person's periodic beat begins."""
