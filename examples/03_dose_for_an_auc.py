"""What should be done: the amount every 12 h that puts this patient's AUC24 at 500 mg·h/L."""

import tempfile
from pathlib import Path

import vitruvian as vt
from vitruvian.ingest import samples
from vitruvian.pharmacology import find_model

with tempfile.TemporaryDirectory() as folder, vt.Record.open(Path(folder) / "ward.db") as record:
    record.ingest(*samples()["sample-b"])
    model = find_model("vancomycin_goti_2018")
    twin = vt.Twin(record.patient("sample-b"), vt.drugs.vancomycin, models=(model,)).calibrate()

like = vt.infusion("vancomycin", 1000, "mg", over="1.5 h", every="12 h")
answer = twin.compare([like], goal="auc24 400-600 mg.h/L")
exact = answer.exact_dose
now = answer.options[0].metric
print(f"1000 mg every 12 h: AUC24 {now}; {answer.exact_dose_text}")

# one model, linear: AUC24 is proportional to the dose
assert exact is not None
assert abs(exact / 1000 * now.median - 500) < 10
