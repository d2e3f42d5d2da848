"""CiPAORd under drugs after ten beats from its published state, against CVODE; and what holds of its hERG channel."""

from __future__ import annotations

import numpy as np
import pytest

from vitruvian.physiology.heart.cell import cell, pace

MODEL = cell("cipa_ord")
QNET = ("INaL", "ICaL", "Ito", "IKr", "IKs", "IK1")
DOFETILIDE = {  # 4 times Cmax: nM; FDA's optimal hERG kinetics, IC50 in nM and Hill coefficient of other currents
    "D": 8.0, "Kmax": 35.1, "Ku": 1.816e-5, "n": 1.08, "halfmax": 216.6, "Vhalf": -1.0,
    "ICaL": (260.3, 1.163), "Ito": (18.82, 0.7712), "IK1": (394.4, 0.765), "INaL": (753100.0, 0.2597),
    "INa": (380.5, 0.892),
}  # fmt: skip
VERAPAMIL = {
    "D": 324.0, "Kmax": 1.694e6, "Ku": 8.165e-4, "n": 1.043, "halfmax": 3.356e8, "Vhalf": -97.08,
    "ICaL": (201.8, 1.097), "INaL": (7028.0, 1.031), "Ito": (13430.0, 0.8222), "IK1": (348800000.0, 0.2728),
}  # fmt: skip
# CVODE by Myokit 1.39, tolerances 1e-8, CellML file ohara_rudy_cipa_v1_2017 with trapping (Kt 3.5e-5/ms): APD90 in ms,
# qNet in C/F of beat 10, every 2 s.
GOLDEN = {"control": (289.1684, 0.0696723), "dofetilide": (296.8615, 0.0656934), "verapamil": (324.0007, 0.0670076)}


def parameters(drugs: list[dict[str, object]]) -> dict[str, np.ndarray]:
    """One cell a drug."""
    rows = []
    for drug in drugs:
        row = dict(MODEL.typical)
        for name, value in drug.items():
            if isinstance(value, tuple):
                half, hill = value
                row[f"scale_{name}"] = 1.0 / (1.0 + (float(str(drug["D"])) / half) ** hill)
            else:
                row[name] = float(str(value))
        rows.append(row)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


@pytest.mark.slow
def test_drugs_after_ten_beats() -> None:
    found = pace(MODEL, parameters([{}, DOFETILIDE, VERAPAMIL]), cycle_length=2000.0, beats=10, integrals=QNET)
    qnet = sum(np.asarray(found.integrals[name]) for name in QNET) / 1000.0
    for k, (apd90, expected) in enumerate(GOLDEN.values()):
        assert float(found.biomarkers.apd90[k]) == pytest.approx(apd90, abs=1.0)
        assert float(qnet[k]) == pytest.approx(expected, rel=0.01)
    channel = {
        name: np.asarray(getattr(found.y, name)) for name in MODEL.rates(found.y, MODEL.typical).chains[0].states
    }
    assert sum(channel.values()) == pytest.approx(np.full(3, sum(getattr(MODEL.start(), name) for name in channel)))
    bound = channel["Obound"] + channel["IObound"] + channel["Cbound"]
    assert bound[0] == 0.0
    assert bool(np.all(bound[1:] > 0.01))


def test_at_rest_a_drug_binds_as_its_kinetics_say() -> None:
    """Binding to open and inactivated channels alike, half of the largest at halfmax; none without a drug."""
    y = MODEL.start()
    for d, share in ((0.0, 0.0), (10.0, 0.5), (1e6, 1.0)):
        flows = MODEL.rates(y, MODEL.typical | {"D": d, "Kmax": 40.0, "Ku": 1e-3, "halfmax": 10.0}).chains[0].flows
        assert float(flows["O", "Obound"]) == pytest.approx(0.04 * share, abs=1e-6)
        assert float(flows["IO", "IObound"]) == float(flows["O", "Obound"])


def test_round_trips_of_the_channel_are_balanced() -> None:
    """Microscopic reversibility of O, IO and their bound states, at any voltage."""
    for v in (-90.0, -20.0, 30.0):
        y, p = MODEL.start()._replace(V=v), MODEL.typical | {"D": 5.0, "Kmax": 40.0, "Ku": 1e-3}
        k = MODEL.rates(y, p).chains[0].flows
        on = k["O", "IO"] * k["IO", "IObound"] * k["IObound", "Cbound"] * k["Cbound", "Obound"] * k["Obound", "O"]
        back = k["O", "Obound"] * k["Obound", "Cbound"] * k["Cbound", "IObound"] * k["IObound", "IO"] * k["IO", "O"]
        assert float(on) == pytest.approx(float(back))
