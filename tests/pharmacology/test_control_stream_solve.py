"""Control streams give NONMEM's numbers: golden rows, and the same model written in different ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from vitruvian.infer import map_estimate
from vitruvian.model import Subject, compile_events, read_dataset, simulate
from vitruvian.pharmacology.nonmem import ControlStreamModel, read_control_stream

NONMEM = 5e-5  # relative: NONMEM's tables print five digits
TAIL = "$ERROR\nY = F*(1 + EPS(1))\n$THETA (0, 1)\n$OMEGA .1\n$SIGMA .05\n"


def model(folder: Path, code: str, inputs: str = "ID TIME AMT RATE II ADDL SS CMT EVID DV", tail: str = TAIL) -> Any:
    path = folder / "model.mod"
    path.write_text(f"$PROBLEM test\n$INPUT {inputs}\n$DATA x.csv\n{code}\n{tail}", encoding="utf-8")
    return read_control_stream(path)


def people(folder: Path, of: ControlStreamModel, text: str) -> list[Subject]:
    path = folder / "data.csv"
    path.write_text(text, encoding="utf-8")
    return read_dataset(path, of)


def predictions(of: ControlStreamModel, subjects: list[Subject]) -> np.ndarray:
    return simulate(of, compile_events(of, subjects))[..., 0]


SCENARIOS = {  # mrgsolve/nmtests 1001-nm.csv: dosing records (AMT, RATE, II, ADDL, CMT, lag, F), and NONMEM's values
    "oral": ((100, 0, 24, 3, 1, 0, 1), {1: 3754.4, 10: 2994.5, 28: 5265.2, 39: 2882.2, 81: 4295.1, 127: 342.15}),
    "bolus, lag, F": ((100, 0, 24, 3, 2, 12.13, 2.23), {39: 12065, 81: 4735.7, 127: 1432.3}),
    "infusion, F": ((480, 10, 0, 0, 2, 0, 0.5), {10: 3845.9, 39: 2919.7, 81: 289.81}),
    "infusion into depot": ((100, 100 / 12, 24, 3, 1, 0, 1), {10: 3038.6, 39: 4079, 81: 4384.3}),
}


def test_event_goldens_of_nonmem(tmp_path: Path) -> None:
    of = model(
        tmp_path,
        "$SUBS ADVAN2 TRANS2\n$PK\nCL=1.1\nV=20\nKA=1.5\nS2=V/1000\nALAG2=LAGT\nF2=BIO*EXP(ETA(1)*0)",
        inputs="ID TIME AMT RATE II ADDL SS CMT EVID DV LAGT BIO",
    )
    times = sorted({t for _, rows in SCENARIOS.values() for t in rows})
    text = "ID,TIME,AMT,RATE,II,ADDL,SS,CMT,EVID,LAGT,BIO\n"
    for k, ((amt, rate, ii, addl, cmt, lag, f), _) in enumerate(SCENARIOS.values(), 1):
        text += f"{k},0,{amt},{rate},{ii},{addl},0,{cmt},1,{lag},{f}\n"
        text += "".join(f"{k},{t},0,0,0,0,0,0,0,{lag},{f}\n" for t in times)
    found = predictions(of, people(tmp_path, of, text))
    for row, (_, expected) in zip(found, SCENARIOS.values(), strict=True):
        mine = [row[times.index(t)] for t in expected]
        assert mine == pytest.approx(list(expected.values()), rel=NONMEM)


def test_time_varying_covariates_follow_nonmem(tmp_path: Path) -> None:
    """mrgsolve/nmtests 2001: weights per record; the next record's weight holds (NOCB)."""
    of = model(tmp_path, "$SUBS ADVAN2 TRANS2\n$PK\nCL=1.1*(WT/70)**.75\nV=20\nKA=1.5\nS2=V/1000\nX=ETA(1)",
               inputs="ID TIME AMT II ADDL CMT EVID WT")  # fmt: skip
    weights = {4: 79.43, 8: 71.21, 12: 63.35}
    text = "ID,TIME,AMT,II,ADDL,CMT,EVID,WT\n1,0,100,24,3,1,1,79.43\n"
    text += "".join(f"1,{t},0,0,0,0,0,{w}\n" for t, w in weights.items())
    found = predictions(of, people(tmp_path, of, text))[0, :3]
    assert found == pytest.approx([4077.8, 3273.5, 2669.1], rel=NONMEM)


