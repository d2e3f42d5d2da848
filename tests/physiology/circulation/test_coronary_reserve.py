"""Coronary trees: closed forms, order, the published formula, bands, refusals."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest

from vitruvian.core import DataError, InputError
from vitruvian.physiology.circulation.coronary import (
    LAWS,
    CoronaryTree,
    Reserve,
    Segment,
    Uncertainty,
    flow_reserve,
    losses,
    read_tree,
    steady_flows,
)

CERTAIN = Uncertainty(exponent=(2.27, 2.27), split=0.0, rest_flow=0.0, widened=0.0, pressure=0.0)
HEADER = "name,parent,length_mm,diameter_mm,stenosis,stenosis_length_mm,stenosis_at_mm"
MMHG = 133.322387415


def artery(stenosis: float, diameter: float = 3.0, length: float = 10.0) -> CoronaryTree:
    narrowed = (stenosis, length, 20.0) if stenosis else (0.0, 0.0, None)
    return CoronaryTree((Segment("LAD", "", 60.0, diameter, *narrowed),))


def end(found: Reserve, law: str = "young_tsai", name: str = "LAD") -> float:
    return next(p.ffr for p in found.places[law] if p.name == name and p.where == "end")


def test_the_coefficients_are_the_published_ones() -> None:
    """Young & Tsai 1973 in CGS by hand: Kv µ Q/(2π r³) + Kt ρ/(2 A²)(A/As − 1)² Q², half the diameter lost."""
    tree = artery(0.5)
    a, b = losses(tree, "young_tsai")
    mu, rho, whole, throat, length = 0.035, 1.06, 0.3, 0.15, 1.0
    area, narrow = np.pi * whole**2 / 4, np.pi * throat**2 / 4
    kv = 32.0 * (0.83 * length + 1.64 * throat) / whole * (area / narrow) ** 2
    healthy = 128.0 * mu * 5.0 / (np.pi * whole**4)
    assert a[0] == pytest.approx((kv * mu / (2.0 * np.pi * 0.15**3) + healthy) * 0.1 / MMHG, rel=1e-12)
    assert b[0] == pytest.approx(1.52 * rho / (2.0 * area**2) * (area / narrow - 1.0) ** 2 * 0.1 / MMHG, rel=1e-12)
    _, expansion = losses(tree, "borda_carnot")
    assert b[0] == pytest.approx(1.52 * expansion[0], rel=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_one_narrowing_is_the_root_of_a_quadratic(law: str) -> None:
    tree = artery(0.6)
    found = flow_reserve(tree, rest_flow=0.9, uncertainty=CERTAIN, draws=20)
    a, b = (float(v[0]) for v in losses(tree, law))
    healthy = 128.0 * 3.5e-3 * 0.06 / (np.pi * 3e-3**4) * 1e-6 / MMHG
    small = 0.24 * ((93.0 - 5.0) / 0.9 - healthy)
    flow = (-(a + small) + np.sqrt((a + small) ** 2 + 4.0 * b * 88.0)) / (2.0 * b)
    assert end(found, law) == pytest.approx(1.0 - (a * flow + b * flow**2) / 93.0, rel=1e-9)


def test_without_narrowings_it_is_poiseuille_in_series_and_parallel() -> None:
    """Flows of linear resistances, by the rules for series and parallel."""
    segments = (Segment("LM", "", 10.0, 4.0), Segment("LAD", "LM", 80.0, 3.0), Segment("LCX", "LM", 60.0, 2.5))
    tree = CoronaryTree(segments)
    a, b = losses(tree, "young_tsai")
    assert not b.any()
    ends = np.array([30.0, 45.0])
    flows = np.asarray(steady_flows(a, b, tree.feeds, ends, np.float64(88.0)))
    branches = a[1:] + ends
    total = 88.0 / (a[0] + 1.0 / np.sum(1.0 / branches))
    np.testing.assert_allclose(flows, total * (1.0 / branches) / np.sum(1.0 / branches), rtol=1e-12)
    two = CoronaryTree((Segment("A", "", 30.0, 3.0), Segment("B", "A", 50.0, 3.0)))
    one = CoronaryTree((Segment("B", "", 80.0, 3.0),))
    assert losses(two, "young_tsai")[0].sum() == pytest.approx(losses(one, "young_tsai")[0][0], rel=1e-12)


def test_the_reserve_falls_with_the_degree_and_laws_keep_their_order() -> None:
    """Up to 0.7: beyond, Young and Tsai's viscous length 0.83 Ls + 1.64 Ds is less than Ls."""
    degrees = (0.0, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9)
    found = {law: [end(flow_reserve(artery(d), uncertainty=CERTAIN, draws=20), law) for d in degrees] for law in LAWS}
    for values in found.values():
        assert np.all(np.diff(values) < 0.0)
        assert values[0] > 0.95
        assert values[-1] < 0.2
    assert all(y < b for y, b in zip(found["young_tsai"][1:5], found["borda_carnot"][1:5], strict=True))


def test_half_the_diameter_is_seldom_and_seven_tenths_mostly_below_the_cut() -> None:
    """Lesions of 50 to 70 % were functionally significant in 35 %, of 71 to 90 % in 80 %, of 91 to 99 % in 96 %:
    FAME, Tonino 2010 (doi 10.1016/j.jacc.2009.11.096). A mid-sized vessel lies between those."""
    below = {d: flow_reserve(artery(d), draws=200).places["young_tsai"][-1].below for d in (0.3, 0.5, 0.7, 0.85)}
    assert below[0.3] < 0.05
    assert below[0.5] < 0.5 < below[0.7]
    assert below[0.85] > 0.95


