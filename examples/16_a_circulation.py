"""A circulation: at rest, with a severe aortic stenosis, and how it answers the loss of 1.2 litres of blood."""

from vitruvian.physiology.circulation import (
    CLOSED_LOOP,
    TYPICAL_PRESSURES,
    indices,
    orbit,
    pathology,
    pulse,
    respond,
    valve_findings,
)

healthy = CLOSED_LOOP.typical
ill = pathology("aortic_stenosis_severe").parameters(healthy)

for name, p in (("healthy", healthy), ("severe aortic stenosis", ill)):
    beat = orbit(CLOSED_LOOP, p, CLOSED_LOOP.filled_to(p, TYPICAL_PRESSURES))
    found, gradient = indices(beat, p), float(valve_findings(CLOSED_LOOP, beat, p, "aortic").mean_gradient)
    cuff = f"{float(found.systolic):.0f}/{float(found.diastolic):.0f} mmHg"
    print(f"{name}: {cuff}, {float(found.cardiac_output):.1f} L/min, mean gradient {gradient:.0f} mmHg")
assert gradient > 40.0  # what guidelines call severe

bled = respond(healthy, {"bleeding": pulse(60.0, 660.0, 2.0)}, seconds=720.0)
for name in ("heart_rate", "systolic", "cardiac_output"):
    before, after = bled.mean(name, 30.0, 59.0), bled.mean(name, 660.0, 720.0)
    print(f"{name}: {before:.1f} before, {after:.1f} after losing 1.2 L in ten minutes")
assert bled.mean("heart_rate", 660.0, 720.0) > 1.1 * bled.mean("heart_rate", 30.0, 59.0)
