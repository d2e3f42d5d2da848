"""Made-up notes with every mention that a reader finds in them: what, and how it is meant. Nobody is described here.

The first four were written beside the rules, the others afterwards and not looked at while the rules were changed.
"""

from __future__ import annotations

from typing import NamedTuple


class Note(NamedTuple):
    """A text, and (words, kind, meant) of each mention in it."""

    text: str
    mentions: tuple[tuple[str, str, str], ...]


SEEN = (
    Note(
        """Date: 2025-03-01
Chief complaint: shortness of breath.
HPI: 74-year-old man with atrial fibrillation and hypertension. He denies chest pain, cough, or fever.
No evidence of pneumonia on the film. Possible pulmonary embolism, CT ordered.
Past medical history: stroke, type 2 diabetes mellitus.
Family history: myocardial infarction in his father.
Medications: warfarin 5 mg po daily, digoxin 0.125 mg daily, metformin 500 mg twice daily.
Allergies: penicillin, vancomycin.
Vitals: BP 142/88, HR 96, RR 18, SpO2 94%, T 37.2 C, weight 81.5 kg.
Plan: stop if bleeding. Goal BP <130/80.
""",
        (
            ("shortness of breath", "problem", "present"),
            ("atrial fibrillation", "problem", "present"),
            ("hypertension", "problem", "present"),
            ("chest pain", "problem", "absent"),
            ("cough", "problem", "absent"),
            ("fever", "problem", "absent"),
            ("pneumonia", "problem", "absent"),
            ("pulmonary embolism", "problem", "uncertain"),
            ("stroke", "problem", "historical"),
            ("type 2 diabetes mellitus", "problem", "historical"),
            ("myocardial infarction", "problem", "family"),
            ("warfarin 5 mg", "medication", "present"),
            ("digoxin 0.125 mg", "medication", "present"),
            ("metformin 500 mg", "medication", "present"),
            ("vancomycin", "medication", "allergy"),
            ("BP 142", "vital", "present"),
            ("88", "vital", "present"),
            ("HR 96", "vital", "present"),
            ("RR 18", "vital", "present"),
            ("SpO2 94%", "vital", "present"),
            ("T 37.2 C", "vital", "present"),
            ("weight 81.5 kg", "vital", "present"),
            ("bleeding", "problem", "hypothetical"),
            ("BP <130", "vital", "hypothetical"),
            ("80", "vital", "hypothetical"),
        ),
    ),
    Note(
        """Ward round. Fever has resolved. Pneumonia was ruled out. Continues on vancomycin 1000 mg IV every 12 hours
for sepsis. Acute kidney injury cannot be excluded. Temp 100.4 F, pulse 110, blood pressure of 98/54.
No history of asthma but has COPD. Gram negative rods; not only anemia but also CKD.
""",
        (
            ("Fever", "problem", "absent"),
            ("Pneumonia", "problem", "absent"),
            ("vancomycin 1000 mg", "medication", "present"),
            ("sepsis", "problem", "present"),
            ("Acute kidney injury", "problem", "uncertain"),
            ("Temp 100.4 F", "vital", "present"),
            ("pulse 110", "vital", "present"),
            ("blood pressure of 98", "vital", "present"),
            ("54", "vital", "present"),
            ("asthma", "problem", "absent"),
            ("COPD", "problem", "present"),
            ("anemia", "problem", "present"),
            ("CKD", "problem", "present"),
        ),
    ),
    Note(
        """Clinic letter. Her mother had a stroke. History of deep vein thrombosis in 2012, now on apixaban 5 mg bid.
Warfarin was discontinued. She does not have diabetes. Screening for depression was negative.
Weight: 150 lb, height 165 cm, O2 sats 98% on room air.
""",
        (
            ("stroke", "problem", "family"),
            ("deep vein thrombosis", "problem", "historical"),
            ("apixaban 5 mg", "medication", "present"),
            ("Warfarin", "medication", "absent"),
            ("diabetes", "problem", "absent"),
            ("depression", "problem", "absent"),
            ("Weight: 150 lb", "vital", "present"),
            ("height 165 cm", "vital", "present"),
            ("O2 sats 98%", "vital", "present"),
        ),
    ),
    Note(
        """Return if fever, chest pain or shortness of breath develop. Heparin for DVT prophylaxis.
?pneumonia. Suspected gout. Known epilepsy on phenytoin 300 mg at night.
""",
        (
            ("fever", "problem", "hypothetical"),
            ("chest pain", "problem", "hypothetical"),
            ("shortness of breath", "problem", "hypothetical"),
            ("Heparin", "medication", "present"),
            ("DVT", "problem", "hypothetical"),
            ("pneumonia", "problem", "uncertain"),
            ("gout", "problem", "uncertain"),
            ("epilepsy", "problem", "present"),
            ("phenytoin 300 mg", "medication", "present"),
        ),
    ),
)

