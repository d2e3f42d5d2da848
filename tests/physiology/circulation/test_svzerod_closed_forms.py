"""svZeroDSolver's files: cases whose answer is known, what is given of a run, gradients, failures."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from svzerod_cases import boundary, case, flow, into_windkessel, vessel
from typer.testing import CliRunner

from vitruvian.cli.main import app
from vitruvian.core import SolveError, UnsupportedError
from vitruvian.physiology.circulation.svzerod import (
    Case,
    System,
    assemble,
    case_json,
    course,
    parse_case,
    read_case,
    run,
    table,
    write_case,
)


def divided() -> dict[str, Any]:
    """5 mL/s through resistances of 1, 2 and 3 inside a junction into two ends of 10 and 20, pressure 4 behind both."""
    ends = [
        flow("IN", 5.0, 5.0),
        boundary("A", "RESISTANCE", R=10.0, Pd=4.0),
        boundary("B", "RESISTANCE", R=20.0, Pd=4.0),
    ]
    vessels = [vessel(0, "stem", "IN", R_poiseuille=0.5)]
    vessels += [vessel(1, "a", "", "A", R_poiseuille=1.0), vessel(2, "b", "", "B", R_poiseuille=1.0)]
    junction = {"junction_name": "J", "junction_type": "resistive_junction", "junction_values": {"R": [1.0, 2.0, 3.0]}}
    return case(ends, vessels, [junction | {"inlet_vessels": [0], "outlet_vessels": [1, 2]}])


def test_resistances_share_a_steady_flow() -> None:
    found = run(parse_case(divided()))
    a, b = 2.0 + 1.0 + 10.0, 3.0 + 1.0 + 20.0
    np.testing.assert_allclose(found.of("flow:a:A"), 5.0 * b / (a + b), rtol=1e-8)
    np.testing.assert_allclose(found.of("flow:b:B"), 5.0 * a / (a + b), rtol=1e-8)
    middle = 4.0 + 5.0 * a * b / (a + b)
    np.testing.assert_allclose(found.of("pressure_c:J"), middle, rtol=1e-8)
    np.testing.assert_allclose(found.of("pressure:IN:stem"), middle + 5.0 * 1.5, rtol=1e-8)


def test_a_windkessel_fills_as_its_exponential() -> None:
    settings = {"steady_initial": False, "output_all_cycles": True, "number_of_time_pts_per_cardiac_cycle": 401}
    found = run(parse_case(into_windkessel(**settings)))
    exact = 5.0 * 1000.0 * (1.0 - np.exp(-found.times / 0.1))
    error = np.abs(found.of("pressure_c:OUT") - exact)[20:].max()
    assert error < 4e-3 * 5000.0  # a step of 1/40 of the time constant, from a start that is not consistent
    np.testing.assert_allclose(found.of("pressure:IN:artery")[-1], 5.0 * 2100.0, rtol=1e-6)


def test_a_steady_start_is_steady() -> None:
    found = run(parse_case(into_windkessel(number_of_time_pts_per_cardiac_cycle=401)))
    np.testing.assert_allclose(found.of("pressure:IN:artery"), 5.0 * 2100.0, rtol=1e-9)


def test_what_is_given_of_a_run() -> None:
    settings: dict[str, Any] = {"number_of_time_pts_per_cardiac_cycle": 401}
    last = parse_case(into_windkessel(**settings))
    full = run(last)
    assert len(full.times) == 401
    assert full.times[0] == 0.0
    assert full.times[-1] == pytest.approx(1.0)

    def given(**changes: Any) -> dict[str, list[Any]]:
        return table(replace(full, case=replace(last, simulation=replace(last.simulation, **changes))))

    means = given(output_mean_only=True)
    assert means["time"] == [None]
    assert means["pressure_out"] == [pytest.approx(5.0 * 2000.0)]
    assert list(given(output_derivative=True))[-4:] == ["d_flow_in", "d_flow_out", "d_pressure_in", "d_pressure_out"]
    assert given(output_variable_based=True)["name"][-1] == "pressure_c:OUT"
    every = run(replace(last, simulation=replace(last.simulation, output_all_cycles=True, output_interval=100)))
    np.testing.assert_allclose(every.times, np.arange(9) * 0.25)


def test_cycles_go_on_until_windkessels_have_settled() -> None:
    settings = {"use_cycle_to_cycle_error": True, "sim_cycle_to_cycle_percent_error": 1e-6}
    found = run(parse_case(into_windkessel(number_of_time_pts_per_cardiac_cycle=401, **settings)))
    assert found.cycles == 2  # 0.1 s ln(1e8) = 1.8 s


def narrowed(**settings: Any) -> Case:
    """A pulsing flow through a stenosis into a Windkessel, from a consistent start."""
    ends = [flow("IN", 20.0, 120.0, 40.0, 0.0, 20.0), boundary("OUT", "RCR", Rp=0.1, C=1.0, Rd=1.0, Pd=5.0)]
    walls = {"R_poiseuille": 0.05, "C": 0.1, "L": 0.002, "stenosis_coefficient": 0.01}
    told = {"number_of_time_pts_per_cardiac_cycle": 41, "absolute_tolerance": 1e-10, "steady_initial": False} | settings
    start = {"flow_all": 20.0, "pressure:IN:pipe": 47.0, "pressure:pipe:OUT": 42.0, "pressure_c:OUT": 40.0}
    return parse_case(case(ends, [vessel(0, "pipe", "IN", "OUT", **walls)], **told) | {"initial_condition": start})


def mean_pressure(found: Case) -> tuple[System, Callable[[Any], Any]]:
    system = assemble(found)
    simulate, at = course(found, system), system.at("pressure:IN:pipe")
    return system, jax.jit(lambda values: simulate(values)[:, at].mean())


VALUES = ("pipe.R_poiseuille", "pipe.C", "pipe.L", "pipe.stenosis_coefficient", "OUT.C", "OUT.Rd", "OUT.Pd", "IN.Q[1]")


def test_gradients_agree_with_differences() -> None:
    found = narrowed()
    system, mean = mean_pressure(found)
    values = jnp.asarray(system.values)
    along = jax.jit(lambda values, direction: jax.jvp(mean, (values,), (direction,)))
    for name in VALUES:
        n = system.at(name)
        towards = jnp.zeros(len(values)).at[n].set(1.0)
        step = 1e-4 * values[n]
        value, gradient = along(values, towards)
        above, below = (along(values + sign * step * towards, towards)[0] for sign in (1.0, -1.0))
        assert float(gradient) == pytest.approx(float((above - below) / (2.0 * step)), rel=1e-5), name
    assert float(value) == pytest.approx(float(run(found).of("pressure:IN:pipe").mean()), rel=1e-12)


@pytest.mark.slow
def test_gradients_agree_in_both_directions() -> None:
    system, mean = mean_pressure(narrowed())
    np.testing.assert_allclose(jax.grad(mean)(system.values), jax.jacfwd(mean)(system.values), rtol=1e-9, atol=1e-12)


def test_a_heart_whose_valves_jump_has_no_gradient() -> None:
    found = read_case(Path(__file__).parent / "svzerod" / "every_block.json")
    with pytest.raises(UnsupportedError, match="ClosedLoopHeartAndPulmonary has no derivative"):
        course(found, assemble(found))


def test_a_failure_says_where_when_and_what_was_tried() -> None:
    """A pressure at both ends of a vessel without resistance, inertance or compliance cannot hold."""
    ends = [boundary(name, "PRESSURE", t=[0.0, 1.0], P=[p, p]) for name, p in (("A", 1.0), ("B", 2.0))]
    with pytest.raises(SolveError, match=r"at 0\.\d+ s.* block .*tried too: steps of a half"):
        run(parse_case(case(ends, [vessel(0, "pipe", "A", "B", R_poiseuille=0.0)])))


def test_steps_are_halved_where_newton_fails() -> None:
    """One Newton step leaves too large a residual until time steps are small."""
    answer = run(narrowed(maximum_nonlinear_iterations=2, absolute_tolerance=2.0))
    (note,) = answer.notes
    assert note.startswith("time steps divided by 4: Newton's method did not converge")
    assert len(answer.times) == 41
    np.testing.assert_allclose(answer.of("pressure:IN:pipe"), run(narrowed()).of("pressure:IN:pipe"), rtol=0.05)


def test_the_command_writes_results_in_the_same_shape(tmp_path: Path) -> None:
    write_case(parse_case(divided()), tmp_path / "case.json")
    assert case_json(read_case(tmp_path / "case.json")) == case_json(parse_case(divided()))
    for out in ("o.json", "o.csv"):
        told = ["circulation", "run", str(tmp_path / "case.json"), "--out", str(tmp_path / out), "--json"]
        result = CliRunner().invoke(app, told)
        assert result.exit_code == 0, result.output
        assert json.loads(result.stdout)["variables"]["flow:IN:stem"]["mean"] == pytest.approx(5.0)
    columns = json.loads((tmp_path / "o.json").read_text())
    assert list(columns) == ["name", "time", "flow_in", "flow_out", "pressure_in", "pressure_out"]
    lines = (tmp_path / "o.csv").read_text().splitlines()
    assert lines[0] == ",".join(columns)
    assert len(lines) == 1 + len(columns["name"]) == 1 + 3 * 5
    assert float(lines[1].split(",")[2]) == columns["flow_in"]["0"]
