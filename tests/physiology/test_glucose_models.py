"""What holds of every model of glucose: rest, direction of each input, people independent of each other, accuracy."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest

from vitruvian.core import UnknownNameError
from vitruvian.model import Driven, program
from vitruvian.physiology.glucose import (
    ASPART,
    FASTER_ASPART,
    GLUCOSE_MODELS,
    HEALTHY,
    OGTT,
    REGULAR,
    UVA_PADOVA_2013,
    glucose_model,
    nothing,
)

MINUTES = 360
CASES = ("rest", "meal", "bolus", "both", "active", "sensitive", "heavy", "glucagon")
REST, MEAL, BOLUS, BOTH, ACTIVE, SENSITIVE, HEAVY, GLUCAGON = range(len(CASES))


def person(model: Driven, n: int = len(CASES)) -> dict[str, Any]:
    p = {name: jnp.full(n, value) for name, value in model.typical.items()}
    return model.balanced(p) if hasattr(model, "balanced") else p


def days(model: Driven, p: dict[str, Any]) -> Any:
    """The cases as people: the last but one weighs twice as much, and eats and gets twice as much."""
    u = nothing(MINUTES, len(CASES))
    insulin = jnp.tile(model.basal(p) / 60.0, (MINUTES, 1))
    grams = jnp.zeros_like(insulin).at[20:30, jnp.array([MEAL, BOTH])].set(5.0).at[20:30, HEAVY].set(10.0)
    insulin = insulin.at[20, jnp.array([BOLUS, BOTH, SENSITIVE, GLUCAGON])].add(2.0).at[20, HEAVY].add(4.0)
    return u._replace(
        insulin=insulin,
        carbohydrates=grams,
        heart_rate=u.heart_rate.at[60:90, ACTIVE].set(60.0),
        sensitivity=u.sensitivity.at[20:, SENSITIVE].set(1.3),
        glucagon=u.glucagon.at[100, GLUCAGON].set(0.1),
    )


ELSEWHERE = {"uva_padova_2008", "minimal"}
"""In the default tests the one is compared with simglucose, the other is part of `deichmann_2021`."""
EACH = [pytest.param(name, marks=pytest.mark.slow) if name in ELSEWHERE else name for name in GLUCOSE_MODELS]


@pytest.fixture(scope="module", params=EACH)
def found(request: pytest.FixtureRequest) -> tuple[Driven, dict[str, np.ndarray]]:
    model = GLUCOSE_MODELS[request.param]
    p = person(model)
    p = p | {"BW": p["BW"].at[HEAVY].multiply(2.0)}
    out = program(model)(model.steady(p), days(model, p), p)[1]
    return model, {name: np.asarray(value) for name, value in out.items()}


def test_rest_is_rest(found: tuple[Driven, dict[str, np.ndarray]]) -> None:
    model, out = found
    np.testing.assert_allclose(out["glucose"][:, REST], model.typical["Gb"], rtol=1e-9)
    np.testing.assert_allclose(out["interstitial"][:, REST], model.typical["Gb"], rtol=1e-9)
    np.testing.assert_allclose(out["insulin"][:, REST], out["insulin"][0, REST], rtol=1e-9)


def test_outputs_are_the_declared_ones(found: tuple[Driven, dict[str, np.ndarray]]) -> None:
    model, out = found
    assert set(out) == {one.name for one in model.outputs} >= {"glucose", "interstitial", "insulin"}
    for values in out.values():
        assert np.isfinite(values).all()


def test_each_input_moves_glucose_as_it_should(found: tuple[Driven, dict[str, np.ndarray]]) -> None:
    model, out = found
    glucose, basal = out["glucose"], model.typical["Gb"]
    np.testing.assert_allclose(glucose[:20, : ACTIVE + 1], basal, rtol=1e-9)
    assert glucose[:, MEAL].max() > basal + 20
    assert glucose[:, BOLUS].min() < basal - 5
    assert (glucose[60:, BOTH] <= glucose[60:, MEAL]).all()
    assert glucose[:, SENSITIVE].min() < glucose[:, BOLUS].min()
    if model.name in {"hovorka", "deichmann_2021", "roy_parker_2007"}:
        assert glucose[60:120, ACTIVE].min() < basal - 1.5
    else:
        np.testing.assert_allclose(glucose[:, ACTIVE], basal, rtol=1e-9)


def test_doses_by_weight(found: tuple[Driven, dict[str, np.ndarray]]) -> None:
    """Twice the weight, meal and insulin: the same glucose."""
    model, out = found
    if model.name == "roy_parker_2007":
        pytest.skip("its insulin does not depend on weight")
    if model.name == "reduced":
        assert model.parameter("u2ss").unit == "mU/kg/min"
    np.testing.assert_allclose(out["glucose"][:, HEAVY], out["glucose"][:, BOTH], rtol=1e-9)


def test_below_basal_the_version_of_2013_falls_further_unless_glucagon_is_given() -> None:
    """Insulin acts more strongly in a low, glucagon is secreted, and a dose of it raises glucose."""
    p = person(UVA_PADOVA_2013)
    weak = p | {"r1": 0.0 * p["r1"], "kxi": 0.0 * p["kxi"]}
    run = program(UVA_PADOVA_2013)
    u = days(UVA_PADOVA_2013, p)
    full, without = (run(UVA_PADOVA_2013.steady(one), u, one)[1] for one in (p, weak))
    no_liver = run(UVA_PADOVA_2013.steady(p), u, p | {"kxi": weak["kxi"]})[1]["glucose"]
    assert no_liver[:, BOLUS].min() < without["glucose"][:, BOLUS].min() - 1
    assert full["glucose"][:, BOLUS].min() > no_liver[:, BOLUS].min()
    assert full["glucagon"][:, BOLUS].max() > 65
    assert full["glucose"][130, GLUCAGON] > full["glucose"][130, BOLUS] + 10


def test_a_milligram_of_glucagon_peaks_as_its_label_says() -> None:
    """US prescribing information: 1 mg under the skin, 7.9 ng/mL above nothing after 20 minutes."""
    p = person(UVA_PADOVA_2013) | {"BW": jnp.full(len(CASES), 70.0)}
    u = nothing(MINUTES, len(CASES))
    u = u._replace(insulin=jnp.tile(UVA_PADOVA_2013.basal(p) / 60.0, (MINUTES, 1)), glucagon=u.glucagon.at[0].set(1.0))
    glucagon = np.asarray(program(UVA_PADOVA_2013)(UVA_PADOVA_2013.steady(p), u, p)[1]["glucagon"])
    assert 15 <= glucagon[:, 0].argmax() + 1 <= 25
    assert glucagon[:, 0].max() - 60 == pytest.approx(7900, rel=0.03)


def test_a_glucose_drink_in_health_and_in_type_2_diabetes() -> None:
    """75 g: back near fasting within three hours in health, above 200 mg/dL after two hours in type 2 diabetes."""
    both = {name: jnp.array([value, HEALTHY.get(name, value)] * 4) for name, value in OGTT.typical.items()}
    u = nothing(MINUTES, len(CASES))
    u = u._replace(carbohydrates=u.carbohydrates.at[:5].set(15.0))
    out = program(OGTT)(OGTT.steady(both), u, both)[1]
    ill, well = np.asarray(out["glucose"])[:, :2].T
    assert ill[120] > 200
    assert 120 < well.max() < 200
    assert well[180] < 110
    assert np.asarray(out["insulin"])[:, 1].max() > 5 * HEALTHY["Ib"]


@pytest.mark.parametrize("name", ["uva_padova_2013", "hovorka", "deichmann_2021", "reduced"])
def test_a_faster_insulin_peaks_earlier_with_the_same_basal_rate(name: str) -> None:
    model = glucose_model(name)
    peaks, areas = [], []
    for kind in (REGULAR, ASPART, FASTER_ASPART):
        p = kind.parameters(person(model))
        np.testing.assert_allclose(model.basal(p), model.basal(person(model)), rtol=1e-12)
        insulin = np.asarray(program(model)(model.steady(p), days(model, p), p)[1]["insulin"])[:, BOLUS]
        peaks.append(insulin.argmax())
        areas.append((insulin - insulin[0]).sum())
    assert peaks[0] > peaks[1] > peaks[2]
    np.testing.assert_allclose(areas[1:], areas[1], rtol=0.1)


def test_an_unknown_model() -> None:
    with pytest.raises(UnknownNameError, match="hovorka"):
        glucose_model("hovorca")
