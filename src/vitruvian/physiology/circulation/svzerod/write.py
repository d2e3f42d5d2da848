"""Writes a case back as the JSON that svZeroDSolver reads."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from vitruvian.physiology.circulation.svzerod.activation import ACTIVATIONS
from vitruvian.physiology.circulation.svzerod.case import Block, Case
from vitruvian.physiology.circulation.svzerod.kinds import KINDS

_COUPLINGS = "external_solver_coupling_blocks"
# name, kind, and values of a block, by the part of the file it stands in
_KEYS = {
    "vessels": ("vessel_name", "zero_d_element_type", "zero_d_element_values"),
    _COUPLINGS: ("name", "type", "values"),
    "boundary_conditions": ("bc_name", "bc_type", "bc_values"),
    "junctions": ("junction_name", "junction_type", "junction_values"),
    "closed_loop_blocks": ("", "closed_loop_type", "parameters"),
    "valves": ("name", "type", "params"),
    "chambers": ("name", "type", "values"),
}


def case_json(case: Case) -> dict[str, Any]:
    """The case as JSON objects; `parse_case` gives the same case from it."""
    settings = {name: value for name, value in asdict(case.simulation).items() if value is not None}
    found: dict[str, Any] = {
        **case.rest,
        "simulation_parameters": settings | case.rest.get("simulation_parameters", {}),
    }
    found |= {section: [_entry(one) for one in case.blocks if one.section == section] for section in _KEYS}
    for name, state in (("initial_condition", case.initial), ("initial_condition_d", case.initial_slope)):
        found |= {name: dict(state)} if state else {}
    return {name: part for name, part in found.items() if part != [] or name == "boundary_conditions"}


def write_case(case: Case, path: Path) -> None:
    """Write the case as a JSON file."""
    path.write_text(json.dumps(case_json(case), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _entry(block: Block) -> dict[str, Any]:
    name, kind, values = _KEYS[block.section]
    words = KINDS[block.kind].words
    given = {key: list(one) if isinstance(one, tuple) else one for key, one in block.values.items()}
    entry: dict[str, Any] = {name: block.name} if name else {}
    entry |= {kind: block.kind} | {key: one for key, one in block.about.items() if key not in words}
    if block.activation:
        theirs = [rule.name for rule in ACTIVATIONS[block.activation].values]
        entry["activation_function"] = {"type": block.activation, **{key: given.pop(key) for key in theirs}}
    given |= {word: block.about[word] for word in words if word in block.about}
    return entry | ({values: given} if given or block.section != "junctions" else {})
