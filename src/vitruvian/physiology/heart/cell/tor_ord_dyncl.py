"""ToR-ORd with dynamic chloride, Tomek 2020: human ventricular cell, endocardial, midmyocardial and epicardial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.heart.cell import ohara_rudy_calcium as stores
from vitruvian.physiology.heart.cell import ohara_rudy_calcium_channel as channel
from vitruvian.physiology.heart.cell import ohara_rudy_potassium as potassium
from vitruvian.physiology.heart.cell import ohara_rudy_sodium as sodium
from vitruvian.physiology.heart.cell import tor_ord_channels as own
from vitruvian.physiology.heart.cell.cell import Cell, Gate, Rates, Stimulus, scale
from vitruvian.physiology.heart.cell.functions import FARADAY, goldman, nernst, sigmoid
from vitruvian.physiology.heart.cell.ohara_rudy_exchange import exchanged, pumped
from vitruvian.physiology.heart.cell.ohara_rudy_space import (
    ION_SPREADS,
    MYO_FILLS,
    SS_FILLS,
    SS_TO_MYO,
    THERMAL,
    spread,
)
from vitruvian.physiology.heart.cell.tor_ord_start import START

SODIUM_THROUGH_IKS = 0.01833
IN_SUBSPACE, EXCHANGER_IN_SUBSPACE = 0.8, 0.35  # shares of L-type channels and of exchangers
RETICULUM = stores.Reticulum(half=1.7, release=1.5378, uptake=0.005425, leak=0.0048825, refill=60.0)


class State(NamedTuple):
    """Voltage, CaMK, concentrations (mM), gates and channel states by current, release."""

    V: Any
    CaMKt: Any
    nai: Any
    nass: Any
    ki: Any
    kss: Any
    cass: Any
    cansr: Any
    cajsr: Any
    cai: Any
    cli: Any
    clss: Any
    m: Any
    h: Any
    j: Any
    hp: Any
    jp: Any
    mL: Any
    hL: Any
    hLp: Any
    a: Any
    iF: Any
    iS: Any
    ap: Any
    iFp: Any
    iSp: Any
    d: Any
    ff: Any
    fs: Any
    fcaf: Any
    fcas: Any
    jca: Any
    ffp: Any
    fcafp: Any
    nca_ss: Any
    nca_i: Any
    C1: Any
    C2: Any
    C3: Any
    I: Any  # noqa: E741
    O: Any  # noqa: E741
    xs1: Any
    xs2: Any
    Jrelnp: Any
    Jrelp: Any


class ToRORdDynCl(Cell):
    """O'Hara and Rudy's cell, recalibrated: new INa, ICaL, IKr, IK1, chloride currents and chloride inside.

    V' = −(INa + INaL + Ito + ICaL + ICaNa + ICaK + IKr + IKs + IK1 + INaCa_i + INaCa_ss + INaK + INab + IKb + IpCa +
    ICab + IClCa + IClb). A fifth of the L-type channels (`…_i`) face the myoplasm, the rest (`…_ss`) the subspace; what
    drives ions through them is their activity (Davies' equation). What is new is in `tor_ord_channels`, what is O'Hara
    and Rudy's in `ohara_rudy_…`. `scale_ICaL` multiplies what calcium, sodium and potassium the channel passes.
    """

    name = "tor_ord_dyncl"
    title = "ToR-ORd with dynamic chloride, human ventricle"
    source = Source(
        "Tomek J, Bueno-Orovio A, Rodriguez B. ToR-ORd-dynCl: an update of the ToR-ORd model of human ventricular "
        "cardiomyocyte with dynamic intracellular chloride. bioRxiv 2020 (ToR-ORd: Tomek J, Bueno-Orovio A, Passini E, "
        "et al. Development, calibration, and validation of a novel human ventricular myocyte model in health, "
        "disease, and drug block. eLife 2019;8:e48890, doi:10.7554/eLife.48890)",
        doi="10.1101/2020.06.01.127043",
        status="one transcription",
    )
    State: ClassVar[type[Any]] = State
    kinds: ClassVar[tuple[str, ...]] = ("endo", "mid", "epi")
    calcium = "cai"
    stimulus = Stimulus(-53.0, 1.0)
    carried: ClassVar[Mapping[str, float]] = {"ki": -MYO_FILLS}
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("Nao", 140.0, "mM", "sodium outside", 0.0),
        Parameter("Cao", 1.8, "mM", "calcium outside", 0.0),
        Parameter("Ko", 5.0, "mM", "potassium outside", 0.0),
        Parameter("Clo", 150.0, "mM", "chloride outside", 0.0),
        *map(scale, ("INa", "INaL", "Ito", "ICaL", "IKr", "IKs", "IK1", "INaCa", "INaK", "INab", "IKb", "IpCa")),
        *map(scale, ("ICab", "IClCa", "IClb", "Jrel", "Jup")),
    )
    strengths: ClassVar[Mapping[str, float]] = {
        "INa": 11.7802,
        "INaL": 0.0279,
        "Ito": 0.16,
        "ICaL": 8.3757e-5,  # permeability, cm/s
        "IKr": 0.0321,
        "IKs": 0.0011,
        "IK1": 0.6992,
        "INaCa": 0.0034,
        "INaK": 15.4509,
        "INab": 1.9239e-9,  # cm/s
        "IKb": 0.0189,
        "IpCa": 0.0005,  # A/F
        "ICab": 5.9194e-8,  # cm/s
        "IClCa": 0.2843,
        "IClb": 0.00198,
        "Jrel": 1.0,
        "Jup": 1.0,
    }
    """Largest conductance, permeability or rate of an endocardial cell; mS/µF where not said otherwise."""
    factors: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "endo": {},
        "mid": {"Ito": 2.0, "ICaL": 2.0, "IKr": 0.8, "IK1": 1.3, "INaCa": 1.4, "INaK": 0.7},
        "epi": {
            "INaL": 0.6, "Ito": 2.0, "ICaL": 1.2, "IKr": 1.3, "IKs": 1.4, "IK1": 1.2,
            "INaCa": 1.1, "INaK": 0.9, "IKb": 0.6, "Jup": 1.3,
        },
    }  # fmt: skip
    """What other kinds have more or less of."""

    def start(self) -> Any:
        """The steady state at 1 Hz."""
        return State(*START[self.kind])

    def largest(self, p: Values) -> dict[str, Any]:
        """Largest conductance, permeability or rate of this kind under `p`."""
        more = self.factors[self.kind]
        return {name: each * more.get(name, 1.0) * p[f"scale_{name}"] for name, each in self.strengths.items()}

    def rates(self, y: Any, p: Values) -> Rates:
        """Currents, then what they fill and empty."""
        g = self.largest(p)
        trapped, phosphorylated = stores.camk(y)
        chain = own.rapid_chain(y.V)
        sodium_at, potassium_at = nernst(p["Nao"], y.nai, THERMAL), nernst(p["Ko"], y.ki, THERMAL)
        slow_at = nernst(p["Ko"] + SODIUM_THROUGH_IKS * p["Nao"], y.ki + SODIUM_THROUGH_IKS * y.nai, THERMAL)
        ohmic = {  # conductance, reversal potential
            "INa": (g["INa"] * own.sodium_open(y, phosphorylated), sodium_at),
            "INaL": (g["INaL"] * sodium.late_open(y, phosphorylated), sodium_at),
            "Ito": (g["Ito"] * potassium.transient_open(y, phosphorylated), potassium_at),
            "IKr": (g["IKr"] * jnp.sqrt(p["Ko"] / 5.0) * y.O, potassium_at),
            "IKs": (g["IKs"] * potassium.slow_open(y), slow_at),
            "IK1": (g["IK1"] * own.inward_open(y.V, potassium_at, p["Ko"]), potassium_at),
            "IKb": (g["IKb"] * sigmoid((y.V - 10.8968) / 23.9871), potassium_at),
            "IClCa": (g["IClCa"] / (1.0 + own.CHLORIDE_HALF / y.cass), -nernst(p["Clo"], y.clss, THERMAL)),
            "IClb": (g["IClb"], -nernst(p["Clo"], y.cli, THERMAL)),
        }
        currents = {name: conductance * (y.V - at) for name, (conductance, at) in ohmic.items()}
        local, background = self.permeating(g, phosphorylated, y, p)
        currents |= background | self.carried_currents(g, y, p)
        currents |= {name: local[name + "_ss"] + local[name + "_i"] for name in ("ICaL", "ICaNa", "ICaK")}
        flux = stores.moved(y, phosphorylated, g["Jrel"], g["Jup"], RETICULUM)
        steep = 4.0 * FARADAY / THERMAL * p["Cao"] * g["ICaL"] * y.d * sigmoid(-2.0 * y.V / THERMAL)
        return Rates(
            self.gates(y, local["ICaL_ss"]),
            (chain,),
            {"V": -sum(currents.values()), "CaMKt": trapped, **self.filling(y, currents | local, flux)},
            {
                "V": sum(conductance for conductance, _ in ohmic.values()) + 0.5 * steep,
                "nass": 1.0 / ION_SPREADS,
                "kss": 1.0 / ION_SPREADS,
                "clss": 1.0 / ION_SPREADS,
                **stores.calcium_decay(y, self.calmodulin),
            },
            currents,
        )

    @property
    def calmodulin(self) -> float:
        """In the myoplasm, mM."""
        return 0.065 if self.kind == "epi" else 0.05

    def gates(self, y: Any, ICaL: Any) -> dict[str, Gate]:
        """Gates of all currents, and of calcium release, which `ICaL` into the subspace drives."""
        gates = own.sodium_gates(y.V)
        return (
            gates
            | sodium.late_gates(y.V, gates["m"].rate)
            | potassium.transient_gates(y.V, self.kind == "epi")
            | channel.gates(y.V, own.activated(y.V), own.recovered(y.V), 72.5)
            | {"nca_ss": channel.by_calcium(y.cass, y.jca, 500.0), "nca_i": channel.by_calcium(y.cai, y.jca, 500.0)}
            | potassium.slow_gates(y.V)
            | stores.release_gates(y, ICaL, RETICULUM, 1.7 if self.kind == "mid" else 1.0)
        )

    def permeating(self, g: Mapping[str, Any], phosphorylated: Any, y: Any, p: Values) -> tuple[Any, dict[str, Any]]:
        """Currents of the L-type channel on either side (`_ss`, `_i`), and backgrounds that ions drive alike."""
        x = y.V / THERMAL
        single_out, double_out = own.activity(p["Nao"], p["Ko"], p["Clo"], p["Cao"])
        sides = {
            "_ss": (IN_SUBSPACE, y.nca_ss, y.nass, y.kss, y.clss, y.cass),
            "_i": (1.0 - IN_SUBSPACE, y.nca_i, y.nai, y.ki, y.cli, y.cai),
        }
        found = {}
        for side, (share, nca, na, k, cl, ca) in sides.items():
            single, double = own.activity(na, k, cl, ca)
            open_ = share * g["ICaL"] * channel.conducting(y, phosphorylated, nca)
            calcium = goldman(2, 2.0 * x, double * ca, double_out * p["Cao"])
            found["ICaL" + side] = open_ * calcium
            found["ICaNa" + side] = open_ * channel.SODIUM * goldman(1, x, single * na, single_out * p["Nao"])
            found["ICaK" + side] = open_ * channel.POTASSIUM * goldman(1, x, single * k, single_out * p["Ko"])
        return found, {"ICab": g["ICab"] * calcium, "INab": g["INab"] * goldman(1, x, y.nai, p["Nao"])}

    def carried_currents(self, g: Mapping[str, Any], y: Any, p: Values) -> dict[str, Any]:
        """Currents of the exchanger and the pumps."""
        here = EXCHANGER_IN_SUBSPACE
        return {
            "INaCa_i": (1.0 - here) * g["INaCa"] * exchanged(y.V, y.nai, y.cai, p),
            "INaCa_ss": here * g["INaCa"] * exchanged(y.V, y.nass, y.cass, p),
            "INaK": g["INaK"] * pumped(y.V, y.nai, y.ki, p),
            "IpCa": g["IpCa"] * y.cai / (0.0005 + y.cai),
        }

    def filling(self, y: Any, i: Mapping[str, Any], flux: stores.Moved) -> dict[str, Any]:
        """d/dt of the concentrations under currents `i`."""
        sodium_in = i["INa"] + i["INaL"] + 3.0 * i["INaCa_i"] + i["ICaNa_i"] + 3.0 * i["INaK"] + i["INab"]
        potassium_in = i["Ito"] + i["IKr"] + i["IKs"] + i["IK1"] + i["IKb"] - 2.0 * i["INaK"] + i["ICaK_i"]
        apart = {"na": spread(y.nass, y.nai), "k": spread(y.kss, y.ki), "cl": spread(y.clss, y.cli)}
        return {
            "nai": -sodium_in * MYO_FILLS + apart["na"] * SS_TO_MYO,
            "nass": -(i["ICaNa_ss"] + 3.0 * i["INaCa_ss"]) * SS_FILLS - apart["na"],
            "ki": -potassium_in * MYO_FILLS + apart["k"] * SS_TO_MYO,
            "kss": -i["ICaK_ss"] * SS_FILLS - apart["k"],
            "cli": i["IClb"] * MYO_FILLS + apart["cl"] * SS_TO_MYO,
            "clss": i["IClCa"] * SS_FILLS - apart["cl"],
            **stores.calcium_slopes(
                y,
                2.0 * i["INaCa_i"] - i["ICaL_i"] - i["IpCa"] - i["ICab"],
                2.0 * i["INaCa_ss"] - i["ICaL_ss"],
                flux,
                self.calmodulin,
            ),
        }
