"""svZeroDSolver's files: what comes out is what svZeroDSolver gives."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from vitruvian.physiology.circulation.svzerod import Run, parse_case, read_case, run, table

HERE = Path(__file__).parent / "svzerod"
QUICK = ("steadyFlow_stenosis_R",)
SLOW = (
    "closedLoopHeart_singleVessel",
    "pulsatileFlow_R_RCR",
    "pulsatileFlow_R_coronary",
    "steadyFlow_RLC_R",
    "steadyFlow_R_R",
    "steadyFlow_R_RCR",
    "steadyFlow_R_coronary",
    "steadyFlow_R_steadyPressure",
    "steadyFlow_bifurcationR_R1",
    "steadyFlow_blood_vessel_junction",
    "steadyFlow_confluenceR_R",
)


@pytest.fixture(scope="module")
def every_block() -> Run:
    return run(read_case(HERE / "every_block.json"))


def test_every_block_gives_what_svzerodsolver_gives(every_block: Run) -> None:
    """All kinds of blocks, activations and valves in one file; expected by a build of svZeroDSolver, 12 digits."""
    expected = json.loads((HERE / "every_block_expected.json").read_text())
    assert list(expected) == list(every_block.variables)
    for name, course in expected.items():
        scale = max(np.abs(course).max(), 1e-9)
        np.testing.assert_allclose(every_block.of(name), course, rtol=0.0, atol=1e-9 * scale, err_msg=name)


def test_blood_neither_vanishes_nor_appears_in_junctions(every_block: Run) -> None:
    into, out = every_block.of("flow:narrow:dividing"), every_block.of("flow:dividing:to_coronary")
    np.testing.assert_allclose(into, out + every_block.of("flow:dividing:to_varying"), atol=1e-9)


def conform(shared: Path, name: str) -> None:
    with tarfile.open(shared / "data" / "conformance" / "svzerod" / "svzerod_cases.tar.gz") as archive:

        def member(path: str) -> Any:
            found = archive.extractfile(path)
            assert found is not None
            return json.load(io.TextIOWrapper(found, encoding="utf-8"))

        case, expected = member(f"cases/{name}.json"), member(f"cases/results/result_{name}.json")
    found = table(run(parse_case(case)))
    assert found["name"] == list(expected["name"].values())
    names = np.array(found["name"])
    for column in ("time", "flow_in", "flow_out", "pressure_in", "pressure_out"):
        got, want = np.array(found[column]), np.array(list(expected[column].values()))
        for one in set(names):
            rows = names == one
            # the files hold ten decimals: where a flow passes zero that is more than 1e-6 of it, so by its largest
            scale = np.abs(want[rows]).max()
            np.testing.assert_allclose(got[rows], want[rows], rtol=1e-6, atol=1e-9 * max(scale, 1.0), err_msg=column)


@pytest.mark.parametrize("name", QUICK)
def test_conforms(shared: Path, name: str) -> None:
    conform(shared, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", SLOW)
def test_conforms_too(shared: Path, name: str) -> None:
    conform(shared, name)
