"""What a person of an age, sex and size usually has: the closed loop of an adult, scaled."""

from __future__ import annotations

from vitruvian.physiology.circulation import CLOSED_LOOP

SURFACE = 1.8
"""Body surface of the adult whom the published parameters describe, m²."""
_AGE = 40.0


def surface(height: float, weight: float) -> float:
    """Body surface, m², of a person of `height` cm and `weight` kg (Mosteller RD. N Engl J Med 1987;317:1098)."""
    return float((height * weight / 3600.0) ** 0.5)


def usual(
    *, age: float | None = None, female: bool | None = None, height: float | None = None, weight: float | None = None
) -> dict[str, float]:
    """Parameters of the closed loop for a person; what is not known is taken as in the adult of the published ones.

    Size: flows and volumes grow with body surface at the same pressures. Sex: ventricles of women are smaller by a
    tenth at equal surface (Lang RM et al. J Am Soc Echocardiogr 2015;28:1). Age: a decade lowers arterial compliance
    by 8 %, stiffens the ventricle and strengthens the left atrium by 6 % (Segers P et al. Hypertension 2007;49:1248;
    Redfield MM et al. Circulation 2005;112:2254), and raises resistance by 4 % (Lakatta EG. Physiol Rev 1993;73:413).
    """
    p = dict(CLOSED_LOOP.typical)
    size = surface(height, weight) / SURFACE if height and weight else 1.0
    for name in p:
        if name.startswith(("C_", "V0_", "A_")):
            p[name] *= size
        elif name.startswith(("R_", "L_", "Emax_", "Emin_", "k_")):
            p[name] /= size
    p["stressed"] = CLOSED_LOOP.typical["blood_volume"] * size - sum(v for n, v in p.items() if n.startswith("V0_"))
    p.pop("blood_volume")
    decades = ((_AGE if age is None else min(max(age, 20.0), 90.0)) - _AGE) / 10.0
    for name, factor in (("C_aorta", 0.92), ("C_systemic_arteries", 0.92), ("R_systemic", 1.04)):
        p[name] *= factor**decades
    for name in ("Emin_left_ventricle", "Emax_left_atrium"):
        p[name] *= 1.06**decades
    ventricle = {True: 0.93, False: 1.03, None: 1.0}[female]
    p["V0_left_ventricle"] *= ventricle
    for name in ("k_left_ventricle", "Emin_left_ventricle", "Emax_left_ventricle"):
        p[name] /= ventricle
    return p
