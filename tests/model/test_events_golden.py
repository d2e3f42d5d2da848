"""Golden rows of the event language: NONMEM's own results, and closed forms of other programs."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import numpy as np
import pytest
from event_models import NONE, TESTED, compartments

from vitruvian.model import (
    Adaptive,
    ClosedForm,
    Covariate,
    FixedStep,
    MatrixExponential,
    Output,
    Subject,
    bolus,
    compile_events,
    infusion,
    oral,
    simulate,
)
from vitruvian.pharmacology.compartments import CompartmentModel

ROWS = tomllib.loads((files("vitruvian.model") / "golden.toml").read_text())["row"]
G1 = [r for r in ROWS if r["case"].startswith("G1.")]


class Nonmem1001(CompartmentModel):
    """One compartment and depot; lag, bioavailability, modelled duration and rate act on the central compartment."""

    name, title, source = "nm1001", "nm1001", TESTED
    absorption = "first_order"
    covariates = tuple(Covariate(c, "1") for c in ("LAG", "F", "DUR", "RATE", "WT"))
    outputs = (Output("concentration", "ug/L", NONE),)

    def typical(self, theta, c):
        return {"CL": 1.1 * (c["WT"] / 70) ** 0.75, "VC": 20.0, "KA": 1.5} | {
            k: c[k] for k in ("LAG", "F", "DUR", "RATE")
        }

    def dosing(self, p):
        return {"central": {k: p[k] for k in ("LAG", "F", "DUR", "RATE")}}


MODEL = Nonmem1001()


def subject(case, records, seen, covariates):
    """Doses as listed and observations at `seen`; a dose comes before an observation of its time."""
    rows = [(r[0], 0, *r[1:]) for r in records] + [(t, 1, 0, 0, 2, 0, 0, 0, 0) for t in seen]
    order = sorted(range(len(rows)), key=lambda k: rows[k][:2])
    table = np.array([rows[k] for k in order], dtype=float)
    none, zero = np.full(len(rows), np.nan), np.zeros(len(rows), int)
    time, _, evid, amt, cmt, ss, ii, addl, rate = table.T
    given = {k: np.broadcast_to(np.asarray(v, float), len(rows)).copy() for k, v in covariates.items()}
    return Subject(
        case, time, evid.astype(int), amt, rate, ii, addl.astype(int), ss.astype(int), cmt.astype(int), none,
        np.ones(len(rows), int), zero, zero.astype(bool), none, zero, given,
    )  # fmt: skip


def scenario(row):
    covariates = {
        "LAG": row["lag"],
        "F": row["bioavailability"],
        "DUR": row["duration"],
        "RATE": row["modelled_rate"],
        "WT": 70.0,
    }
    s = subject(row["case"], row["records"], [t for t, _ in row["values"]], covariates)
    s.covariates["LAG"][0] = row.get("first_lag", row["lag"])
    s.covariates["F"][0] = row.get("first_bioavailability", row["bioavailability"])
    return s


def test_every_scenario_of_the_sheet_is_here():
    assert [r["case"] for r in G1] == [f"G1.{k}" for k in range(1, 30)]
    assert all(len(r["values"]) >= 5 for r in G1)


@pytest.mark.parametrize(
    "solver",
    [
        ClosedForm(),
        MatrixExponential(),
        pytest.param(FixedStep(0.1), marks=pytest.mark.slow),
        pytest.param(Adaptive(1e-9, 1e-10), marks=pytest.mark.slow),
    ],
    ids=lambda s: type(s).__name__,
)
def test_nonmem_event_scenarios(solver):
    table = compile_events(MODEL, [scenario(r) for r in G1])
    found = simulate(MODEL, table, solver=solver)[:, :, 0]
    for k, row in enumerate(G1):
        expected = [v for _, v in row["values"]]
        np.testing.assert_allclose(found[k][table.exists[k]], expected, rtol=row["tolerance"], err_msg=row["case"])


def weight_subject():
    row = next(r for r in ROWS if r["case"] == "G2")
    values = row["values"]
    s = subject("G2", row["records"], [t for t, _, _ in values], {"LAG": 0, "F": 1, "DUR": 2, "RATE": 10, "WT": 70})
    s.covariates["WT"][s.evid == 0] = [w for _, w, _ in values]
    s.covariates["WT"][s.evid != 0] = row["first_weight"]
    return s, row


def test_time_varying_weight_is_nocb_as_in_nonmem():
    s, row = weight_subject()
    found = simulate(MODEL, compile_events(MODEL, [s]))[0, : len(row["values"]), 0]
    expected = np.array([c for _, _, c in row["values"]])
    np.testing.assert_allclose(found, expected, rtol=row["tolerance"], atol=1e-12)
    other = simulate(MODEL, compile_events(MODEL, [s], interpolation="locf"))[0, : len(expected), 0]
    assert np.max(np.abs(other[1:] / expected[1:] - 1)) > 1e-3


VALUES = {"CL": 10.0, "VC": 50.0, "KA": 0.5, "Q": 5.0, "VP": 100.0, "Q2": 3.0, "VP2": 150.0}


@pytest.mark.parametrize("row", [r for r in ROWS if r["case"].startswith("G6")], ids=lambda r: r["case"])
def test_closed_forms_of_one_to_three_compartments(row):
    model = compartments(row["peripherals"], "first_order", VALUES)
    how = {
        "bolus": lambda: bolus("", 100, "mg", every="12 h", count=2),
        "infusion": lambda: infusion("", 100, "mg", over="1 h", every="12 h", count=2),
        "oral": lambda: oral("", 100, "mg", every="12 h", count=2),
    }[row["kind"]]
    (time, expected), *_ = row["values"]
    table = compile_events(model, [how().to_subject(model, [time])])
    found = simulate(model, table)[0, 0, 0]
    assert abs(found - expected) <= row["tolerance"]
    np.testing.assert_allclose(simulate(model, table, solver=MatrixExponential())[0, 0, 0], found, rtol=1e-11)


def test_two_compartments_by_mouth_to_eight_digits():
    row = next(r for r in ROWS if r["case"] == "G7")
    model = compartments(1, "first_order", {"CL": 5.0, "VC": 50.0, "Q": 10.0, "VP": 100.0, "KA": 1.0})
    times, expected = np.array(row["values"]).T
    table = compile_events(model, [oral("", 100, "mg", every="24 h", count=7).to_subject(model, times)])
    np.testing.assert_allclose(simulate(model, table)[0, : len(times), 0], expected, rtol=row["tolerance"])