UNSEEN = (
    Note(
        """DISCHARGE SUMMARY
Admitted with decompensated heart failure on a background of ischaemic cardiomyopathy and T2DM.
On arrival he was breathless at rest with a respiratory rate of 28 and saturations of 88% on air.
Troponin was not raised, making NSTEMI unlikely. There were no features of sepsis and no fever was recorded.
He was treated with furosemide 80 mg IV twice daily and his bisoprolol was held.
He has never smoked. His brother died of a heart attack at 52.
He went home on furosemide 40 mg once daily, ramipril 2.5 mg daily and atorvastatin 80 mg nightly.
""",
        (
            ("heart failure", "problem", "present"),
            ("T2DM", "problem", "present"),
            ("breathless", "problem", "present"),
            ("respiratory rate of 28", "vital", "present"),
            ("saturations of 88%", "vital", "present"),
            ("NSTEMI", "problem", "absent"),
            ("sepsis", "problem", "absent"),
            ("fever", "problem", "absent"),
            ("furosemide 80 mg", "medication", "present"),
            ("bisoprolol", "medication", "absent"),
            ("heart attack", "problem", "family"),
            ("furosemide 40 mg", "medication", "present"),
            ("ramipril 2.5 mg", "medication", "present"),
            ("atorvastatin 80 mg", "medication", "present"),
        ),
    ),
    Note(
        """Transplant clinic. Kidney transplant 2019 for IgA nephropathy. Feels well, no diarrhoea, no tremor.
Tacrolimus trough 6.1 last week on 2 mg bd; takes mycophenolate 500 mg bd and prednisolone 5 mg.
Started fluconazole 200 mg once daily yesterday for candida. BP today 136/79 mmHg, pulse 72 regular, wt 64.2 kg.
Hypertension is well controlled. Denies UTI symptoms. Skin: no evidence of malignancy.
""",
        (
            ("Tacrolimus", "medication", "present"),
            ("mycophenolate 500 mg", "medication", "present"),
            ("prednisolone 5 mg", "medication", "present"),
            ("fluconazole 200 mg", "medication", "present"),
            ("BP today 136", "vital", "present"),
            ("79", "vital", "present"),
            ("pulse 72", "vital", "present"),
            ("wt 64.2 kg", "vital", "present"),
            ("Hypertension", "problem", "present"),
            ("UTI", "problem", "absent"),
            ("malignancy", "problem", "absent"),
        ),
    ),
    Note(
        """Emergency department. 58F, PMH AF (not anticoagulated, declined), hypothyroidism, previous PE 2015.
Presents with sudden left arm weakness. Blood pressure 188/104, heart rate 112 irregular, temperature 36.9°C.
Impression: acute ischaemic stroke. CT head: no haemorrhage. Glucose normal, hypoglycaemia excluded.
Not a candidate for alteplase. Given aspirin 300 mg. Sister has epilepsy. Consider apixaban after day 7.
""",
        (
            ("AF", "problem", "present"),
            ("hypothyroidism", "problem", "present"),
            ("PE", "problem", "historical"),
            ("Blood pressure 188", "vital", "present"),
            ("104", "vital", "present"),
            ("heart rate 112", "vital", "present"),
            ("temperature 36.9°C", "vital", "present"),
            ("stroke", "problem", "present"),
            ("haemorrhage", "problem", "absent"),
            ("hypoglycaemia", "problem", "absent"),
            ("aspirin 300 mg", "medication", "present"),
            ("epilepsy", "problem", "family"),
            ("apixaban", "medication", "hypothetical"),
        ),
    ),
    Note(
        """Progress note
S: Patient reports less cough, no longer febrile. Still some nausea. No chest discomfort.
O: T 98.2 F, BP 118/70, HR 84, RR 16, O2 sat 96% RA.
A/P: 1. Community-acquired pneumonia, improving. Change ceftriaxone to amoxicillin 1 g tid.
2. CKD stage 3, stable. Avoid gentamicin. 3. Anaemia - likely chronic disease. 4. Rule out PE: D-dimer negative.
""",
        (
            ("cough", "problem", "present"),
            ("febrile", "problem", "absent"),
            ("nausea", "problem", "present"),
            ("chest discomfort", "problem", "absent"),
            ("T 98.2 F", "vital", "present"),
            ("BP 118", "vital", "present"),
            ("70", "vital", "present"),
            ("HR 84", "vital", "present"),
            ("RR 16", "vital", "present"),
            ("O2 sat 96%", "vital", "present"),
            ("pneumonia", "problem", "present"),
            ("amoxicillin 1 g", "medication", "present"),
            ("CKD", "problem", "present"),
            ("gentamicin", "medication", "hypothetical"),
            ("Anaemia", "problem", "present"),
            ("PE", "problem", "uncertain"),
        ),
    ),
)
