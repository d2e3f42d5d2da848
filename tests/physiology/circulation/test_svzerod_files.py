"""svZeroDSolver's files: what is wrong is refused with the place and the rule; what is read can be written again."""

from __future__ import annotations

import copy
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from svzerod_cases import boundary, case, into_windkessel, vessel

from vitruvian.core import InputError, UnsupportedError
from vitruvian.physiology.circulation.svzerod import (
    case_json,
    check_result_name,
    parse_case,
    read_case,
    run,
    write_case,
)
from vitruvian.physiology.circulation.svzerod.curves import places
from vitruvian.physiology.circulation.svzerod.kind import Clock, Kind, Now
from vitruvian.physiology.circulation.svzerod.kinds import KINDS

EVERY = Path(__file__).parent / "svzerod" / "every_block.json"
EXAMPLE = Path(__file__).parents[3] / "examples" / "cases" / "aorta_divides.json"


@pytest.mark.parametrize("path", [EVERY, EXAMPLE], ids=["every_block", "example"])
def test_a_case_is_written_as_it_was_read(path: Path, tmp_path: Path) -> None:
    found = read_case(path)
    write_case(found, tmp_path / "again.json")
    assert read_case(tmp_path / "again.json") == found
    assert found.rest["description"] == json.loads(path.read_text())["description"]


def test_what_a_file_says_beyond_the_model_is_kept() -> None:
    told = into_windkessel(density=1.06) | {"description": "made up"}
    told["vessels"][0]["vessel_length"] = 10.0
    again = case_json(parse_case(told))
    assert again["description"] == "made up"
    assert again["simulation_parameters"]["density"] == 1.06
    assert again["vessels"][0]["vessel_length"] == 10.0


def change(*path: Any, to: Any) -> Callable[[dict[str, Any]], None]:
    def done(told: dict[str, Any]) -> None:
        at: Any = told
        for one in path[:-1]:
            at = at[one]
        at[path[-1]] = to

    return done


def drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def done(told: dict[str, Any]) -> None:
        at: Any = told
        for one in path[:-1]:
            at = at[one]
        del at[path[-1]]

    return done


VALUES = ("vessels", 0, "zero_d_element_values")
FLOW, BED = ("boundary_conditions", 0, "bc_values"), ("boundary_conditions", 1, "bc_values")
SETTINGS = "simulation_parameters"
BROKEN = [
    (change(*VALUES, "R_poiseuille", to=-1.0), r"vessels\[0\] \(artery\).*R_poiseuille.*got -1.0.*≥ 0"),
    (change(*BED, "C", to=-1e-4), r"boundary_conditions\[1\] \(OUT\).*\.C is out of bounds"),
    (change(*BED, "Rd", to="high"), r"Rd is not a number; got high"),
    (change(*BED, "Rd", to=float("nan")), r"Rd is not a number; got nan"),
    (drop(*BED, "Rd"), r"OUT\).bc_values lacks Rd"),
    (change(*BED, "R", to=1.0), r"unknown value; got R; allowed: Rp, C, Rd, Pd"),
    (change(*FLOW, "t", to=[0.0, 0.5, 1.0]), r"t and Q differ in length; got 3 times, 2 values"),
    (change(*FLOW, "t", to=[1.0, 0.0]), r"\(IN\).bc_values.t does not increase"),
    (change(*FLOW, "t", to=[-1.0, 0.0]), r"t begins before the cycle"),
    (change(*FLOW, "Q", to=[]), r"Q is not a list of numbers"),
    (drop(*FLOW, "t"), r"lacks t"),
    (change("boundary_conditions", 1, "bc_type", to="RCRR"), r"no such kind of block here; got RCRR; allowed: FLOW"),
    (change("vessels", 0, "boundary_conditions", to={"inlet": "IN"}), r"BloodVessel artery: wrong number of outlets"),
    (change("vessels", 0, "boundary_conditions", "outlet", to="NOWHERE"), r"artery is joined to a block .*NOWHERE"),
    (change("vessels", 0, "boundary_conditions", "outlet", to="artery"), r"artery is joined to itself"),
    (change("vessels", 0, "boundary_conditions", "outlet", to="IN"), r"FLOW IN: wrong number of inlets|one end"),
    (change("boundary_conditions", 1, "bc_name", to="IN"), r"names of blocks must differ; got IN"),
    (drop("boundary_conditions"), r"case lacks boundary_conditions"),
    (drop(SETTINGS), r"case lacks simulation_parameters"),
    (drop(SETTINGS, "number_of_cardiac_cycles"), r"simulation_parameters lacks number_of_cardiac_cycles"),
    (change(SETTINGS, "number_of_time_pts_per_cardiac_cycle", to=1), r"out of bounds; got 1; allowed: whole, ≥ 2"),
    (change(SETTINGS, "cardiac_period", to=0.7), r"cardiac periods differ; got .*0.7 s, IN 1 s"),
    (change(SETTINGS, "rho_infty", to=1.5), r"rho_infty is out of bounds"),
    (change(SETTINGS, "absolute_tolerance", to=0.0), r"absolute_tolerance is out of bounds"),
    (change(SETTINGS, "steady_initial", to="yes"), r"steady_initial is not a truth value"),
    (change("vessels", to={}), r"vessels is not a list"),
    (change("vessels", 0, to=5), r"vessels\[0\] is not an object"),
    (change("initial_condition", to={"flow_all": "much"}), r"initial_condition.flow_all is not a number"),
]


