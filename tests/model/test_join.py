"""Models joined through ports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from event_models import NONE, TESTED

from vitruvian.core import DataError, UnitError, UnknownNameError, UnsupportedError
from vitruvian.infer import map_estimate
from vitruvian.model import (
    Covariate,
    FixedStep,
    Held,
    Model,
    Monolithic,
    Output,
    Parameter,
    Port,
    ResidualError,
    SampleAndHold,
    Settled,
    Stiff,
    Values,
    Variability,
    Wire,
    compile_events,
    join,
    oral,
    predict,
    simulate,
)
from vitruvian.pharmacology.compartments import CompartmentModel

ERROR = ResidualError("proportional", proportional=0.1)
TIMES = np.array([1.0, 3.0, 7.5, 13.0, 24.0, 47.0])
PEOPLE = {"WT": 80.0, "AGE": 50.0}
WIRE = (Wire("concentration", "CONC"),)


class Drug(CompartmentModel):
    """Two compartments and a depot."""

    name = "pk"
    title = "pk"
    source = TESTED
    peripherals = 1
    absorption = "first_order"
    parameters = (Parameter("CL", 5.0, "L/h"), Parameter("BASE", 20.0, "L"))
    variability = (Variability("CL", 0.09), Variability("VC", 0.04))
    covariates = (Covariate("WT", "kg", hard=(10, 200)),)
    outputs = (Output("concentration", "mg/L", ERROR),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Clearance grows with weight."""
        return {"CL": theta["CL"] * (c["WT"] / 70) ** 0.75, "VC": theta["BASE"], "Q": 4.0, "VP": 30.0, "KA": 0.9}


