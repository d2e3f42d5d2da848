"""Reads a case of svZeroDSolver from its JSON: refused whole with the place and the rule, or taken whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from math import isclose
from pathlib import Path
from typing import Any

from vitruvian.core import DataError, InputError, UnknownNameError, UnsupportedError
from vitruvian.physiology.circulation.svzerod.activation import ACTIVATIONS
from vitruvian.physiology.circulation.svzerod.case import Block, Case, Simulation
from vitruvian.physiology.circulation.svzerod.chambers import ACTIVATED
from vitruvian.physiology.circulation.svzerod.fields import Entry
from vitruvian.physiology.circulation.svzerod.graph import check_graph
from vitruvian.physiology.circulation.svzerod.heart import HEART
from vitruvian.physiology.circulation.svzerod.kinds import KINDS, SECTIONS

_HEART_INLET, _HEART_OUTLET = "J_heart_inlet", "J_heart_outlet"
_COUPLINGS = "external_solver_coupling_blocks"
_MODEL = (*SECTIONS, _COUPLINGS, "simulation_parameters", "initial_condition", "initial_condition_d")

Parts = tuple[list[Block], list[tuple[str, str]]]


def read_case(path: Path) -> Case:
    """The case in a file. Raises `InputError` where the file is no JSON, else as `parse_case`."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{path} cannot be read as JSON", got=str(error), allowed="a case of svZeroDSolver") from error
    return parse_case(found)


def parse_case(found: Any) -> Case:
    """A case from its JSON objects.

    Raises `DataError` for a value that is missing or out of bounds, `UnknownNameError` for a kind of block or name that
    does not exist, `UnsupportedError` for what needs a coupled solver, `InputError` for a graph that hangs loose.
    """
    whole = Entry(found, "case")
    blocks: list[Block] = []
    connections: list[tuple[str, str]] = []
    simulation = _simulation(whole.entry("simulation_parameters"))
    whole.get("boundary_conditions")
    vessels = _vessel_names(whole)
    readers: tuple[Callable[[], Parts], ...] = (
        lambda: _vessels(whole),
        lambda: _couplings(whole),
        lambda: _boundaries(whole),
        lambda: _junctions(whole, vessels),
        lambda: _hearts(whole, blocks),
        lambda: _valves(whole),
        lambda: _chambers(whole),
    )
    for reader in readers:
        more, joined = reader()
        blocks.extend(more)
        connections.extend(joined)
    check_graph(blocks, connections)
    return Case(
        simulation,
        tuple(blocks),
        tuple(connections),
        _period(simulation, blocks),
        _state(whole, "initial_condition"),
        _state(whole, "initial_condition_d"),
        _beyond(whole, simulation),
    )


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs if not name.startswith("_")]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise DataError("a name stands twice in one object", got=", ".join(twice), allowed="each name once")
    return found


def _simulation(given: Entry) -> Simulation:
    if given.truth("coupled_simulation", False):
        raise UnsupportedError(
            "simulation_parameters.coupled_simulation: a solver that runs beside this one is not supported",
            got="true",
            allowed="false",
            todo="Give the blocks of external_solver_coupling_blocks their curves over time and run the case alone.",
        )
    around = given.truth("use_cycle_to_cycle_error", False)
    found = Simulation(
        given.whole("number_of_cardiac_cycles", least=2 if around else 1),
        given.whole("number_of_time_pts_per_cardiac_cycle", least=2),
        maximum_nonlinear_iterations=given.whole("maximum_nonlinear_iterations", 30),
        output_interval=given.whole("output_interval", 1),
        use_cycle_to_cycle_error=around,
        **{name: given.truth(name, default) for name, default in _TRUTHS.items()},
    )
    numbers = {name: _above_zero(given, name) for name in _POSITIVE if name in given}
    numbers |= {"rho_infty": given.number("rho_infty")} if "rho_infty" in given else {}
    found = replace(found, **numbers)
    if not 0.0 <= found.rho_infty <= 1.0:
        place = f"{given.place}.rho_infty"
        raise DataError(f"{place} is out of bounds", got=found.rho_infty, allowed="from 0 to 1")
    return found


_POSITIVE = ("cardiac_period", "absolute_tolerance", "sim_cycle_to_cycle_percent_error")
_TRUTHS = {
    "steady_initial": True,
    "output_variable_based": False,
    "output_mean_only": False,
    "output_derivative": False,
    "output_all_cycles": False,
}


def _above_zero(given: Entry, name: str) -> Any:
    found = given.number(name)
    if name == "cardiac_period" and found == -1.0:  # svZeroDSolver's word for "not given"
        return None
    if found <= 0.0:
        raise DataError(f"{given.place}.{name} is out of bounds", got=found, allowed="> 0")
    return found


