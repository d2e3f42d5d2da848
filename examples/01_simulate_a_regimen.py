"""What would happen: vancomycin 1000 mg over 1.5 h every 12 h, at steady state, in a typical person."""

import numpy as np

import vitruvian as vt
from vitruvian.model import compile_events, simulate
from vitruvian.pharmacology import find_model

model = find_model("vancomycin_goti_2018")
regimen = vt.infusion("vancomycin", 1000, "mg", over="1.5 h", every="12 h", steady_state=True)
times = np.linspace(0.0, 12.0, 241)
person = regimen.to_subject(model, times, {"WT": 70, "CRCL": 90, "DIALYSIS": 0})

level = simulate(model, compile_events(model, [person]))[0, : len(times), 0]
auc24 = 2 * np.trapezoid(level, times)
print(f"{regimen}\npeak {level.max():.1f}, trough {level[-1]:.1f} mg/L, AUC24 {auc24:.0f} mg·h/L")

clearance = 4.5 * (90 / 120) ** 0.8  # Goti 2018; at steady state AUC24 is the daily dose over clearance
np.testing.assert_allclose(auc24, 2000 / clearance, rtol=2e-3)
