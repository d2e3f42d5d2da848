"""Diseases of the circulation as named, sourced changes of parameters, and of the circuit where blood has a new way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from vitruvian.core import InputError, Source, UnknownNameError
from vitruvian.model import Values
from vitruvian.physiology.circulation.circuit import Circuit
from vitruvian.physiology.circulation.paths import Path, Valve

_STENOSIS = Source(
    "Baumgartner H et al. J Am Soc Echocardiogr 2009;22:1-23: aortic area mild > 1.5, moderate 1.0-1.5, severe < 1.0 "
    "cm2 (mean gradient < 20, 20-40, > 40 mmHg); mitral area mild > 1.5, moderate 1.0-1.5, severe < 1.0 cm2",
    doi="10.1016/j.echo.2008.11.029",
)
_REGURGITATION = Source(
    "Zoghbi WA et al. J Am Soc Echocardiogr 2017;30:303-371: EROA aortic mild < 0.10, moderate 0.10-0.29, severe >= "
    "0.30; mitral mild < 0.20, moderate 0.20-0.39, severe >= 0.40 cm2; severe regurgitant volume >= 60 mL",
    doi="10.1016/j.echo.2017.01.007",
)
_FAILURE = Source(
    "McDonagh TA et al. Eur Heart J 2021;42:3599-3726: HFrEF EF <= 40 %; HFpEF EF >= 50 % and raised filling pressure",
    doi="10.1093/eurheartj/ehab368",
)
_HYPERTENSION = Source(
    "Williams B et al. Eur Heart J 2018;39:3021-3104: 140/90 mmHg or more", doi="10.1093/eurheartj/ehy339"
)
_SHUNT = Source(
    "Baumgartner H et al. Eur Heart J 2021;42:563-645: closure is considered from Qp/Qs > 1.5 on",
    doi="10.1093/eurheartj/ehaa554",
)


@dataclass(frozen=True)
class Pathology:
    """A disease: parameters that are set, and those multiplied (how the heart and vessels answer it), and new ways.

    `source` gives the limits between grades; by how much heart and vessels change is set so that the guideline's
    findings follow.
    """

    name: str
    title: str
    source: Source
    sets: Mapping[str, float] = field(default_factory=dict)
    times: Mapping[str, float] = field(default_factory=dict)
    ways: tuple[Path, ...] = ()

    def circuit(self, circuit: Circuit) -> Circuit:
        """The circuit of a person who has it."""
        if not self.ways:
            return circuit
        return replace(circuit, name=f"{circuit.name}_{self.name}", paths=(*circuit.paths, *self.ways))

    def parameters(self, p: Values) -> dict[str, Any]:
        """Parameters of a person who has it, from those without; raises `InputError` where one is not there."""
        if absent := ", ".join(sorted({*self.times, *self.sets} - set(p))):
            allowed = "a circuit with the parameters of the closed loop of elastance chambers"
            raise InputError(f"{self.name} changes what this circuit does not have", got=absent, allowed=allowed)
        new = {one.name: one.value for way in self.ways for one in way.parameters}
        return {**p, **new, **self.sets, **{name: p[name] * factor for name, factor in self.times.items()}}


def _hole(name: str, source: str, target: str, area: float) -> Valve:
    """A hole lets blood pass both ways."""
    return Valve(name, source, target, resistance=0.001, area=area, leak=area)


def _graded(
    name: str, title: str, source: Source, parameter: str, grades: Mapping[str, tuple[float, Mapping[str, float]]]
) -> list[Pathology]:
    return [
        Pathology(f"{name}_{grade}", f"{title}, {grade}", source, sets={parameter: value}, times=times)
        for grade, (value, times) in grades.items()
    ]


_ALL = (
    Pathology(
        "hfref",
        "Heart failure with reduced ejection fraction",
        _FAILURE,
        times={
            "Emax_left_ventricle": 0.40,
            "V0_left_ventricle": 6.0,
            "k_left_ventricle": 0.85,
            "Emin_left_ventricle": 1.1,
            "R_systemic": 1.15,
            "blood_volume": 1.10,
            "period": 0.88,
        },
    ),
    Pathology(
        "hfpef",
        "Heart failure with preserved ejection fraction",
        _FAILURE,
        times={
            "Emin_left_ventricle": 1.8,
            "k_left_ventricle": 1.4,
            "Emax_left_ventricle": 1.3,
            "fall_ventricles": 1.1,
            "C_aorta": 0.7,
            "C_systemic_arteries": 0.7,
            "R_systemic": 1.1,
            "blood_volume": 1.09,
        },
    ),
    Pathology(
        "hypertension",
        "Arterial hypertension",
        _HYPERTENSION,
        times={
            "R_systemic": 1.40,
            "C_aorta": 0.75,
            "C_systemic_arteries": 0.75,
            "Emax_left_ventricle": 1.35,
            "Emin_left_ventricle": 1.1,
            "V0_systemic_veins": 0.985,
        },
    ),
    *_graded(
        "aortic_stenosis",
        "Aortic stenosis",
        _STENOSIS,
        "A_aortic",
        {
            "mild": (2.0, {"Emax_left_ventricle": 1.1}),
            "moderate": (1.4, {"Emax_left_ventricle": 1.3, "Emin_left_ventricle": 1.1}),
            "severe": (0.9, {"Emax_left_ventricle": 1.8, "Emin_left_ventricle": 1.3, "blood_volume": 1.02}),
        },
    ),
    *_graded(
        "mitral_stenosis",
        "Mitral stenosis",
        _STENOSIS,
        "A_mitral",
        {
            "mild": (2.2, {}),
            "moderate": (1.45, {"blood_volume": 1.03}),
            "severe": (0.8, {"blood_volume": 1.06, "V0_left_atrium": 2.0}),
        },
    ),
    *_graded(
        "aortic_regurgitation",
        "Aortic regurgitation",
        _REGURGITATION,
        "leak_aortic",
        {
            "mild": (0.07, {}),
            "moderate": (0.2, {"k_left_ventricle": 0.85, "blood_volume": 1.02}),
            "severe": (0.35, {"k_left_ventricle": 0.7, "Emin_left_ventricle": 0.8, "blood_volume": 1.06}),
        },
    ),
    *_graded(
        "mitral_regurgitation",
        "Mitral regurgitation",
        _REGURGITATION,
        "leak_mitral",
        {
            "mild": (0.1, {}),
            "moderate": (0.3, {"k_left_ventricle": 0.85, "blood_volume": 1.03}),
            "severe": (0.5, {"k_left_ventricle": 0.7, "Emin_left_ventricle": 0.8, "blood_volume": 1.08}),
        },
    ),
    Pathology(
        "atrial_septal_defect",
        "Atrial septal defect",
        _SHUNT,
        times={"blood_volume": 1.06, "Emin_right_ventricle": 0.7, "k_right_ventricle": 0.7},
        ways=(_hole("atrial_septum", "left_atrium", "right_atrium", 3.0),),
    ),
    Pathology(
        "ventricular_septal_defect",
        "Ventricular septal defect",
        _SHUNT,
        times={"blood_volume": 1.06},
        ways=(_hole("ventricular_septum", "left_ventricle", "right_ventricle", 0.35),),
    ),
)
PATHOLOGIES: dict[str, Pathology] = {one.name: one for one in _ALL}


def pathology(name: str) -> Pathology:
    """The disease of this name; raises `UnknownNameError`."""
    if name not in PATHOLOGIES:
        raise UnknownNameError("the circulation has no such disease", got=name, allowed=", ".join(PATHOLOGIES))
    return PATHOLOGIES[name]