def test_a_derivative_is_that_of_differences() -> None:
    tree = artery(0.6)
    a, b = losses(tree, "young_tsai")

    def flow(scale: float) -> jax.Array:
        return steady_flows(a * scale, b * scale, tree.feeds, np.array([25.0]), np.float64(88.0))[0]

    exact = float(jax.grad(flow)(1.0))
    assert exact == pytest.approx(float(flow(1.0 + 1e-5) - flow(1.0 - 1e-5)) / 2e-5, rel=1e-6)


def test_a_narrowing_upstream_is_felt_downstream_and_steals_nothing_beside_it() -> None:
    healthy = CoronaryTree(
        (Segment("LM", "", 10.0, 4.2), Segment("LAD", "LM", 60.0, 3.2), Segment("LCX", "LM", 60.0, 3.0))
    )
    lad = replace(healthy.segments[1], stenosis=0.7, stenosis_length=10.0, at=20.0)
    ill = CoronaryTree((healthy.segments[0], lad, healthy.segments[2]))
    before, after = (flow_reserve(t, uncertainty=CERTAIN, draws=20) for t in (healthy, ill))
    assert end(after) < 0.7 < end(before)
    assert end(after, name="LCX") >= end(before, name="LCX")
    past = next(p for p in after.places["young_tsai"] if p.where == "past the narrowing")
    assert end(after) < past.ffr
    assert past.rest > past.ffr
    assert "LAD loses" in past.reasons[0]


def test_bands_hold_the_middle_repeat_and_vanish_with_certainty() -> None:
    tree = artery(0.55)
    first, second = (flow_reserve(tree, draws=100, seed=3) for _ in range(2))
    assert first == second
    place = first.places["young_tsai"][-1]
    assert place.low < place.ffr < place.high
    sure = flow_reserve(tree, uncertainty=CERTAIN, draws=100).places["young_tsai"][-1]
    assert sure.low == pytest.approx(sure.high, abs=1e-12)
    assert sure.ffr == pytest.approx(place.ffr, rel=1e-12)


def test_what_cannot_be_is_refused() -> None:
    tree = artery(0.5)
    for given in ({"pressure": 12.0}, {"venous": 60.0}, {"rest_flow": 60.0}, {"draws": 3}):
        with pytest.raises(InputError, match="allowed"):
            flow_reserve(tree, **given)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="too narrow for the flow at rest"):
        flow_reserve(artery(0.0, diameter=0.6), rest_flow=3.0)
    with pytest.raises(DataError, match="1 to 4"):
        Uncertainty(exponent=(3.0, 2.0))


def read(folder: Path, *rows: str, header: str = HEADER) -> CoronaryTree:
    path = folder / "tree.csv"
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return read_tree(path)


def test_a_good_table_is_read(tmp_path: Path) -> None:
    tree = read(tmp_path, "LM,,10,4.2,0,0,", "LAD,LM,60,3.2,0.5,10,20", "LCX,LM,60,3.0,,,")
    assert tree.root.name == "LM"
    assert tree.segments[1] == Segment("LAD", "LM", 60.0, 3.2, 0.5, 10.0, 20.0)
    assert tree.outlets == (1, 2)


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ((), "needs segments"),
        (("LM,,10,4.2,50,5,5",), "row 1 (LM), stenosis; got 50"),
        (("LM,,10,4.2,0.99,5,5",), "row 1 (LM), stenosis"),
        (("LM,,10,4.2,0.5,0,5",), "row 1 (LM), stenosis_length"),
        (("LM,,10,4.2,0.5,12,5",), "row 1 (LM), stenosis_length"),
        (("LM,,10,4.2,0.5,6,9",), "row 1 (LM), stenosis_at"),
        (("LM,,10,4.2,0.5,6,",), "row 1 (LM), stenosis_at"),
        (("LM,,10,4.2,0,0,5",), "row 1 (LM), stenosis_at"),
        (("LM,,0.01,4.2,0,0,",), "row 1 (LM), length"),
        (("LM,,10,-4.2,0,0,",), "row 1 (LM), diameter"),
        (("LM,,10,wide,0,0,",), "row 1, diameter_mm; got wide"),
        (("LM,,10,nan,0,0,",), "row 1, diameter_mm"),
        (("LM,,10,4.2,0,0,", "LM,LM,10,3,0,0,"), "row 2 (LM), name"),
        (("LM,,10,4.2,0,0,", "LAD,RCA,10,3,0,0,"), "row 2 (LAD), parent; got RCA"),
        (("LM,,10,4.2,0,0,", "A,B,10,3,0,0,", "B,A,10,3,0,0,"), "its own ancestor"),
        (("LM,,10,4.2,0,0,", "RCA,,10,3,0,0,"), "exactly one row"),
        (("A,B,10,4.2,0,0,", "B,A,10,3,0,0,"), "no root"),
        (("LM,,10,4.2,0,0",), "row 1; got 6 fields"),
    ],
)  # fmt: skip
def test_a_broken_table_is_refused(rows: tuple[str, ...], told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError) as error:
        read(tmp_path, *rows)
    assert told in str(error.value)


def test_columns_are_known_and_there(tmp_path: Path) -> None:
    for header in ("name,parent,length,diameter", HEADER + ",note", HEADER.replace(",stenosis_at_mm", "")):
        with pytest.raises(DataError, match="columns"):
            read(tmp_path, header=header)
