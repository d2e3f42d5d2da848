"""People of another model: what is said of them, and of interventions the twin has not seen, lies in the band."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from other_heart import CHANGES, people, truth

from vitruvian.twin.heart import HeartTwin, Intervention, calibrate, evidence_of, intervention, resting, what_if
from vitruvian.twin.heart.interventions import Effect

NOISE = {
    "systolic": 0.05,
    "diastolic": 0.05,
    "edv": 0.05,
    "ejection_fraction": 0.05,
    "stroke_volume": 0.05,
    "e_to_a": 0.05,
    "e_to_e_prime": 0.15,
}
UNSEEN = {
    "afterload": Intervention("afterload", "resistance by 1.3", (Effect(("R_systemic",), 1.3),)),
    "preload": Intervention("preload", "300 mL of blood", volume=300.0),
    "rate": intervention("pacing", 95.0),
}


def measured(true: dict[str, np.ndarray], who: int, generator: np.random.Generator) -> HeartTwin:
    """The twin of one of them, from measurements with noise."""
    values, errors = {"heart_rate": float(true["heart_rate"][who])}, {}
    for name, share in NOISE.items():
        exact = true[name][who] if name in true else max((true["left_atrial"][who] - 1.9) / 1.24, 2.5)
        errors[name] = float(share * exact)
        values[name] = float(exact + errors[name] * generator.standard_normal())
    values["e_to_a"] = float(np.clip(values["e_to_a"], 0.2, 5.0))
    values["e_to_e_prime"] = max(values["e_to_e_prime"], 2.0)
    return calibrate(evidence_of(values, errors=errors), draws=64, method="laplace")


@pytest.mark.slow
def test_the_bands_hold_on_people_of_another_model() -> None:
    count, generator = 40, np.random.default_rng(22)
    p = people(count, seed=21)
    true = truth(p)
    after = {name: truth(change(p)) for name, change in CHANGES.items()}
    held: dict[str, list[bool]] = defaultdict(list)

    def note(name: str, exact: float, draws: np.ndarray) -> None:
        low, high = np.quantile(draws, (0.05, 0.95))
        held[name].append(bool(low <= exact <= high))

    for who in range(count):
        twin = measured(true, who, generator)
        for name in ("resistance", "compliance", "stroke_volume"):
            note(name, true[name][who], resting(twin).numbers[name])
        for name, change in UNSEEN.items():
            numbers = what_if(twin, change).after.numbers
            for quantity in ("systolic", "mean_arterial", "stroke_volume"):
                note(f"{name}: {quantity}", after[name][quantity][who], numbers[quantity])
    share = {name: float(np.mean(one)) for name, one in held.items()}
    print({name: round(value, 2) for name, value in share.items()})
    assert min(share.values()) >= 0.75, share
    assert float(np.mean(list(share.values()))) >= 0.85, share
