"""What may be measured of a heart: its unit, codes, what is possible, and how exactly it is usually measured."""

from __future__ import annotations

from dataclasses import dataclass

ISO_CUFF = "ISO 81060-2:2018 allows a cuff 5 ± 8 mmHg; repeats in one sitting agree within 5"


@dataclass(frozen=True)
class Measure:
    """One quantity: possible from `low` to `high`; `error` is the usual SD (a share of it where `relative`)."""

    name: str
    title: str
    unit: str
    low: float
    high: float
    error: float = 0.0
    relative: bool = False
    codes: tuple[str, ...] = ()
    """LOINC, those of echocardiography reports (DICOM TID 5200) included."""
    source: str = ""


MEASURES = (
    Measure("heart_rate", "heart rate", "/min", 30, 220, codes=("8867-4", "8889-8", "76282-3")),
    Measure("systolic", "systolic pressure", "mm[Hg]", 50, 280, 6.0, codes=("8480-6", "8459-0"), source=ISO_CUFF),
    Measure("diastolic", "diastolic pressure", "mm[Hg]", 20, 180, 5.0, codes=("8462-4", "8453-3"), source=ISO_CUFF),
    Measure("mean_arterial", "mean arterial pressure", "mm[Hg]", 30, 220, 5.0, codes=("8478-0",), source=ISO_CUFF),
    Measure(
        "edv", "end-diastolic volume of the left ventricle", "mL", 25, 500, 0.12, True,
        codes=("8821-1", "18026-5", "79995-7", "79996-5"),
        source="repeated biplane echocardiography, 10–15 %: Thavendiranathan P et al. J Am Coll Cardiol 2013;61:77",
    ),
    Measure(
        "esv", "end-systolic volume of the left ventricle", "mL", 5, 450, 0.15, True,
        codes=("8823-7", "18148-7", "80000-3", "80001-1"),
        source="repeated biplane echocardiography, 15 %: Thavendiranathan P et al. J Am Coll Cardiol 2013;61:77",
    ),
    Measure(
        "ejection_fraction", "ejection fraction", "1", 0.05, 0.9, 0.05,
        codes=("10230-1", "18043-0", "79990-8", "79991-6", "8806-2"),
        source="repeated biplane echocardiography, 5 points: Thavendiranathan P et al. J Am Coll Cardiol 2013;61:77",
    ),
    Measure("lvot_vti", "velocity–time integral of the outflow tract", "cm", 4, 50, codes=("80030-0",)),
    Measure("lvot_diameter", "diameter of the outflow tract", "cm", 1.2, 3.2, codes=("80028-4",)),
    Measure(
        "stroke_volume", "stroke volume", "mL", 10, 250, 0.12, True, codes=("80035-9",),
        source="Doppler against thermodilution, 10–15 %: Lewis JF et al. Circulation 1984;70:425",
    ),
    Measure("e_wave", "early mitral inflow velocity E", "cm/s", 15, 250, codes=("80070-6", "18037-2", "59080-2")),
    Measure("a_wave", "atrial mitral inflow velocity A", "cm/s", 10, 250, codes=("80066-4", "17978-8", "59081-0")),
    Measure(
        "e_to_a", "E/A", "1", 0.2, 5.0, 0.10, True, codes=("18038-0", "59104-0"),
        source="repeated Doppler, 10 %: Nagueh SF et al. J Am Soc Echocardiogr 2016;29:277",
    ),
    Measure(
        "e_to_e_prime", "E/e′", "1", 2, 40, 3.0, codes=("59111-5",),
        source="left atrial pressure = 1.9 + 1.24 E/e′ ± 4 mmHg: Nagueh SF et al. J Am Coll Cardiol 1997;30:1527",
    ),
    Measure(
        "pulmonary_systolic", "systolic pulmonary pressure", "mm[Hg]", 8, 140, 8.0, codes=("8440-0",),
        source="Doppler against catheter, 8–10 mmHg: Fisher MR et al. Am J Respir Crit Care Med 2009;179:615",
    ),
    Measure(
        "central_venous", "central venous pressure", "mm[Hg]", -5, 40, 2.0, codes=("60985-9", "8591-0"),
        source="zero level and breathing, 2 mmHg (assumed)",
    ),
    Measure(
        "ejection_time", "ejection time of the left ventricle", "ms", 120, 500, 15.0, codes=("18041-4", "20222-6"),
        source="repeated Doppler, 10–15 ms (assumed)",
    ),
    Measure("pr_interval", "PR interval", "ms", 80, 400, codes=("8625-6",)),
    Measure("qrs_duration", "QRS duration", "ms", 50, 260, codes=("8633-0",)),
    Measure(
        "qt_interval", "QT interval", "ms", 200, 700, 10.0, codes=("8634-8",),
        source="electromechanical systole follows QT within 30 ms: Weissler AM et al. Circulation 1968;37:149",
    ),
    Measure("aortic_valve_area", "aortic valve area", "cm2", 0.3, 6, codes=("79958-5", "79956-9")),
    Measure("mitral_valve_area", "mitral valve area", "cm2", 0.4, 8, codes=("80069-8", "80068-0", "80067-2")),
    Measure("aortic_leak", "regurgitant orifice of the aortic valve", "cm2", 0, 1, codes=("79960-1",)),
    Measure("mitral_leak", "regurgitant orifice of the mitral valve", "cm2", 0, 1.5, codes=("80071-4",)),
    Measure("age", "age", "a", 18, 110),
    Measure("height", "height", "cm", 120, 230),
    Measure("weight", "weight", "kg", 30, 300),
)  # fmt: skip
BY_NAME = {one.name: one for one in MEASURES}
BY_CODE = {code: one for one in MEASURES for code in one.codes}
