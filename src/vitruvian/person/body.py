"""Body size: surface area, ideal, adjusted and fat-free weight, body-mass index.

Weights in kg, heights in cm, areas in m², ages in years. Every function refuses a value that no person has
(`DataError`), and a pair of weight and height that no person has (a height in metres, a weight in grams).
"""

from __future__ import annotations

from typing import Literal

from vitruvian.core import DataError, UnknownNameError
from vitruvian.person._range import adult, within

SurfaceFormula = Literal["du_bois", "mosteller"]
WeightKind = Literal["actual", "ideal", "adjusted", "fat_free", "by_size"]

_INCH_CM = 2.54


def _weight(weight_kg: float) -> float:
    return within("weight", weight_kg, "kg", 0.3, 450.0, "Give the weight in kg (1 lb = 0.4536 kg).")


def _height(height_cm: float) -> float:
    return within("height", height_cm, "cm", 20.0, 250.0, "Give the height in cm (1 in = 2.54 cm).")


def body_mass_index(weight_kg: float, height_cm: float) -> float:
    """Body-mass index, kg/m².

    Raises: DataError where the pair is impossible (below 5 or above 130 kg/m²).
    Source: Quetelet; WHO TRS 894 (2000).
    """
    weight, height = _weight(weight_kg), _height(height_cm)
    index = weight / (height / 100.0) ** 2
    if not 5.0 <= index <= 130.0:
        raise DataError(
            "weight and height do not belong to one person",
            got=f"{weight:g} kg and {height:g} cm (body-mass index {index:.3g} kg/m²)",
            allowed="5 to 130 kg/m²",
            todo="Check the units of both.",
        )
    return index


def body_surface_area(weight_kg: float, height_cm: float, formula: SurfaceFormula = "du_bois") -> float:
    """Body surface area, m².

    du_bois: 0.007184 W^0.425 H^0.725 (Du Bois 1916, doi:10.1001/archinte.1916.00080130010002);
    mosteller: √(W H / 3600) (Mosteller 1987, doi:10.1056/NEJM198710223171717).
    """
    body_mass_index(weight_kg, height_cm)
    if formula == "du_bois":
        return 0.007184 * float(weight_kg) ** 0.425 * float(height_cm) ** 0.725
    if formula == "mosteller":
        return (float(weight_kg) * float(height_cm) / 3600.0) ** 0.5
    raise UnknownNameError("unknown surface-area formula", got=formula, allowed="du_bois, mosteller")


def ideal_body_weight(height_cm: float, *, female: bool, age_y: float = 40.0) -> float:
    """Ideal body weight of an adult, kg: 50 (men) or 45.5 (women) + 2.3 per inch above 60 inches.

    The line is continued below 60 inches down to 130 cm. Source: Devine 1974 (Drug Intell Clin Pharm 8:650).
    Raises: DataError for a child, or a height below 130 cm.
    """
    adult("the Devine ideal weight", age_y, 18.0, "Use the actual weight of a child.")
    height = within("adult height", height_cm, "cm", 130.0, 250.0, "Use the actual weight of a very short adult.")
    return (45.5 if female else 50.0) + 2.3 * (height / _INCH_CM - 60.0)


def adjusted_body_weight(
    weight_kg: float, height_cm: float, *, female: bool, factor: float = 0.4, age_y: float = 40.0
) -> float:
    """Ideal weight plus `factor` of the excess over it, kg (0.4 by custom; Bauer 1983, Eur J Clin Pharmacol 24:643).

    A person lighter than the ideal keeps the actual weight.
    """
    weight = _weight(weight_kg)
    share = within("adjustment factor", factor, "(fraction)", 0.0, 1.0, "0.4 is the custom.")
    ideal = ideal_body_weight(height_cm, female=female, age_y=age_y)
    return weight if weight <= ideal else ideal + share * (weight - ideal)


def fat_free_mass(weight_kg: float, height_cm: float, *, female: bool, age_y: float = 40.0) -> float:
    """Fat-free mass, kg.

    Adults: 9270 W / (6680 + 216 BMI) for men, 9270 W / (8780 + 244 BMI) for women
    (Janmahasatian 2005, doi:10.2165/00003088-200544100-00004). From 3 to 18 years that value is multiplied by
    Al-Sallami's maturation: 0.88 + 0.12/(1 + (age/13.4)^-12.7) for boys, 1.11 - 0.11/(1 + (age/7.1)^-1.1) for
    girls (Al-Sallami 2015, doi:10.1007/s40262-015-0277-z).

    Raises: DataError below 3 years, where neither was built.
    """
    index = body_mass_index(weight_kg, height_cm)
    age = adult("fat-free mass", age_y, 3.0, "Scale by weight and maturation instead.")
    weight = float(weight_kg)
    mass = 9270.0 * weight / ((8780.0 + 244.0 * index) if female else (6680.0 + 216.0 * index))
    if age >= 18.0:
        return mass
    if female:
        return mass * (1.11 - 0.11 / (1.0 + (age / 7.1) ** -1.1))
    return mass * (0.88 + 0.12 / (1.0 + (age / 13.4) ** -12.7))


def dosing_weight(
    kind: WeightKind, weight_kg: float, height_cm: float, *, female: bool, age_y: float = 40.0
) -> tuple[float, str]:
    """Weight of the named kind (kg) and the kind used.

    "by_size": actual if lighter than the ideal, ideal up to a body-mass index of 25, adjusted (0.4) above
    (Winter 2012, doi:10.1002/j.1875-9114.2012.01098.x).
    """
    weight, index = _weight(weight_kg), body_mass_index(weight_kg, height_cm)
    if kind == "actual":
        return weight, kind
    if kind == "fat_free":
        return fat_free_mass(weight, height_cm, female=female, age_y=age_y), kind
    if kind not in ("ideal", "adjusted", "by_size"):
        raise UnknownNameError("unknown weight", got=kind, allowed="actual, ideal, adjusted, fat_free, by_size")
    ideal = ideal_body_weight(height_cm, female=female, age_y=age_y)
    if kind == "ideal":
        return ideal, kind
    if kind == "adjusted" or index >= 25.0:
        return adjusted_body_weight(weight, height_cm, female=female, age_y=age_y), "adjusted"
    return (weight, "actual") if weight < ideal else (ideal, "ideal")
