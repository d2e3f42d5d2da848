"""Writes tables/<table>.npz: right-hand sides and currents of published CellML files at random states, by Myokit.

`VITRUVIAN_CELLML=<folder of CellML files> python oracle_tables.py [table …]`, with Myokit 1.39 (it need not be where
vitruvian is). Each row has a random state, stimulus and set of parameters: voltages of −100 to 60 mV and beside the
removable singularities, gates of 0 to 1, shares of a channel's states that sum to 1, the rest around the file's start.
A table names the file (of the Chaste and Physiome model collections), the cell it checks, what the file calls
differently, and what it must be told to agree with the paper.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

ROWS = 100
HERE = Path(__file__).parent / "tables"


class Table(NamedTuple):
    """One cell of one CellML file."""

    cell: str
    kind: str
    file: str
    stimulus: str
    """Variable that is the stimulus, A/F of the sign of the other currents."""
    parameters: dict[str, tuple[str, float]]
    """The cell's parameter → variable, and the variable's value as published."""
    currents: dict[str, str]
    states: Mapping[str, str] = MappingProxyType({})
    """Variable → the cell's state, where the names differ."""
    chains: tuple[tuple[str, ...], ...] = ()
    """States (by the cell's names) that are shares of one whole."""
    settings: Mapping[str, str] = MappingProxyType({})
    """Variable → expression that the paper has instead."""
    beside: tuple[float, ...] = (0.0,)
    """Voltages near which a formula is zero over zero."""
    negative: float = 1.0
    """Sign of the stimulus."""


def ohara_rudy(cell: str, kind: str, file: str, **changes: Any) -> Table:
    """The O'Hara–Rudy family names its variables alike."""
    concentrations = {"Nao": ("extracellular.nao", 140.0), "Cao": ("extracellular.cao", 1.8)}
    scales = {
        "INa": ("INa.GNa", 75.0),
        "INaL": ("INaL.GNaL_b", 0.0075),
        "Ito": ("Ito.Gto_b", 0.02),
        "ICaL": ("ICaL.PCa_b", 1e-4),
        "IKr": ("IKr.GKr_b", 0.046),
        "IKs": ("IKs.GKs_b", 0.0034),
        "IK1": ("IK1.GK1_b", 0.1908),
        "INaCa": ("INaCa_i.Gncx_b", 0.0008),
        "INaK": ("INaK.Pnak_b", 30.0),
        "INab": ("INab.PNab", 3.75e-10),
        "IKb": ("IKb.GKb_b", 0.003),
        "IpCa": ("IpCa.GpCa", 0.0005),
        "ICab": ("ICab.PCab", 2.5e-8),
        "Jrel": ("ryr.Jrel_scaling_factor", 1.0),
    }
    exchanger = "INaCa_i"
    names = ["INa", "INaL", "Ito", "IKr", "IKs", "IK1", "IKb", "INaK", "INab", "IpCa", "ICab"]
    found = Table(
        cell,
        kind,
        file,
        "membrane.Istim",
        concentrations | {"Ko": ("extracellular.ko", 5.4)} | {f"scale_{name}": of for name, of in scales.items()},
        {name: f"{name}.{name}" for name in names}
        | {name: f"ICaL.{name}" for name in ("ICaL", "ICaNa", "ICaK")}
        | {name: f"{exchanger}.{name}" for name in ("INaCa_i", "INaCa_ss")},
        {"membrane.v": "V"},
        settings={"environment.celltype": str(["endo", "epi", "mid"].index(kind))},
    )
    return found._replace(**changes)


def cipa_ord() -> Table:
    """Its conductances are fitted; the file lets no drug be trapped (Kt 0), the paper does."""
    base = ohara_rudy("cipa_ord", "endo", "ohara_rudy_cipa_v1_2017.cellml")
    fitted = {
        "scale_INaL": ("INaL.GNaL_b", 0.0075 * 2.661),
        "scale_ICaL": ("ICaL.PCa_b", 1e-4 * 1.007),
        "scale_IKr": ("IKr.GKr_b", 0.046 * 1.114 / 1.1),
        "scale_IKs": ("IKs.GKs_b", 0.0034 * 1.870),
        "scale_IK1": ("IK1.GK1_b", 0.1908 * 1.698),
    }
    drug = {"D": 10.0, "Kmax": 35.0, "Ku": 2e-3, "n": 1.05, "halfmax": 100.0, "Vhalf": -40.0}
    return base._replace(
        parameters=base.parameters | fitted | {name: (f"IKr.{name}", value) for name, value in drug.items()},
        chains=(("IC1", "IC2", "C1", "C2", "O", "IO", "IObound", "Obound", "Cbound"),),
        settings={**base.settings, "IKr.Kt": "3.5e-5 [mS/uF]"},
    )


