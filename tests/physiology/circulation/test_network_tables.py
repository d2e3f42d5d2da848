"""Tables of vessels and inflows: what is read, and what is refused with row, field and rule."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from vitruvian.core import DataError, SolveError
from vitruvian.physiology.circulation.network_1d import (
    Network,
    Outlet,
    Tube,
    read_inflow,
    read_network,
    simulate_network,
)

HEADER = "vessel,from,to,length_m,radius_proximal_m,radius_distal_m,thickness_m,young_Pa,R1_Pa_s_m3,R2_Pa_s_m3,C_m3_Pa"
AORTA = "aorta,1,2,0.2,0.012,0.01,0.001,4e5,,,"
LEFT = "left,2,3,0.1,0.006,0.006,by_radius,7e5,7e7,3e9,4e-10"
RIGHT = "right,2,4,0.1,0.006,0.006,0.0007,7e5,7e7,3e9,4e-10"


def read(folder: Path, *rows: str, header: str = HEADER) -> Network:
    path = folder / "vessels.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return read_network(path)


def test_a_good_table_is_read(tmp_path: Path) -> None:
    network = read(tmp_path, AORTA, LEFT, "", RIGHT)
    assert network.inlet.name == "aorta"
    assert network.tube("left").thickness is None
    assert network.tube("right").outlet == Outlet(7e7, 3e9, 4e-10)
    assert [tube.name for tube in network.upstream("right")] == ["aorta", "right"]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((), "needs vessels"),
        ((AORTA,), "row 1 (aorta), to; got 2, where nothing follows (dangling)"),
        ((AORTA, LEFT, RIGHT.replace("right", "left")), "row 2, vessel"),
        ((AORTA, LEFT, RIGHT.replace(",0.1,", ",-0.1,")), "row 3 (right), length"),
        ((AORTA, LEFT, RIGHT.replace("0.006,0.0007", "6,0.0007")), "row 3 (right), radius_distal"),
        ((AORTA, LEFT, RIGHT.replace("0.0007", "0.009")), "row 3 (right), thickness"),
        ((AORTA, LEFT, RIGHT.replace("0.0007", "")), "row 3 (right), thickness_m; got empty"),
        ((AORTA, LEFT, RIGHT.replace("7e5", "stiff")), "row 3 (right), young_Pa; got stiff"),
        ((AORTA, LEFT, RIGHT.replace("3e9", "-3e9")), "row 3 (right), R2"),
        ((AORTA, LEFT, RIGHT.replace("3e9", "")), "row 3 (right), R2 and C"),
        ((AORTA, LEFT, RIGHT.replace("2,4", "4,4")), "row 3 (right), to; got 4"),
        ((AORTA, LEFT, RIGHT.replace("2,4", "2,3")), "two vessels end in 3"),
        ((AORTA.replace(",,,", ",7e7,3e9,4e-10"), LEFT, RIGHT), "vessels follow at 2"),
        ((AORTA, LEFT, RIGHT.replace("2,4", "5,4")), "inlet of the network; got 1, 5"),
        ((AORTA, LEFT, "a,7,8,0.1,0.01,0.01,0.001,4e5,,,", "b,8,7,0.1,0.01,0.01,0.001,4e5,,,"), "out of reach"),
        (("a,1,2,0.1,0.01,0.01,0.001,4e5,,,", "b,2,1,0.1,0.01,0.01,0.001,4e5,,,"), "run in a circle"),
        ((AORTA, LEFT, RIGHT + ",1"), "row 3; got 12 fields"),
    ],
)  # fmt: skip
def test_a_broken_table_is_refused(rows: tuple[str, ...], told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, *rows)
    assert told in str(error.value)


def test_columns_are_known_and_there(tmp_path: Path) -> None:
    for header in (HEADER.replace("young_Pa", "E"), HEADER.replace(",young_Pa", ""), HEADER + ",vessel"):
        with pytest.raises(DataError, match="columns"):
            read(tmp_path, AORTA, header=header)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("time,q\n0,1\n", "columns"),
        ("seconds,inflow_m3_s\n0,0\n1,0\n", "three or more"),
        ("seconds,inflow_m3_s\n0.1,0\n0.5,1e-5\n1,0\n", "from 0"),
        ("seconds,inflow_m3_s\n0,0\n0.5,1e-5\n0.5,0\n", "rising"),
        ("seconds,inflow_m3_s\n0,0\n0.5,90\n1,0\n", "1 mL/s is 1e-6"),
        ("seconds,inflow_m3_s\n0,0\n0.5,fast\n1,0\n", "row 2, inflow_m3_s"),
        ("seconds,inflow_m3_s\n0,0,1\n0.5,0\n1,0\n", "row 1; got 3 fields"),
    ],
)
def test_a_broken_inflow_is_refused(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "inflow.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as error:
        read_inflow(path)
    assert told in str(error.value)


@pytest.mark.slow
def test_a_vessel_that_collapses_says_so() -> None:
    soft = Tube("a", "1", "2", 0.1, 1e-2, 1e-2, 1e4, 1e-4, outlet=Outlet(R1=1e8))
    with pytest.raises(SolveError, match="outrun the steps, or a vessel collapses"):
        simulate_network(
            Network((soft,)), (np.array([0.0, 0.1, 0.2]), np.array([0.0, -1e-3, 0.0])), dx=1e-2, points=16, start=0.0
        )