def _entries(whole: Entry, section: str, name_key: str) -> Iterator[Entry]:
    found = whole.found.get(section, [])
    if not isinstance(found, list):
        raise DataError(f"{section} is not a list", got=type(found).__name__, allowed="[…]")
    for n, one in enumerate(found):
        entry = Entry(one, f"{section}[{n}]")
        yield Entry(one, f"{section}[{n}] ({entry.text(name_key)})")


def _block(entry: Entry, section: str, name: str, kind: str, values: str, used: tuple[str, ...]) -> Block:
    allowed = SECTIONS[section]
    found = KINDS.get(kind)
    if found not in allowed:
        names = ", ".join(one.name for one in allowed)
        raise UnknownNameError(f"{entry.place}: no such kind of block here", got=kind, allowed=names)
    given = entry.entry(values) if values in entry else Entry({}, f"{entry.place}.{values}")
    numbers = given.values(found.values, found.words)
    about = {key: one for key, one in entry.found.items() if key not in (*used, values)}
    about |= {word: given.found[word] for word in found.words if word in given}
    return Block(name, kind, section, numbers, about=about)


def _vessel_names(whole: Entry) -> dict[int, str]:
    found: dict[int, str] = {}
    for entry in _entries(whole, "vessels", "vessel_name"):
        number = entry.whole("vessel_id", least=0)
        if number in found:
            raise DataError(f"{entry.place}.vessel_id stands twice", got=number, allowed="a number for each vessel")
        found[number] = entry.text("vessel_name")
    return found


def _vessels(whole: Entry) -> Parts:
    blocks, joined = [], []
    for entry in _entries(whole, "vessels", "vessel_name"):
        name = entry.text("vessel_name")
        used = ("vessel_name", "zero_d_element_type")
        kind = entry.text("zero_d_element_type")
        blocks.append(_block(entry, "vessels", name, kind, "zero_d_element_values", used))
        if "boundary_conditions" in entry:
            ends = entry.entry("boundary_conditions")
            joined += [(ends.text("inlet"), name)] if "inlet" in ends else []
            joined += [(name, ends.text("outlet"))] if "outlet" in ends else []
    return blocks, joined


def _couplings(whole: Entry) -> Parts:
    blocks, joined = [], []
    for entry in _entries(whole, _COUPLINGS, "name"):
        name, kind = entry.text("name"), entry.text("type")
        if not entry.truth("periodic", True):
            raise UnsupportedError(
                f"{entry.place}.periodic: a curve that a solver beside this one goes on writing is not supported",
                got="false",
                allowed="true",
            )
        location, other = entry.text("location"), entry.text("connected_block")
        if location not in ("inlet", "outlet"):
            raise UnknownNameError(f"{entry.place}.location", got=location, allowed="inlet, outlet")
        block = _block(entry, "boundary_conditions", name, kind, "values", ("name", "type"))
        blocks.append(Block(name, kind, _COUPLINGS, block.values, about=block.about))
        if other != "ClosedLoopHeartAndPulmonary":
            joined.append((name, other) if location == "inlet" else (other, name))
    return blocks, joined


def _boundaries(whole: Entry) -> Parts:
    blocks = []
    for entry in _entries(whole, "boundary_conditions", "bc_name"):
        kind = entry.text("bc_type")
        name = entry.text("bc_name")
        blocks.append(_block(entry, "boundary_conditions", name, kind, "bc_values", ("bc_name", "bc_type")))
    return blocks, []


def _junctions(whole: Entry, vessels: Mapping[int, str]) -> Parts:
    blocks, joined = [], []
    for entry in _entries(whole, "junctions", "junction_name"):
        name, kind = entry.text("junction_name"), entry.text("junction_type")
        block = _block(entry, "junctions", name, kind, "junction_values", ("junction_name", "junction_type"))
        blocks.append(block)
        if "inlet_vessels" in entry and "outlet_vessels" in entry:
            before, after = (_by_number(entry, key, vessels) for key in ("inlet_vessels", "outlet_vessels"))
        else:
            before, after = entry.texts("inlet_blocks"), entry.texts("outlet_blocks")
        _check_lengths(entry, block, len(before), len(after))
        joined += [(other, name) for other in before] + [(name, other) for other in after]
    return blocks, joined


def _by_number(entry: Entry, key: str, vessels: Mapping[int, str]) -> tuple[str, ...]:
    found = entry.get(key)
    for one in found if isinstance(found, list) else [found]:
        if one not in vessels:
            known = ", ".join(map(str, vessels))
            raise UnknownNameError(f"{entry.place}.{key}: no vessel has this vessel_id", got=one, allowed=known)
    return tuple(vessels[one] for one in found)


