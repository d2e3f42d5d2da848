"""A heart cell: half of its hERG channels blocked, the action potential lasts longer; short cycles shorten it."""

from vitruvian.physiology.heart import blocked, cell, pace

model = cell("ten_tusscher_2006", "epi")
control = pace(model, model.typical, beats=20)
drug = pace(model, blocked(model, model.typical, {"hERG": 0.5}), beats=20)
fast = pace(model, model.typical, cycle_length=500.0, beats=20)

for name, found in (("control", control), ("half of hERG blocked", drug), ("at 120 a minute", fast)):
    abnormal = [flag for flag, there in found.flags._asdict().items() if there]
    print(f"{name}: APD90 {float(found.biomarkers.apd90):.0f} ms, abnormal: {', '.join(abnormal) or 'nothing'}")

assert float(fast.biomarkers.apd90) < float(control.biomarkers.apd90) < float(drug.biomarkers.apd90)
assert abs(float(control.biomarkers.apd90) - 303) < 3