class Response(Model):
    """Indirect response, production inhibited: dR/dt = kin·(1 − C/(IC50 + C)) − kout·R (Dayneka 1993)."""

    name = "pd"
    title = "pd"
    source = TESTED
    linear = False
    parameters = (Parameter("BASE", 100.0, "1"), Parameter("KOUT", 0.2, "1/h"), Parameter("IC50", 800.0, "ng/mL"))
    variability = (Variability("CL", 0.04), Variability("IC50", 0.09))
    covariates = (Covariate("WT", "kg", hard=(30, 300)), Covariate("AGE", "y"))
    compartments = ("response",)
    inputs = (Port("CONC", "ng/mL"),)
    outputs = (Output("response", "1", ERROR),)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Baseline by age; "CL" here is the rate constant out, so that names collide."""
        return {"BASE": theta["BASE"] * c["AGE"] / 50, "CL": theta["KOUT"], "IC50": theta["IC50"]}

    def initial(self, p: Values) -> Any:
        """The baseline."""
        return jnp.stack([p["BASE"]])

    def rhs(self, t: Any, y: Any, p: Values) -> Any:
        """Turnover."""
        held_back = 1 - p["CONC"] / (p["IC50"] + p["CONC"])
        return jnp.stack([p["BASE"] * p["CL"] * held_back - p["CL"] * y[0]])

    def observe(self, t: Any, y: Any, p: Values) -> dict[str, Any]:
        """The state."""
        return {"response": y[0]}


class ByHand(Drug):
    """Both, written as one model."""

    name = "by_hand"
    linear = False
    compartments = ("depot", "central", "peripheral", "response")
    outputs = (Output("concentration", "mg/L", NONE), Output("response", "1", NONE))
    variability = ()

    def initial(self, p: Values) -> Any:
        """Baseline response."""
        return jnp.array([0.0, 0.0, 0.0, 100.0])

    def rhs(self, t: Any, y: Any, p: Values) -> Any:
        """Two compartments, then turnover."""
        depot, central, peripheral, response = y
        out, there, back = p["CL"] / p["VC"] * central, p["Q"] / p["VC"] * central, p["Q"] / p["VP"] * peripheral
        c = central / p["VC"] * 1000
        turnover = 20.0 * (1 - c / (800.0 + c)) - 0.2 * response
        absorbed = 0.9 * depot
        return jnp.stack([-absorbed, absorbed - out - there + back, there - back, turnover])

    def observe(self, t: Any, y: Any, p: Values) -> dict[str, Any]:
        """Concentration and response."""
        return {"concentration": y[1] / p["VC"], "response": y[3]}


DRUG, RESPONSE = Drug(), Response()
JOINED = join(DRUG, RESPONSE, WIRE)
DOSES = oral("pk", 100, "mg", every="12 h", count=3)
STEPS = FixedStep(0.05)


def run(model: Model, **more: Any) -> np.ndarray:
    """Every output at `TIMES` of one person."""
    table = compile_events(model, [DOSES.to_subject(model, TIMES, PEOPLE)])
    return simulate(model, table, **more)[0, : len(TIMES)]


def test_a_joined_model_is_the_model_written_by_hand() -> None:
    np.testing.assert_allclose(run(JOINED), run(ByHand()), rtol=1e-8, atol=1e-10)
    assert run(JOINED)[:, 1].min() < 60  # the drug does act


def test_parts_are_all_there_and_collisions_are_prefixed() -> None:
    assert list(JOINED.theta) == ["CL", "BASE", "pd.BASE", "KOUT", "IC50"]
    assert JOINED.eta_names() == ("CL", "VC", "pd.CL", "IC50")
    assert np.diag(JOINED.omega()) == pytest.approx([0.09, 0.04, 0.04, 0.09])
    assert [(c.name, c.hard[0]) for c in JOINED.covariates] == [("WT", 30), ("AGE", float("-inf"))]
    assert JOINED.covariates[0].hard[1] == 200
    assert JOINED.compartments == ("depot", "central", "peripheral", "response")
    assert len({JOINED, join(DRUG, RESPONSE, WIRE)}) == 1  # equal joins share what is compiled


def test_units_are_checked_when_models_are_joined() -> None:
    with pytest.raises(UnitError, match=r"mg.*ng/mL"):
        join(DRUG, RESPONSE, (Wire("central", "CONC"),))
    with pytest.raises(UnknownNameError):
        join(DRUG, RESPONSE, (Wire("nothing", "CONC"),))
    with pytest.raises(DataError, match="nothing is wired to port CONC"):
        RESPONSE.individual(RESPONSE.theta, jnp.zeros(2), PEOPLE)


def test_map_finds_the_person_of_a_joined_model() -> None:
    eta = np.array([[0.3, 0.0, 0.0, -0.4]])
    table = compile_events(JOINED, [DOSES.to_subject(JOINED, TIMES, PEOPLE, output=1)])
    seen = simulate(JOINED, table, eta=eta, solver=FixedStep(0.5))[0, : len(TIMES), 1]
    person = DOSES.to_subject(JOINED, TIMES, PEOPLE, output="response", values=seen)
    found = map_estimate(JOINED, compile_events(JOINED, [person]))
    assert bool(found.converged[0])
    row = jax.tree.map(lambda x: jnp.asarray(x)[0], table)

    def objective(e: Any) -> Any:
        f = predict(JOINED, row, JOINED.theta, e, solver=STEPS)[: len(TIMES)]
        misses = jnp.sum(((seen - f) / (0.1 * f)) ** 2 + 2 * jnp.log(0.1 * f))
        return misses + jnp.sum(e**2 / np.diag(JOINED.omega()))

    slope = jax.jit(jax.jacfwd(objective))
    at = jnp.asarray(np.asarray(found.eta)[0])
    assert float(jnp.abs(slope(at)).max()) < 1e-4 * float(jnp.abs(slope(0 * at)).max())


def test_gradient_is_the_finite_difference() -> None:
    for model in (JOINED, join(DRUG, RESPONSE, WIRE, Settled())):
        table = compile_events(model, [DOSES.to_subject(model, TIMES, PEOPLE, output=1)])
        row = jax.tree.map(lambda x: jnp.asarray(x)[0], table)
        at = jax.jit(lambda e, m=model, r=row: predict(m, r, m.theta, e, solver=FixedStep(0.5))[: len(TIMES)])
        eta, d = jnp.array([0.1, -0.2, 0.1, 0.3]), 1e-5
        slope = jax.jit(jax.jacfwd(at))(eta)
        for k in range(4):
            step = d * jax.nn.one_hot(k, 4)
            np.testing.assert_allclose(slope[:, k], (at(eta + step) - at(eta - step)) / (2 * d), rtol=1e-5, atol=1e-6)


def test_a_settled_model_is_where_the_fast_one_comes_to_rest() -> None:
    settled = join(DRUG, RESPONSE, WIRE, Settled())
    assert settled.compartments == DRUG.compartments
    concentration, response = run(settled, solver=STEPS).T
    np.testing.assert_allclose(response, 100 / (1 + concentration * 1000 / 800), rtol=1e-9)

    class Quick(Response):
        """The same, 10 000 times faster."""

        parameters = (Parameter("BASE", 100.0, "1"), Parameter("KOUT", 2000.0, "1/h"), *Response.parameters[2:])

    fast = run(join(DRUG, Quick(), WIRE), solver=Stiff())
    np.testing.assert_allclose(response, fast[:, 1], rtol=2e-3)


def test_sample_and_hold_comes_to_the_monolithic_model_with_order_one() -> None:
    exact = run(JOINED)[:, 1]
    steps = (1.0, 0.5, 0.25)
    misses = []
    for step in steps:
        model = join(DRUG, RESPONSE, WIRE, SampleAndHold(step))
        misses.append(np.abs(run(model, solver=Held(step, FixedStep(0.05)))[:, 1] - exact).max())
    order = np.log2(np.array(misses[:-1]) / misses[1:])
    np.testing.assert_allclose(order, 1.0, atol=0.25)
    with pytest.raises(UnsupportedError):
        run(model, solver=STEPS)


class Exchange(Model):
    """A pool that empties into what its port says: for cycles."""

    title = "pool"
    source = TESTED
    linear = False
    parameters = (Parameter("K", 0.5, "1/h"),)
    outputs = (Output("level", "mg", NONE),)

    def __init__(self, name: str, time_unit: str = "h", rate: float = 0.5, through: bool = False) -> None:
        self.name, self.time_unit, self._through = name, time_unit, through  # type: ignore[misc]
        self.parameters = (Parameter("K", rate, f"1/{time_unit}"),)
        self.compartments, self.inputs, self.routes = (name,), (Port(f"other_{name}", "g"),), {f"in_{name}": name}

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """The rate."""
        return dict(theta)

    def rhs(self, t: Any, y: Any, p: Values) -> Any:
        """Down the difference; the port is in g."""
        return p["K"] * (p[f"other_{self.name}"] * 1000 - y)

    def observe(self, t: Any, y: Any, p: Values) -> dict[str, Any]:
        """The pool, with what flows in at once where it says so."""
        return {"level": y[0] + (p[f"other_{self.name}"] if self._through else 0.0)}


def test_a_cycle_through_states_in_two_clocks_keeps_the_mass() -> None:
    a, b = Exchange("a"), Exchange("b", time_unit="min", rate=0.5 / 60)
    both = join(a, b, (Wire("a", "other_b"), Wire("b", "other_a")), Monolithic())
    person = oral("x", 10, "mg", count=1).to_subject(DRUG, TIMES, PEOPLE)  # a dose into the first compartment
    assert both.outputs[1].name == "b.level"
    table = compile_events(both, [person])
    found = simulate(both, table)[0, : len(TIMES)]
    np.testing.assert_allclose(found.sum(-1), 10.0, rtol=1e-8)
    np.testing.assert_allclose(found[:, 0], 5 + 5 * np.exp(-TIMES), rtol=1e-6)


def test_an_algebraic_loop_is_refused() -> None:
    a, b = Exchange("a", through=True), Exchange("b", through=True)
    a.outputs, b.outputs = (Output("la", "mg", NONE),), (Output("lb", "mg", NONE),)
    with pytest.raises(UnsupportedError, match="algebraic loop"):
        join(a, b, (Wire("la", "other_b"), Wire("lb", "other_a")))


def test_the_snippets_of_the_page_run() -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL):
        exec(block, names)
    assert names["joined"].eta_names() == ("CL", "KOUT")
