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
    """Variable that is the stimulus, of the sign of the other currents; empty where the file has none."""
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
    spans: Mapping[str, tuple[float, float]] = MappingProxyType({})
    """Gate → ends between which it is drawn, where 0 to 1 lets an exponential of the file overflow."""
    capacitance: float = 1.0
    """What the file's currents and stimulus are multiples of A/F by."""


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


def courtemanche() -> Table:
    """Its currents are those of a cell of 100 pF; leak from the uptake compartment is not uptake's to scale."""
    outside = "standard_ionic_concentrations"
    potassium, sodium, release = "rectifier_K_current", "fast_sodium_current", "Ca_release_current_from_JSR"
    one = {
        "INa": (sodium, "g_Na", 7.8, "i_Na"),
        "IK1": ("time_independent_potassium_current", "g_K1", 0.09, "i_K1"),
        "Ito": ("transient_outward_K_current", "g_to", 0.1652, "i_to"),
        "IKr": (f"rapid_delayed_{potassium}", "g_Kr", 0.029411765, "i_Kr"),
        "IKs": (f"slow_delayed_{potassium}", "g_Ks", 0.12941176, "i_Ks"),
        "ICaL": ("L_type_Ca_channel", "g_Ca_L", 0.12375, "i_Ca_L"),
        "INaK": ("sodium_potassium_pump", "i_NaK_max", 0.59933874, "i_NaK"),
        "INaCa": ("Na_Ca_exchanger_current", "I_NaCa_max", 1600.0, "i_NaCa"),
        "IbCa": ("background_currents", "g_B_Ca", 0.001131, "i_B_Ca"),
        "IbNa": ("background_currents", "g_B_Na", 0.0006744375, "i_B_Na"),
        "IpCa": ("sarcolemmal_calcium_pump_current", "i_CaP_max", 0.275, "i_CaP"),
    }
    return Table(
        "courtemanche_1998",
        "",
        "courtemanche_ramirez_nattel_1998.cellml",
        "membrane.i_st",
        {f"scale_{name}": (f"{where}.{what}", value) for name, (where, what, value, _) in one.items()}
        | {
            "Nao": (f"{outside}.Na_o", 140.0),
            "Cao": (f"{outside}.Ca_o", 1.8),
            "Ko": (f"{outside}.K_o", 5.4),
            "scale_Irel": (f"{release}.K_rel", 30.0),
            "scale_Iup": ("Ca_uptake_current_by_the_NSR.I_up_max", 0.005),
            "scale_Ileak": ("Ca_leak_current_by_the_NSR.leak_factor", 1.0),
        },
        {name: f"{where}.{what}" for name, (where, _, _, what) in one.items()}
        | {"IKur": f"ultrarapid_delayed_{potassium}.i_Kur"},
        {
            f"intracellular_ion_concentrations.{own}": name
            for own, name in {"Na_i": "Nai", "Ca_i": "Cai", "K_i": "Ki", "Ca_rel": "Carel", "Ca_up": "Caup"}.items()
        }
        | {"L_type_Ca_channel_f_Ca_gate.f_Ca": "fCa"},
        settings={
            "Ca_leak_current_by_the_NSR.i_up_leak": "leak_factor * 0.005 * intracellular_ion_concentrations.Ca_up / 15"
        },
        beside=(-47.13, -14.1, -10.0, 3.3328, 7.9, 19.9),
        spans={"u": (0.0, 0.01), "d": (0.0, 0.2)},
        capacitance=100.0,
    )