@pytest.mark.parametrize(("broken", "says"), BROKEN)
def test_a_broken_case_is_refused(broken: Callable[[dict[str, Any]], None], says: str) -> None:
    told = into_windkessel()
    broken(told)
    with pytest.raises(InputError, match=says):
        parse_case(told)


def test_a_ring_that_nothing_drives_is_refused() -> None:
    told = into_windkessel()
    told["vessels"] += [vessel(1, "a", R_poiseuille=1.0), vessel(2, "b", R_poiseuille=1.0)]
    ring = [("J1", [1], [2]), ("J2", [2], [1])]
    told["junctions"] = [
        {"junction_name": name, "junction_type": "NORMAL_JUNCTION", "inlet_vessels": into, "outlet_vessels": out}
        for name, into, out in ring
    ]
    with pytest.raises(InputError, match="ring or part that nothing drives; got a, b, J1, J2"):
        parse_case(told)
    told["junctions"][0]["outlet_vessels"] = [7]
    with pytest.raises(InputError, match=r"J1\).outlet_vessels: no vessel has this vessel_id; got 7"):
        parse_case(told)


def test_lists_of_a_junction_have_a_number_for_each_end() -> None:
    told = json.loads(EVERY.read_text())
    told["junctions"][1]["junction_values"]["L"] = [0.1]
    with pytest.raises(InputError, match="L has another length than the outlets; got 1; allowed: 2"):
        parse_case(told)


def test_chambers_and_valves_are_checked() -> None:
    whole = json.loads(EVERY.read_text())
    for path, to, says in (
        (("chambers", 0, "activation_function", "type"), "sine", "no such activation; got sine"),
        (("chambers", 0, "activation_function"), {"type": "half_cosine"}, "lacks t_active"),
        (("valves", 0, "params", "Rmax"), -1.0, r"in_tanh\).params.Rmax is out of bounds"),
        (("closed_loop_blocks", 0, "parameters", "Cp"), 0.0, r"Cp is out of bounds; got 0.0; allowed: > 0"),
        (("closed_loop_blocks", 0, "cardiac_cycle_period"), 0.9, "cardiac periods differ"),
    ):
        told = copy.deepcopy(whole)
        change(*path, to=to)(told)
        with pytest.raises(InputError, match=says):
            parse_case(told)


