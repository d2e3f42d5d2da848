"""Columns of the diabetes-130 table: what they are called, which are social, how diagnoses are grouped."""

from __future__ import annotations

from vitruvian.learn import Feature

GONE = ("11", "13", "14", "19", "20", "21")
"""Discharge dispositions that are deaths or hospice (IDs_mapping.csv)."""
NUMBERS = {
    "time_in_hospital": Feature("time_in_hospital", "Days in hospital", "d", low=1, high=14),
    "num_lab_procedures": Feature("num_lab_procedures", "Laboratory tests", "1", low=0),
    "num_procedures": Feature("num_procedures", "Procedures", "1", low=0),
    "num_medications": Feature("num_medications", "Drugs", "1", low=0),
    "number_outpatient": Feature("number_outpatient", "Outpatient visits in the year before", "1", low=0),
    "number_emergency": Feature("number_emergency", "Emergency visits in the year before", "1", low=0),
    "number_inpatient": Feature("number_inpatient", "Inpatient visits in the year before", "1", low=0),
    "number_diagnoses": Feature("number_diagnoses", "Diagnoses", "1", low=0),
}
CATEGORIES = {
    "race": ("Race as the source has it", "social"),
    "gender": ("Sex", "social"),
    "payer_code": ("Payer", "social"),
    "admission_type_id": ("Kind of admission", ""),
    "admission_source_id": ("Admitted from", "social"),
    "discharge_disposition_id": ("Discharged to", "social"),
    "medical_specialty": ("Specialty of the admitting physician", ""),
    "weight": ("Weight (lb, band)", ""),
    "change": ("Diabetes drugs changed", ""),
    "diabetesMed": ("Any diabetes drug", ""),
}
MEASURED = {
    "max_glu_serum": ("Glucose, class", "None says that it was not measured"),
    "A1Cresult": ("HbA1c, class", "None says that it was not measured"),
}
"""Here the text None is a category: not measured."""
DRUGS = {
    name: (name.capitalize(), "")
    for name in (
        "metformin", "repaglinide", "nateglinide", "chlorpropamide", "glimepiride", "acetohexamide", "glipizide",
        "glyburide", "tolbutamide", "pioglitazone", "rosiglitazone", "acarbose", "miglitol", "troglitazone",
        "tolazamide", "insulin", "glyburide-metformin", "glipizide-metformin", "glimepiride-pioglitazone",
        "metformin-rosiglitazone", "metformin-pioglitazone",
    )
}  # fmt: skip
"""Without examide and citoglipton, which nobody has."""
ANY_OF = {
    "heart_failure": "428|398\\.91|402\\.[019]1",
    "coronary_disease": "41[0-4]",
    "kidney_disease": "58[0-9]|403",
    "lung_disease": "49[0-6]",
    "stroke": "43[0-8]",
    "cancer": "1[4-9]\\d|20\\d|23[0-9]",
    "liver_disease": "57[0-3]",
    "arrhythmia": "427",
    "mental_health": "29\\d|30\\d|31\\d",
    "infection": "038|99[5-9]|48[0-7]|599",
    "anaemia": "28[0-5]",
}
"""Starts of ICD-9 codes, as regular expressions."""
_CHAPTERS = (
    (390, 459, "circulatory"), (785, 785, "circulatory"), (460, 519, "respiratory"), (786, 786, "respiratory"),
    (520, 579, "digestive"), (787, 787, "digestive"), (580, 629, "genitourinary"), (788, 788, "genitourinary"),
    (710, 739, "musculoskeletal"), (140, 239, "neoplasms"), (800, 999, "injury"), (1, 139, "infection"),
    (240, 279, "endocrine"), (280, 289, "blood"), (290, 319, "mental"), (320, 389, "nervous"),
    (630, 679, "pregnancy"), (680, 709, "skin"), (740, 799, "symptoms"),
)  # fmt: skip


def diagnosis_group(code: str) -> str:
    """The group of an ICD-9 code, after Strack et al., table 2, with their "other" divided by chapter."""
    if code.startswith("250"):
        return "diabetes"
    if code[0] in "EV":
        return "external" if code[0] == "E" else "supplementary"
    number = int(code.split(".")[0])
    return next((name for low, high, name in _CHAPTERS if low <= number <= high), "other")