def ten_tusscher(cell: str, kind: str, file: str, strengths: dict[str, float]) -> Table:
    """ten Tusscher and Panfilov's files and Stewart's have like names; the former interpolate about 15 mV."""
    where = {
        "INa": ("fast_sodium_current", "g_Na", "i_Na"),
        "ICaL": ("L_type_Ca_current", "g_CaL", "i_CaL"),
        "Ito": ("transient_outward_current", "g_to", "i_to"),
        "IKr": ("rapid_time_dependent_potassium_current", "g_Kr", "i_Kr"),
        "IKs": ("slow_time_dependent_potassium_current", "g_Ks", "i_Ks"),
        "IK1": ("inward_rectifier_potassium_current", "g_K1", "i_K1"),
        "INaCa": ("sodium_calcium_exchanger_current", "K_NaCa", "i_NaCa"),
        "INaK": ("sodium_potassium_pump_current", "P_NaK", "i_NaK"),
        "IpCa": ("calcium_pump_current", "g_pCa", "i_p_Ca"),
        "IpK": ("potassium_pump_current", "g_pK", "i_p_K"),
        "IbNa": ("sodium_background_current", "g_bna", "i_b_Na"),
        "IbCa": ("calcium_background_current", "g_bca", "i_b_Ca"),
        "Isus": ("sustained_outward_current", "g_sus", "i_sus"),
        "If": ("hyperpolarization_activated_current", "g_f_K", "i_f"),
        "Iup": ("calcium_dynamics", "Vmax_up", ""),
        "Irel": ("calcium_dynamics", "V_rel", ""),
    }
    alike = {
        "ICaL": 3.98e-5, "INaCa": 1000.0, "INaK": 2.724, "IpCa": 0.1238, "IpK": 0.0146, "IbNa": 0.00029,
        "IbCa": 0.000592, "Iup": 0.006375, "Irel": 0.102,
    }  # fmt: skip
    gates = {
        "rapid_time_dependent_potassium_current_Xr1_gate.Xr1": "xr1",
        "L_type_Ca_current_fCass_gate.fCass": "fCass",
    }
    gates |= {"rapid_time_dependent_potassium_current_Xr2_gate.Xr2": "xr2"}
    gates |= {"slow_time_dependent_potassium_current_Xs_gate.Xs": "xs"}
    inside = {"Ca_i": "Cai", "Ca_SR": "CaSR", "Ca_ss": "Cass", "R_prime": "R"}
    return Table(
        cell,
        kind,
        file,
        "membrane.i_Stim" if cell == "ten_tusscher_2006" else "",
        {f"scale_{name}": (".".join(where[name][:2]), value) for name, value in (alike | strengths).items()}
        | {"Nao": ("sodium_dynamics.Na_o", 140.0), "Cao": ("calcium_dynamics.Ca_o", 2.0)}
        | {"Ko": ("potassium_dynamics.K_o", 5.4)},
        {name: f"{where[name][0]}.{where[name][2]}" for name in alike | strengths if where[name][2]},
        gates
        | {f"calcium_dynamics.{own}": name for own, name in inside.items()}
        | {"sodium_dynamics.Na_i": "Nai", "potassium_dynamics.K_i": "Ki"},
        beside=(15.0,) if cell == "stewart_2009" else (),
    )


def stewart() -> Table:
    """Both parts of the pacemaker current are scaled as one."""
    strengths = {"INa": 130.5744, "Ito": 0.08184, "IKr": 0.0918, "IKs": 0.2352, "IK1": 0.065, "Isus": 0.0227}
    found = ten_tusscher("stewart_2009", "", "stewart_zhang_model_2008_ss.cellml", strengths | {"If": 0.0234346})
    both = {"hyperpolarization_activated_current.g_f_Na": "g_f_K * (0.0145654 / 0.0234346)"}
    return found._replace(settings=both)


def hodgkin_huxley() -> Table:
    """The file has beta_n grow with the voltage, against the paper and table 3."""
    return Table(
        "hodgkin_huxley_1952",
        "",
        "hodgkin_huxley_squid_axon_model_1952_modified.cellml",
        "membrane.i_Stim",
        {
            "scale_INa": ("sodium_channel.g_Na", 120.0),
            "scale_IK": ("potassium_channel.g_K", 36.0),
            "scale_Il": ("leakage_current.g_L", 0.3),
        },
        {"INa": "sodium_channel.i_Na", "IK": "potassium_channel.i_K", "Il": "leakage_current.i_L"},
        settings={"potassium_channel_n_gate.beta_n": "0.125 * exp(-(membrane.V + 75) / 80)"},
        beside=(-65.0, -50.0),
    )


