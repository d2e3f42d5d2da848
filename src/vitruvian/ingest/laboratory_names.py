"""How laboratories call columns, analytes and units (English, German, French, Spanish), for proposing a mapping."""

from __future__ import annotations

from collections.abc import Mapping

from vitruvian.ingest.delimited import plain

_ROLES = {
    "subject": """patient id, patient_id, patientid, patient, patient number, patient no, pat nr, pat id,
        patientennummer, patienten id, pid, mrn, medical record number, subject, subject id, participant, case,
        id, numero paciente""",
    "date": """date, datetime, date time, collected, collection date, collection datetime, collected at, sample date,
        specimen date, drawn, draw date, date of collection, observation date, test date, result date, timestamp, datum,
        entnahme, entnahmedatum, abnahme, abnahmedatum, probendatum, fecha, date de prelevement, prelevement""",
    "time": "time, collection time, sample time, draw time, uhrzeit, zeit, entnahmezeit, abnahmezeit, heure, hora",
    "analyte": """test, test name, analyte, parameter, component, examination, untersuchung, analyse, messgröße,
        bezeichnung, lab test, observation, item, name, analysis, prueba, examen""",
    "code": "loinc, loinc code, code, loinc_code",
    "value": """value, result, result value, numeric result, measurement, wert, ergebnis, messwert, resultat, valor,
        resultado, valeur""",
    "unit": "unit, units, uom, einheit, unidad, unidades, unité, unités, result unit",
    "reference": """reference, reference range, ref range, ref, range, normal range, normal, referenz, referenzbereich,
        normbereich, normwert, valeurs de référence, rango de referencia""",
    "interpretation": "flag, flags, abnormal, abnormal flag, interpretation, bewertung, markierung, h/l",
}
ROLES: Mapping[str, str] = {plain(word.strip()): role for role, words in _ROLES.items() for word in words.split(",")}

_ANALYTES = {
    "creatinine": "creatinine, creatinin, kreatinin, krea, crea, creat, cr, serum creatinine, créatinine, creatinina",
    "egfr_indexed": "egfr, gfr, ckd epi, egfr ckd epi, mdrd",
    "urea_nitrogen": "bun, urea nitrogen, blood urea nitrogen",
    "glucose": "glucose, glukose, blood glucose, blutzucker, bz, gluc, glu, glycemia, glycémie, glucosa",
    "glucose_fasting": "fasting glucose, nüchternglukose, nüchternblutzucker",
    "hba1c": "hba1c, a1c, hb a1c, haemoglobin a1c, hemoglobin a1c, glycated haemoglobin",
    "haemoglobin": "haemoglobin, hemoglobin, hb, hgb, hämoglobin, hémoglobine, hemoglobina",
    "haematocrit": "haematocrit, hematocrit, hct, hämatokrit, hkt, hématocrite",
    "erythrocytes": "erythrocytes, rbc, red blood cells, erythrozyten, ery",
    "leukocytes": "leukocytes, leucocytes, wbc, white blood cells, leukozyten, leuko",
    "platelets": "platelets, plt, thrombocytes, thrombozyten, thrombo, plaquettes, plaquetas",
    "neutrophils": "neutrophils, neutrophile, neut", "lymphocytes": "lymphocytes, lymphozyten, lymph",
    "monocytes": "monocytes, monozyten, mono", "mcv": "mcv", "mch": "mch", "mchc": "mchc",
    "sodium": "sodium, na, na+, natrium", "potassium": "potassium, k, k+, kalium",
    "chloride": "chloride, cl, chlorid", "bicarbonate": "bicarbonate, hco3, co2, bikarbonat",
    "calcium": "calcium, ca, kalzium, total calcium",
    "magnesium": "magnesium, mg2+", "phosphate": "phosphate, phosphat",
    "albumin": "albumin, alb", "protein_total": "total protein, protein, gesamteiweiß, gesamtprotein",
    "bilirubin": "bilirubin, total bilirubin, bili, bilirubin gesamt, gesamtbilirubin",
    "alt": "alt, alat, gpt, sgpt, alt gpt, alanine aminotransferase", "ast": "ast, asat, got, sgot, ast got",
    "alp": "alp, ap, alkaline phosphatase, alkalische phosphatase", "ggt": "ggt, gamma gt, γ gt, ggtp",
    "ldh": "ldh, lactate dehydrogenase", "creatine_kinase": "ck, cpk, creatine kinase",
    "c_reactive_protein": "crp, c reactive protein, c-reaktives protein", "procalcitonin": "procalcitonin, pct",
    "ferritin": "ferritin", "iron": "iron, eisen", "lactate": "lactate, laktat", "uric_acid": "uric acid, harnsäure",
    "cholesterol_total": "cholesterol, total cholesterol, chol, cholesterin, gesamtcholesterin",
    "cholesterol_hdl": "hdl, hdl c, hdl cholesterol, hdl cholesterin",
    "cholesterol_ldl": "ldl, ldl c, ldl cholesterol, ldl cholesterin",
    "triglycerides": "triglycerides, triglyceride, tg, trig",
    "tsh": "tsh, thyrotropin", "free_thyroxine": "ft4, free t4, free thyroxine",
    "inr": "inr, pt inr", "aptt": "aptt, ptt", "prothrombin_time": "pt, prothrombin time",
    "fibrinogen": "fibrinogen", "d_dimer": "d dimer, ddimer", "psa": "psa",
    "troponin_t_hs": "hs troponin t, troponin t hs, hs tnt", "troponin_i_hs": "hs troponin i, troponin i hs",
    "nt_probnp": "nt probnp, ntprobnp", "bnp": "bnp", "cystatin_c": "cystatin c",
    "vancomycin_level": "vancomycin", "gentamicin_level": "gentamicin", "tobramycin_level": "tobramycin",
    "amikacin_level": "amikacin", "tacrolimus_level": "tacrolimus, fk506",
    "ciclosporin_level": "ciclosporin, cyclosporine",
    "sirolimus_level": "sirolimus", "everolimus_level": "everolimus", "phenytoin_level": "phenytoin",
    "valproate_level": "valproate, valproic acid", "carbamazepine_level": "carbamazepine", "digoxin_level": "digoxin",
    "voriconazole_level": "voriconazole",
}  # fmt: skip
ANALYTES: Mapping[str, str] = {
    plain(word.strip()): name for name, words in _ANALYTES.items() for word in words.split(",")
}

