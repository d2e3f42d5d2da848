"""Many virtual people, streamed to Parquet: memory does not grow with their number."""

import tempfile
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import vitruvian as vt
from vitruvian.pharmacology import find_model
from vitruvian.study import simulate_population

model = find_model("vancomycin_goti_2018")
regimen = vt.infusion("vancomycin", 1000, "mg", over="1.5 h", every="12 h", steady_state=True)
times = np.linspace(0.0, 12.0, 49)
with tempfile.TemporaryDirectory() as folder:
    covariates = {"WT": 70, "CRCL": 90, "DIALYSIS": 0}
    path = Path(folder) / "people.parquet"
    simulate_population(model, regimen, times, people=5000, seed=1, path=path, covariates=covariates)
    table = pq.read_table(path)

levels = np.stack(table["concentration"].combine_chunks().to_numpy(zero_copy_only=False))
auc24 = 2 * np.trapezoid(levels, times, axis=1)
inside = np.mean((auc24 > 400) & (auc24 < 600))
print(f"{len(auc24)} people: median AUC24 {np.median(auc24):.0f}, {inside:.0%} within 400 to 600 mg·h/L")

assert abs(np.median(auc24) / (2000 / (4.5 * 0.75**0.8)) - 1) < 0.03  # the typical person's
