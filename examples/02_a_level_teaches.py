"""Prior → posterior: two levels narrow what is known of one person's clearance."""

import vitruvian as vt
from vitruvian.infer import learned, posterior
from vitruvian.model import compile_events
from vitruvian.pharmacology import find_model

model = find_model("vancomycin_goti_2018")
given = vt.infusion("vancomycin", 1000, "mg", over="1 h", every="12 h", count=4)
person = given.to_subject(model, [26.0, 35.5], {"WT": 70, "CRCL": 90, "DIALYSIS": 0}, values=[38.0, 22.0])

found = posterior(model, compile_events(model, [person]), draws=2000, seed=1)
clearance = next(item for item in learned(found) if item.name == "CL")
print(clearance)
print(f"method {found.method[0]}, {found.ess[0]:.0f} effective draws, Pareto k {found.pareto_k[0]:.2f}")

assert found.reliable[0]
assert clearance.remaining < 0.8  # of the spread of the etas
assert abs(clearance.posterior[1] - 2.63) < 0.1  # L/h; high levels mean a low clearance