G3_DATA = """ID,TIME,AMT,DV
1,0,10000,.
1,1.5,.,91.2904
1,4.4,.,110.826
1,7.1,.,79.384
1,24.6,.,20.6671
2,0,10000,.
2,25.9,.,45.1629
5,0,30000,.
5,1.5,.,466.273
5,3,.,457.846
5,8.9,.,396.271
5,20.8,.,220.096
"""
G3_CODE = "$SUBS ADVAN2 TRANS2\n$PK\nCL=THETA(1)*EXP(ETA(1))\nV=THETA(2)*EXP(ETA(2))\nKA=THETA(3)*EXP(ETA(3))\nS2=V"
G3_TAIL = "$ERROR\nY = F*(1+EPS(1))\n$THETA (0,4) (0,70) (0,1)\n$OMEGA .2 .2 .2\n$SIGMA .05\n"


def test_post_hoc_etas_and_objective_of_nonmem(tmp_path: Path) -> None:
    """mapbayr run001.phi: etas to 1e-5, OBJ to its printed digits, ETC diagonal of ID 1."""
    of = model(tmp_path, G3_CODE, inputs="ID TIME AMT DV", tail=G3_TAIL)
    found = map_estimate(of, compile_events(of, people(tmp_path, of, G3_DATA)))
    expected = [
        [0.405058386, 0.0728505976, -0.0749540941],
        [-0.145364976, 0.0240587840, -0.00618814556],
        [-0.356969487, -0.232178765, 0.0860926557],
    ]
    assert found.eta == pytest.approx(np.array(expected), abs=1e-6)
    assert found.ofv == pytest.approx([27.96777, 6.71642, 40.76272], abs=6e-6)
    assert np.diag(found.covariance[0]) == pytest.approx([1.28120e-2, 2.31664e-2, 1.25253e-1], rel=1e-4)


DOSES = "ID,TIME,AMT,RATE,II,ADDL,CMT,EVID\n1,0,100,0,12,2,1,1\n1,0.5,60,20,0,0,{iv},1\n"
TIMES = (1, 4, 6, 11, 12, 20, 30, 48)
ROWS = DOSES + "".join(f"1,{t},0,0,0,0,0,0\n" for t in TIMES)

CL, V2, Q, V3, KA, Q4, V4 = 5.0, 20.0, 3.0, 40.0, 1.2, 2.0, 150.0


def written(**pk: float) -> str:
    return "\n".join(f"{name} = {float(value)!r}" for name, value in pk.items()) + "\nZERO = ETA(1)\n"


def exponents(matrix: np.ndarray) -> list[float]:
    return sorted(-np.linalg.eigvals(matrix).real, reverse=True)


