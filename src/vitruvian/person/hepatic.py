"""Liver function: the Child-Pugh score and class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vitruvian.core import UnitError, UnknownNameError
from vitruvian.person._range import within

Ascites = Literal["none", "mild", "severe"]
BILIRUBIN_UMOL_L_PER_MG_DL = 17.104  # molar mass 584.66 g/mol


@dataclass(frozen=True)
class ChildPugh:
    """Score 5 to 15, class A (5-6), B (7-9) or C (10-15), and the points each finding gave."""

    score: int
    grade: str
    points: dict[str, int]


def child_pugh(
    *,
    bilirubin: float,
    bilirubin_unit: str,
    albumin: float,
    albumin_unit: str,
    inr: float,
    ascites: Ascites,
    encephalopathy_grade: int,
    cholestatic: bool = False,
) -> ChildPugh:
    """Child-Pugh score and class.

    | | 1 | 2 | 3 |
    |---|---|---|---|
    | bilirubin, mg/dL (cholestatic disease) | < 2 (< 4) | 2-3 (4-10) | > 3 (> 10) |
    | albumin, g/dL | > 3.5 | 2.8-3.5 | < 2.8 |
    | INR | < 1.7 | 1.7-2.3 | > 2.3 |
    | ascites | none | mild | severe |
    | encephalopathy, grade | 0 | 1-2 | 3-4 |

    Source: Pugh 1973, doi:10.1002/bjs.1800600817, whose prothrombin times are replaced by INR as in the FDA guidance
    on hepatic impairment (2003). Anticoagulants raise the INR without liver disease: the caller must know.
    Raises: UnitError, UnknownNameError, DataError.
    """
    bili = _bilirubin(bilirubin, bilirubin_unit)
    alb = _albumin(albumin, albumin_unit)
    ratio = within("INR", inr, "", 0.5, 20.0, "Give the international normalised ratio.")
    low, high = (4.0, 10.0) if cholestatic else (2.0, 3.0)
    points = {
        "bilirubin": 1 if bili < low else 2 if bili <= high else 3,
        "albumin": 1 if alb > 3.5 else 2 if alb >= 2.8 else 3,
        "inr": 1 if ratio < 1.7 else 2 if ratio <= 2.3 else 3,
        "ascites": _ascites(ascites),
        "encephalopathy": _encephalopathy(encephalopathy_grade),
    }
    score = sum(points.values())
    return ChildPugh(score, "A" if score <= 6 else "B" if score <= 9 else "C", points)


def _bilirubin(value: float, unit: str) -> float:
    key = unit.strip().replace("µ", "u").replace("μ", "u").casefold()
    if key not in ("mg/dl", "umol/l"):
        raise UnitError("unknown unit of bilirubin", got=unit or "no unit", allowed="mg/dL, umol/L")
    scaled = float(value) / (BILIRUBIN_UMOL_L_PER_MG_DL if key == "umol/l" else 1.0)
    return within("bilirubin", scaled, "mg/dL", 0.05, 80.0, "Check the unit: 1 mg/dL = 17.1 umol/L.")


def _albumin(value: float, unit: str) -> float:
    key = unit.strip().casefold()
    if key not in ("g/dl", "g/l"):
        raise UnitError("unknown unit of albumin", got=unit or "no unit", allowed="g/dL, g/L")
    return within("albumin", float(value) / (10.0 if key == "g/l" else 1.0), "g/dL", 0.5, 8.0, "Check the unit.")


def _ascites(value: str) -> int:
    points = {"none": 1, "mild": 2, "severe": 3}
    if value not in points:
        raise UnknownNameError("unknown degree of ascites", got=value, allowed=", ".join(points))
    return points[value]


def _encephalopathy(grade: int) -> int:
    level = within("encephalopathy grade", grade, "(West Haven)", 0, 4, "Give a whole grade from 0 to 4.")
    return 1 if level == 0 else 2 if level <= 2 else 3
