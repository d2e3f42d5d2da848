"""What should be done: the amount every 12 h that puts the median AUC24 in the middle of the target."""

import tempfile
from dataclasses import replace
from pathlib import Path

import vitruvian as vt
from vitruvian.ingest import samples
from vitruvian.pharmacology import find_model
from vitruvian.twin import Candidate

with tempfile.TemporaryDirectory() as folder, vt.Record.open(Path(folder) / "ward.db") as record:
    record.ingest(*samples()["sample-b"])
    model = find_model("vancomycin_goti_2018")
    twin = vt.Twin(record.patient("sample-b"), vt.drugs.vancomycin, models=(model,)).calibrate()

goal = "auc24 400-600 mg.h/L"
usual = Candidate(1000, "mg", 12.0, "iv", 1.5)
exact = twin.exact_dose(usual, goal)
print(f"1000 mg every 12 h: AUC24 {twin.compare([usual], goal).options[0].metric}; {exact:.0f} mg aims at its middle")

again = twin.compare([replace(usual, amount=exact)], goal).options[0]
assert abs(again.metric.median - (400 * 600) ** 0.5) < 0.5  # the middle of a ratio scale is geometric