def tor_ord(kind: str, file: str) -> Table:
    """As its ancestor, but for chloride and the exchanger; steady activation of ICaL is 0 where it underflows."""
    activation = (
        "piecewise(membrane.v >= 31.4978 [mV], 1, membrane.v < -78 [mV], 0, "
        "1.0763 * exp(-1.007 * exp(-0.0829 [1/mV] * membrane.v)))"
    )
    base = ohara_rudy("tor_ord_dyncl", kind, file)
    own = {
        "Ko": ("extracellular.ko", 5.0),
        "Clo": ("extracellular.clo", 150.0),
        "scale_INa": ("INa.GNa", 11.7802),
        "scale_INaL": ("INaL.GNaL_b", 0.0279),
        "scale_Ito": ("Ito.Gto_b", 0.16),
        "scale_ICaL": ("ICaL.PCa_b", 8.3757e-5),
        "scale_IKr": ("IKr.GKr_b", 0.0321),
        "scale_IKs": ("IKs.GKs_b", 0.0011),
        "scale_IK1": ("IK1.GK1_b", 0.6992),
        "scale_INaCa": ("INaCa.Gncx_b", 0.0034),
        "scale_INaK": ("INaK.Pnak_b", 15.4509),
        "scale_INab": ("INab.PNab", 1.9239e-9),
        "scale_IKb": ("IKb.GKb_b", 0.0189),
        "scale_ICab": ("ICab.PCab", 5.9194e-8),
        "scale_IClCa": ("ICl.GClCa", 0.2843),
        "scale_IClb": ("ICl.GClb", 0.00198),
        "scale_Jrel": ("ryr.Jrel_b", 1.5378),
    }
    return base._replace(
        parameters=base.parameters | own,
        currents=base.currents
        | {name: f"INaCa.{name}" for name in ("INaCa_i", "INaCa_ss")}
        | {name: f"ICl.{name}" for name in ("IClCa", "IClb")},
        states={**base.states, "ryr.Jrel_np": "Jrelnp", "ryr.Jrel_p": "Jrelp"},
        settings={**base.settings, "ICaL.dss": activation},
        chains=(("C3", "C2", "C1", "O", "I"),),
    )


TABLES: dict[str, Table] = {
    "ohara_rudy_2011_endo": ohara_rudy("ohara_rudy_2011", "endo", "ohara_rudy_2011_endo.cellml"),
    "ohara_rudy_2011_mid": ohara_rudy("ohara_rudy_2011", "mid", "ohara_rudy_2011_endo.cellml"),
    "ohara_rudy_2011_epi": ohara_rudy("ohara_rudy_2011", "epi", "ohara_rudy_2011_epi.cellml"),
    "cipa_ord": cipa_ord(),
    "tor_ord_dyncl_endo": tor_ord("endo", "ToRORd_dynCl_endo.cellml"),
    "tor_ord_dyncl_mid": tor_ord("mid", "ToRORd_dynCl_endo.cellml"),
    "tor_ord_dyncl_epi": tor_ord("epi", "ToRORd_dynCl_epi.cellml"),
    **{
        f"ten_tusscher_2006_{kind}": ten_tusscher(
            "ten_tusscher_2006",
            kind,
            f"ten_tusscher_model_2006_{file}.cellml",
            {"INa": 14.838, "IKr": 0.153, "IK1": 5.405, "Ito": to, "IKs": ks},
        )
        for kind, file, to, ks in (
            ("endo", "endo", 0.073, 0.392),
            ("mid", "M", 0.294, 0.098),
            ("epi", "epi", 0.294, 0.392),
        )
    },
    "courtemanche_1998": courtemanche(),
    "stewart_2009": stewart(),
    "hodgkin_huxley_1952": hodgkin_huxley(),
}


def random_states(table: Table, start: dict[str, float], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """States by the cell's names, one array of all rows each."""
    found = {}
    for name, value in start.items():
        if name == "V":
            found[name] = rng.uniform(-100.0, 60.0, ROWS)
            found[name][: 4 * len(table.beside)] = np.add.outer(table.beside, [-1e-2, -1e-4, 1e-4, 1e-2]).ravel()
        elif -1e-9 <= value <= 1.0 and not concentration(name):
            found[name] = rng.uniform(*table.spans.get(name, (0.0, 1.0)), ROWS)
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
    stimulus = np.where(rng.uniform(size=ROWS) < 0.5, 0.0, rng.uniform(-80.0, 0.0, ROWS)) * bool(table.stimulus)
    derivatives, currents = [], []
    for row in range(ROWS):
        for one, (variable, value) in table.parameters.items():
            model.get(variable).set_rhs(parameters[one][row] * (value if "scale_" in one else 1.0))
        if table.stimulus:
            model.get(table.stimulus).set_rhs(table.capacitance * stimulus[row])
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
        currents=np.array(currents) / table.capacitance,
    )


if __name__ == "__main__":
    for chosen in sys.argv[1:] or TABLES:
        written(chosen, TABLES[chosen], Path(os.environ["VITRUVIAN_CELLML"]))