K, K23, K32, K24, K42 = CL / V2, Q / V2, Q / V3, Q4 / V2, Q4 / V4
ALPHA, BETA = exponents(np.array([[-K - K23, K32], [K23, -K32]]))
A3, B3, G3 = exponents(np.array([[-K - K23 - K24, K32, K42], [K23, -K32, 0], [K24, 0, -K42]]))
SAME = {  # the same model in every TRANS, by rate constants between compartments, and as differential equations
    "one compartment": (2, [
        ("ADVAN2 TRANS1", written(K=K, KA=KA)),
        ("ADVAN2 TRANS2", written(CL=CL, V=V2, KA=KA)),
        ("ADVAN5\n$MODEL COMP=(DEPOT) COMP=(CENTRAL)", written(K12=KA, K20=K)),
    ]),
    "two compartments": (2, [
        ("ADVAN4 TRANS1", written(K=K, K23=K23, K32=K32, KA=KA)),
        ("ADVAN4 TRANS3", written(CL=CL, V=V2, Q=Q, VSS=V2 + V3, KA=KA)),
        ("ADVAN4 TRANS4", written(CL=CL, V2=V2, Q=Q, V3=V3, KA=KA)),
        ("ADVAN4 TRANS5", written(AOB=(ALPHA - K32) / (K32 - BETA), ALPHA=ALPHA, BETA=BETA, KA=KA)),
        ("ADVAN4 TRANS6", written(ALPHA=ALPHA, BETA=BETA, K32=K32, KA=KA)),
        ("ADVAN7\n$MODEL COMP=(DEPOT) COMP=(CENTRAL) COMP=(SIDE)", written(K12=KA, K24=K, K23=K23, K3T2=K32)),
    ]),
    "three compartments": (2, [
        ("ADVAN12 TRANS1", written(K=K, K23=K23, K32=K32, K24=K24, K42=K42, KA=KA)),
        ("ADVAN12 TRANS4", written(CL=CL, V2=V2, Q3=Q, V3=V3, Q4=Q4, V4=V4, KA=KA)),
        ("ADVAN12 TRANS6", written(ALPHA=A3, BETA=B3, GAMMA=G3, K32=K32, K42=K42, KA=KA)),
    ]),
    "two compartments without depot": (1, [
        ("ADVAN3 TRANS1", written(K=K, K12=K23, K21=K32)),
        ("ADVAN3 TRANS4", written(CL=CL, V1=V2, Q=Q, V2=V3)),
        ("ADVAN3 TRANS5", written(AOB=(ALPHA - K32) / (K32 - BETA), ALPHA=ALPHA, BETA=BETA)),
        ("ADVAN3 TRANS6", written(ALPHA=ALPHA, BETA=BETA, K21=K32)),
    ]),
    "three compartments without depot": (1, [
        ("ADVAN11 TRANS1", written(K=K, K12=K23, K21=K32, K13=K24, K31=K42)),
        ("ADVAN11 TRANS4", written(CL=CL, V1=V2, Q2=Q, V2=V3, Q3=Q4, V3=V4)),
        ("ADVAN11 TRANS6", written(ALPHA=A3, BETA=B3, GAMMA=G3, K21=K32, K31=K42)),
    ]),
    "one compartment without depot": (1, [
        ("ADVAN1 TRANS1", written(K=K)),
        ("ADVAN1 TRANS2", written(CL=CL, V=V2)),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", SAME)
def test_one_model_in_every_parameterisation(name: str, tmp_path: Path) -> None:
    central, ways = SAME[name]
    found = []
    for subroutine, pk in ways:
        of = model(tmp_path, f"$SUBS {subroutine}\n$PK\n{pk}\nS{central} = {V2}")
        p = of.individual(of.theta, np.zeros(1), {})
        found.append(np.asarray(of.matrix(p)))
        closed = of.mammillary(p)
        if closed is not None:
            assert float(closed.elimination) == pytest.approx(K, rel=1e-10)
            assert [float(x) for pair in closed.peripherals for x in pair] == pytest.approx(
                [K23, K32, K24, K42][: 2 * len(closed.peripherals)], rel=1e-9
            )
    for other in found[1:]:
        assert other == pytest.approx(found[0], rel=1e-9, abs=1e-15)


def test_rate_constants_between_compartments_equal_the_closed_form(tmp_path: Path) -> None:
    found = []
    for subroutine, pk in SAME["one compartment"][1][1:]:
        of = model(tmp_path, f"$SUBS {subroutine}\n$PK\n{pk}\nS2 = {V2}")
        found.append(predictions(of, people(tmp_path, of, ROWS.format(iv=2)))[0])
    assert found[1] == pytest.approx(found[0], rel=1e-10)


def test_differential_equations_equal_the_closed_form(tmp_path: Path) -> None:
    closed = model(
        tmp_path, f"$SUBS ADVAN4 TRANS4\n$PK\n{written(CL=CL, V2=V2, Q=Q, V3=V3, KA=KA)}S2 = V2\nALAG1 = 0.25"
    )
    des = f"""$SUBS ADVAN13 TOL=9
$MODEL COMP=(DEPOT) COMP=(CENTRAL) COMP=(SIDE)
$PK
{written(CL=CL, V2=V2, Q=Q, V3=V3, KA=KA)}
S2 = V2
ALAG1 = 0.25
$DES
C = A(2)/V2
DADT(1) = -KA*A(1)
DADT(2) = KA*A(1) - CL*C - Q*(C - A(3)/V3)
DADT(3) = Q*(C - A(3)/V3)"""
    expected = predictions(closed, people(tmp_path, closed, ROWS.format(iv=2)))[0]
    of = model(tmp_path, des)
    assert predictions(of, people(tmp_path, of, ROWS.format(iv=2)))[0] == pytest.approx(expected, rel=1e-7)


def test_michaelis_menten_equals_an_independent_solver(tmp_path: Path) -> None:
    vm, km = 8.0, 15.0
    of = model(tmp_path, f"$SUBS ADVAN10\n$PK\n{written(VM=vm, KM=km)}S1 = 1")
    found = predictions(of, people(tmp_path, of, ROWS.format(iv=1)))[0]
    # boluses of 100 at 0, 12, 24 and an infusion of 20/h from 0.5 to 3.5
    y, expected = 0.0, {}
    knots = sorted({0.0, 0.5, 3.5, 12.0, 24.0, *map(float, TIMES)})
    for a, b in zip(knots, [*knots[1:], None], strict=True):
        y += 100.0 if a in (0.0, 12.0, 24.0) else 0.0
        expected[a] = y  # additional doses come before an observation at the same time
        if b is not None:
            rate = 20.0 if 0.5 <= a < 3.5 else 0.0
            y = solve_ivp(lambda t, x, r=rate: r - vm * x / (km + x), (a, b), [y], rtol=1e-11, atol=1e-12).y[0, -1]
    assert found == pytest.approx([expected[float(t)] for t in TIMES], rel=1e-7)


def test_initial_amounts_and_time_in_pk(tmp_path: Path) -> None:
    of = model(
        tmp_path, "$SUBS ADVAN1 TRANS2\n$PK\nCL = 1\nIF (TIME.GT.5) CL = 2\nV = 10*EXP(ETA(1))\nA_0(1) = 50\nS1 = V"
    )
    text = "ID,TIME,AMT,EVID\n1,0,0,2\n1,5,0,0\n1,10,0,0\n"
    found = predictions(of, people(tmp_path, of, text))[0, :2]
    assert found == pytest.approx([5 * np.exp(-0.5), 5 * np.exp(-0.5 - 1.0)], rel=1e-12)


def test_a_same_block_gives_each_occasion_its_own_eta(tmp_path: Path) -> None:
    code = """$SUBS ADVAN1 TRANS2
$PK
IF (OCC.EQ.1) IOV = ETA(2)
IF (OCC.EQ.2) IOV = ETA(3)
CL = THETA(1)*EXP(ETA(1) + IOV)
V = 20
S1 = V"""
    tail = "$ERROR\nY = F*(1+EPS(1))\n$THETA (0,4)\n$OMEGA .1\n$OMEGA BLOCK(1) .05\n$OMEGA BLOCK(1) SAME\n$SIGMA .01\n"
    of = model(tmp_path, code, inputs="ID TIME AMT EVID DV OCC", tail=tail)
    text = "ID,TIME,AMT,EVID,DV,OCC\n1,0,100,1,.,1\n1,6,.,0,1.1,1\n1,24,100,1,.,2\n1,30,.,0,2.6,2\n"
    found = map_estimate(of, compile_events(of, people(tmp_path, of, text)))
    between, first, second = found.eta[0]
    assert found.names == ("ETA1", "ETA2", "ETA3")
    assert first > 0.05 > -0.05 > second  # fast on the first occasion, slow on the second
    assert between == pytest.approx((first + second) * 0.1 / 0.05, rel=1e-6)  # equal gradients: etas as their variances