TABLES: dict[str, Table] = {
    "ohara_rudy_2011_endo": ohara_rudy("ohara_rudy_2011", "endo", "ohara_rudy_2011_endo.cellml"),
    "ohara_rudy_2011_mid": ohara_rudy("ohara_rudy_2011", "mid", "ohara_rudy_2011_endo.cellml"),
    "ohara_rudy_2011_epi": ohara_rudy("ohara_rudy_2011", "epi", "ohara_rudy_2011_epi.cellml"),
    "cipa_ord": cipa_ord(),
}


def random_states(table: Table, start: dict[str, float], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """States by the cell's names, one array of all rows each."""
    found = {}
    for name, value in start.items():
        if name == "V":
            found[name] = rng.uniform(-100.0, 60.0, ROWS)
            found[name][: 4 * len(table.beside)] = np.add.outer(table.beside, [-1e-2, -1e-4, 1e-4, 1e-2]).ravel()
        elif 0.0 <= value <= 1.0 and not concentration(name):
            found[name] = rng.uniform(0.0, 1.0, ROWS)
        else:
            found[name] = value * np.exp(rng.normal(0.0, 0.05 if value > 1 else 1.0, ROWS))
    for chain in table.chains:
        whole = sum(found[name] for name in chain)
        found |= {name: found[name] / whole for name in chain}
    return found


def concentration(name: str) -> bool:
    """Whether a state is a concentration: never a share."""
    return name.lower().startswith(("ca", "na", "k", "cl")) and not name.startswith(("nca", "CaMK"))


def written(name: str, table: Table, folder: Path) -> None:
    """One table."""
    import myokit
    import myokit.formats

    model = myokit.formats.importer("cellml").model(str(folder / table.file))
    model.set_name(name)
    for variable, expression in table.settings.items():
        model.get(variable).set_rhs(expression)
    rng = np.random.default_rng(list(name.encode()))
    own = {state.qname(): table.states.get(state.qname(), state.name()) for state in model.states()}
    start = dict(zip(own.values(), model.initial_values(as_floats=True), strict=True))
    states = random_states(table, start, rng)
    parameters = {one: rng.uniform(0.7, 1.4, ROWS) for one in table.parameters}
    parameters |= {one: value * table.parameters[one][1] for one, value in parameters.items() if "scale_" not in one}
    stimulus = np.where(rng.uniform(size=ROWS) < 0.5, 0.0, rng.uniform(-80.0, 0.0, ROWS))
    derivatives, currents = [], []
    for row in range(ROWS):
        for one, (variable, value) in table.parameters.items():
            model.get(variable).set_rhs(parameters[one][row] * (value if "scale_" in one else 1.0))
        model.get(table.stimulus).set_rhs(table.negative * stimulus[row])
        at = [states[one][row] for one in own.values()]
        derivatives.append(model.evaluate_derivatives(at))
        model.set_initial_values(at)
        currents.append([model.get(variable).eval() for variable in table.currents.values()])
    HERE.mkdir(exist_ok=True)
    np.savez_compressed(
        HERE / f"{name}.npz",
        source=f"{table.file}, Myokit {myokit.__version__}",
        cell=table.cell,
        kind=table.kind,
        state_names=list(own.values()),
        states=np.stack([states[one] for one in own.values()], axis=1),
        stimulus=stimulus,
        parameter_names=list(parameters),
        parameters=np.stack(list(parameters.values()), axis=1),
        derivatives=np.array(derivatives),
        current_names=list(table.currents),
        currents=np.array(currents),
    )


if __name__ == "__main__":
    for chosen in sys.argv[1:] or TABLES:
        written(chosen, TABLES[chosen], Path(os.environ["VITRUVIAN_CELLML"]))