def _check_lengths(entry: Entry, block: Block, inlets: int, outlets: int) -> None:
    counts = {"ends": inlets + outlets, "outlets": outlets}
    for rule in KINDS[block.kind].values:
        numbers = block.values[rule.name]
        if isinstance(numbers, tuple) and len(numbers) != counts[rule.per]:
            place = f"{entry.place}.junction_values.{rule.name}"
            what = f"{place} has another length than the {rule.per}"
            raise DataError(what, got=len(numbers), allowed=counts[rule.per])


def _hearts(whole: Entry, before: list[Block]) -> Parts:
    entries = list(_entries(whole, "closed_loop_blocks", "closed_loop_type"))
    if not entries:
        return [], []
    if len(entries) > 1:
        raise DataError("closed_loop_blocks has more than one heart", got=len(entries), allowed=1)
    (entry,) = entries
    kind = entry.text("closed_loop_type")
    heart = _block(entry, "closed_loop_blocks", HEART, kind, "parameters", ("closed_loop_type",))
    if entry.number("cardiac_cycle_period") <= 0.0:
        place = f"{entry.place}.cardiac_cycle_period"
        raise DataError(f"{place} is out of bounds", got=entry.number("cardiac_cycle_period"), allowed="> 0")
    returning = [one.name for one in before if _returns(one)]
    blocks = [heart, *(Block(name, "NORMAL_JUNCTION", "", {}) for name in (_HEART_INLET, _HEART_OUTLET))]
    joined = [(_HEART_INLET, HEART), *((name, _HEART_INLET) for name in returning)]
    joined += [(HEART, _HEART_OUTLET), *((_HEART_OUTLET, name) for name in entry.texts("outlet_blocks"))]
    return blocks, joined


def _returns(block: Block) -> bool:
    """Whether the blood of this boundary condition flows back to the heart."""
    if block.kind == "ClosedLoopRCR":
        return block.about.get("closed_loop_outlet") is True
    return block.kind.startswith("ClosedLoopCoronary")


def _valves(whole: Entry) -> Parts:
    blocks, joined = [], []
    for entry in _entries(whole, "valves", "name"):
        name, ends = entry.text("name"), entry.entry("params")
        blocks.append(_block(entry, "valves", name, entry.text("type"), "params", ("name", "type")))
        joined += [(ends.text("upstream_block"), name), (name, ends.text("downstream_block"))]
    return blocks, joined


def _chambers(whole: Entry) -> Parts:
    blocks = []
    for entry in _entries(whole, "chambers", "name"):
        name, kind = entry.text("name"), entry.text("type")
        block = _block(entry, "chambers", name, kind, "values", ("name", "type", "activation_function"))
        if kind in ACTIVATED:
            given = entry.entry("activation_function")
            activation = ACTIVATIONS.get(given.text("type"))
            if activation is None:
                known = ", ".join(ACTIVATIONS)
                raise UnknownNameError(f"{given.place}.type: no such activation", got=given.text("type"), allowed=known)
            numbers = {**block.values, **given.values(activation.values, ("type",))}
            block = Block(name, kind, "chambers", numbers, activation.name, block.about)
        blocks.append(block)
    return blocks, []


def _period(simulation: Simulation, blocks: list[Block]) -> float:
    """The one length of the cardiac cycle, s; 1 where nothing tells it."""
    told = {} if simulation.cardiac_period is None else {"simulation_parameters": simulation.cardiac_period}
    for block in blocks:
        if block.kind == "ClosedLoopHeartAndPulmonary":
            told[block.name] = float(block.about["cardiac_cycle_period"])
        times = block.values.get("t")
        waves = [block.values[name] for name in KINDS[block.kind].waves]
        if isinstance(times, tuple) and any(isinstance(one, tuple) and len(one) > 1 for one in waves):
            told[block.name] = times[-1] - times[0]
    if not told:
        return 1.0
    first = next(iter(told.values()))
    if not all(isclose(one, first, rel_tol=1e-9) for one in told.values()):
        got = ", ".join(f"{name} {one:.10g} s" for name, one in told.items())
        raise DataError("cardiac periods differ", got=got, allowed="one length for all", todo="Make them agree.")
    return first


def _state(whole: Entry, key: str) -> dict[str, float]:
    if key not in whole:
        return {}
    given = whole.entry(key)
    return {name: given.number(name) for name in given.found if not name.startswith("_")}


def _beyond(whole: Entry, simulation: Simulation) -> dict[str, Any]:
    """What stands in the file beyond the model."""
    known = {one.name for one in fields(simulation)} | {"coupled_simulation"}
    settings = {k: one for k, one in whole.entry("simulation_parameters").found.items() if k not in known}
    found = {key: one for key, one in whole.found.items() if key not in _MODEL}
    return found | ({"simulation_parameters": settings} if settings else {})