# spellings of units that are not UCUM and that `core.ucum` leaves as they are
UNITS: Mapping[str, str] = {
    "Mio/µl": "10*6/uL", "Mio/ul": "10*6/uL", "Mill/µl": "10*6/uL", "Tsd/µl": "10*3/uL", "Tsd./µl": "10*3/uL",
    "/nl": "10*9/L", "/pl": "10*12/L", "G/l": "10*9/L", "Gpt/l": "10*9/L", "T/l": "10*12/L", "Tpt/l": "10*12/L",
    "x10E9/L": "10*9/L", "x10^9/L": "10*9/L", "x10E12/L": "10*12/L", "x10^12/L": "10*12/L", "10E9/L": "10*9/L",
    "mval/l": "meq/L", "l/l": "L/L", "ratio": "1", "INR": "1",
}  # fmt: skip

# (below this median, this unit, else that one): adult values never overlap; conventional and SI reference intervals
# as printed side by side in Kratz et al. 2004, N Engl J Med 351:1548, doi:10.1056/NEJMcpc049016
RANGES: Mapping[str, tuple[float, str, str]] = {
    "creatinine": (15, "mg/dL", "umol/L"),
    "glucose": (30, "mmol/L", "mg/dL"),
    "glucose_fasting": (30, "mmol/L", "mg/dL"),
    "hba1c": (18, "%", "mmol/mol"),
    "haemoglobin": (30, "g/dL", "g/L"),
    "haematocrit": (1, "1", "%"),
    "albumin": (10, "g/dL", "g/L"),
    "protein_total": (15, "g/dL", "g/L"),
    "cholesterol_total": (15, "mmol/L", "mg/dL"),
    "cholesterol_ldl": (10, "mmol/L", "mg/dL"),
    "cholesterol_hdl": (5, "mmol/L", "mg/dL"),
    "calcium": (4, "mmol/L", "mg/dL"),
    "leukocytes": (200, "10*9/L", "/uL"),
    "platelets": (2000, "10*9/L", "/uL"),
}
POSITIVE = ("pos", "positive", "positiv", "reactive", "reaktiv", "detected", "nachweisbar", "positif", "positivo")
NEGATIVE = (
    "neg", "negative", "negativ", "non-reactive", "nonreactive", "nicht reaktiv", "not detected", "nicht nachweisbar",
    "négatif", "negativo",
)  # fmt: skip
