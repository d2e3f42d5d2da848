"""A NONMEM control stream and data set: simulate, write, read again, estimate. Needs vitruvian[nonmem]."""

import tempfile
from pathlib import Path

import numpy as np

from vitruvian.infer import map_estimate
from vitruvian.model import compile_events, read_dataset, simulate
from vitruvian.pharmacology import find_model

STREAM = """$PROBLEM one compartment, intravenous
$INPUT ID TIME AMT EVID DV
$DATA data.csv IGNORE=@
$SUBROUTINES ADVAN1 TRANS2
$PK
CL = THETA(1)*EXP(ETA(1))
V = THETA(2)*EXP(ETA(2))
S1 = V
$ERROR
Y = F*(1 + EPS(1))
$THETA (0, 5) (0, 40)
$OMEGA 0.09 0.04
$SIGMA 0.0001
"""
TIMES = (1.0, 4.0, 8.0, 12.0)


def data(levels: np.ndarray | None) -> str:
    """Three people, a dose of 100 mg each, four levels (missing where `levels` is None)."""
    lines = ["ID,TIME,AMT,EVID,DV"]
    for n in range(3):
        lines.append(f"{n + 1},0,100,1,.")
        lines += [f"{n + 1},{t},.,0,{'.' if levels is None else levels[n, k]}" for k, t in enumerate(TIMES)]
    return "\n".join(lines)


with tempfile.TemporaryDirectory() as folder:
    stream, path = Path(folder) / "run1.ctl", Path(folder) / "data.csv"
    stream.write_text(STREAM)
    path.write_text(data(None))
    model = find_model(stream)
    true = np.array([[0.3, -0.1], [0.0, 0.2], [-0.4, 0.0]])
    levels = simulate(model, compile_events(model, read_dataset(path, model)), eta=true)[:, :4, 0]
    path.write_text(data(levels))
    estimate = map_estimate(model, compile_events(model, read_dataset(path, model))).require_converged()

print("true etas\n", true, "\nestimated\n", estimate.eta.round(4))
np.testing.assert_allclose(estimate.eta, true, atol=2e-3)  # levels without noise: little is shrunk