def test_what_needs_a_solver_beside_this_one_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="coupled_simulation"):
        parse_case(into_windkessel(coupled_simulation=True))
    told = into_windkessel()
    entry = {"name": "LV", "type": "FLOW", "location": "inlet", "connected_block": "artery", "periodic": False}
    told["external_solver_coupling_blocks"] = [entry | {"values": {"t": [0.0, 1.0], "Q": [1.0, 1.0]}}]
    with pytest.raises(UnsupportedError, match=r"external_solver_coupling_blocks\[0\] \(LV\).periodic"):
        parse_case(told)


def test_a_coupling_block_with_its_own_curve_is_a_boundary() -> None:
    told = case([boundary("OUT", "RESISTANCE", R=2.0, Pd=1.0)], [vessel(0, "pipe", "", "OUT", R_poiseuille=1.0)])
    entry = {"name": "LV", "type": "FLOW", "location": "inlet", "connected_block": "pipe"}
    told["external_solver_coupling_blocks"] = [entry | {"values": {"t": [0.0, 1.0], "Q": [3.0, 3.0]}}]
    found = parse_case(told)
    assert parse_case(case_json(found)) == found
    np.testing.assert_allclose(run(found).of("pressure:LV:pipe"), 3.0 * 3.0 + 1.0)


def test_a_file_that_is_no_case(tmp_path: Path) -> None:
    path = tmp_path / "case.json"
    for text, says in (("{", "cannot be read as JSON"), ("[]", "case is not an object")):
        path.write_text(text)
        with pytest.raises(InputError, match=says):
            read_case(path)
    path.write_text('{"vessels": [], "vessels": []}')
    with pytest.raises(InputError, match="stands twice in one object; got vessels"):
        read_case(path)
    with pytest.raises(InputError, match=r"cannot be read"):
        read_case(tmp_path / "absent.json")
    with pytest.raises(InputError, match=r"ending in .json or .csv"):
        check_result_name(tmp_path / "result.xml")


def test_curves_repeat_and_go_on_before_their_first_point() -> None:
    points, values = np.array([0.25, 0.5, 1.25]), np.array([1.0, 2.0, 8.0])
    before, after, share = places(points, np.array([0.0, 0.25, 0.375, 0.5, 0.8, 1.25]))
    found = values[before] + (values[after] - values[before]) * share
    np.testing.assert_allclose(found, [0.0, 1.0, 1.5, 2.0, 4.4, 1.0])


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_equations_said_to_be_straight_have_coefficients_that_never_change(kind: Kind) -> None:
    """They change by as much from wherever and whenever the variables are moved."""
    random = np.random.default_rng(7)
    inlets = 1
    outlets = 0 if kind.outlets == (0, 1) else 2 if kind.outlets[1] is None else 1
    sizes = {"ends": (inlets + outlets, 1), "outlets": (outlets, 1)}
    p = defaultdict(lambda: random.uniform(0.5, 1.0, 1))
    p |= {one.name: random.uniform(0.5, 1.0, sizes.get(one.per, 1)) for one in kind.values if one.per != "t"}
    rows = 2 * (inlets + outlets) + len(kind.inside) + len(kind.reads)
    towards = random.normal(size=(2, rows, 1))
    changes = []
    for _ in range(2):
        u = defaultdict(lambda: random.uniform(0.5, 1.0, 1), rest=np.array([False]))
        u |= {name: one[0] for name, one in kind.drive(p, Clock(random.uniform(size=(1, 1)), 1.0)).items()}
        at = random.uniform(1.0, 2.0, size=towards.shape)
        before, after = (kind.equations(Now(*moved, p, u, inlets, outlets)) for moved in (at, at + towards))
        changes.append([float((b - a)[0]) for a, b in zip(before, after, strict=True)])
    assert len(changes[0]) == inlets + outlets + len(kind.inside)
    straight = [n for n in range(len(changes[0])) if n not in kind.bends(p)]
    np.testing.assert_allclose(*([one[n] for n in straight] for one in changes), rtol=1e-9, atol=1e-12)
