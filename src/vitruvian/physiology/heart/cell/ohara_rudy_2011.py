"""O'Hara–Rudy 2011: undiseased human ventricular cell with CaMK, endocardial, midmyocardial and epicardial."""

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
from vitruvian.physiology.heart.cell.cell import Cell, Chain, Gate, Rates, Stimulus, scale
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

CALCIUM_ACTIVITY, ION_ACTIVITY = 0.341, 0.75
SODIUM_THROUGH_IKS = 0.01833


class State(NamedTuple):
    """Voltage, CaMK, concentrations (mM), gates by current, release."""

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
    m: Any
    hf: Any
    hs: Any
    j: Any
    hsp: Any
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
    nca: Any
    xrf: Any
    xrs: Any
    xs1: Any
    xs2: Any
    xk1: Any
    Jrelnp: Any
    Jrelp: Any


class OHaraRudy2011(Cell):
    """The model of the CiPA initiative's ancestor: 41 states, rate-dependent by CaMK.

    V' = −(INa + INaL + Ito + ICaL + ICaNa + ICaK + IKr + IKs + IK1 + INaCa_i + INaCa_ss + INaK + INab + IKb + IpCa +
    ICab); currents in files by their ion: `ohara_rudy_sodium`, `ohara_rudy_potassium`, `ohara_rudy_calcium_channel`,
    `ohara_rudy_exchange`; calcium, its stores and CaMK in `ohara_rudy_calcium`, compartments in `ohara_rudy_space`.
    `scale_ICaL` multiplies what calcium, sodium and potassium the channel passes; `scale_Jup` uptake, not leak.
    """

    name = "ohara_rudy_2011"
    title = "O'Hara–Rudy 2011, human ventricle"
    source = Source(
        "O'Hara T, Virág L, Varró A, Rudy Y. Simulation of the undiseased human cardiac ventricular action potential: "
        "model formulation and experimental validation. PLoS Comput Biol 2011;7:e1002061",
        doi="10.1371/journal.pcbi.1002061",
        status="one transcription",
    )
    State: ClassVar[type[Any]] = State
    kinds: ClassVar[tuple[str, ...]] = ("endo", "mid", "epi")
    calcium = "cai"
    stimulus = Stimulus(-80.0, 0.5)
    carried: ClassVar[Mapping[str, float]] = {"ki": -MYO_FILLS}
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("Nao", 140.0, "mM", "sodium outside", 0.0),
        Parameter("Cao", 1.8, "mM", "calcium outside", 0.0),
        Parameter("Ko", 5.4, "mM", "potassium outside", 0.0),
        *map(scale, ("INa", "INaL", "Ito", "ICaL", "IKr", "IKs", "IK1", "INaCa", "INaK", "INab", "IKb", "IpCa")),
        *map(scale, ("ICab", "Jrel", "Jup")),
    )
    strengths: ClassVar[Mapping[str, float]] = {
        "INa": 75.0,
        "INaL": 0.0075,
        "Ito": 0.02,
        "ICaL": 1e-4,  # permeability, cm/s
        "IKr": 0.046,
        "IKs": 0.0034,
        "IK1": 0.1908,
        "INaCa": 0.0008,
        "INaK": 30.0,
        "INab": 3.75e-10,  # cm/s
        "IKb": 0.003,
        "IpCa": 0.0005,  # A/F
        "ICab": 2.5e-8,  # cm/s
        "Jrel": 1.0,
        "Jup": 1.0,
    }
    """Largest conductance, permeability or rate of an endocardial cell; mS/µF where not said otherwise."""
    factors: ClassVar[Mapping[str, Mapping[str, float]]] = {
        "endo": {},
        "mid": {"Ito": 4.0, "ICaL": 2.5, "IKr": 0.8, "IK1": 1.3, "INaCa": 1.4, "INaK": 0.7},
        "epi": {
            "INaL": 0.6, "Ito": 4.0, "ICaL": 1.2, "IKr": 1.3, "IKs": 1.4, "IK1": 1.2,
            "INaCa": 1.1, "INaK": 0.9, "IKb": 0.6, "Jup": 1.3,
        },
    }  # fmt: skip
    """What other kinds have more or less of."""

    def start(self) -> Any:
        """The published one; it is far from the steady state of any rate."""
        return State(
            V=-87.0, CaMKt=0.0, nai=7.0, nass=7.0, ki=145.0, kss=145.0, cass=1e-4, cansr=1.2, cajsr=1.2, cai=1e-4,
            m=0.0, hf=1.0, hs=1.0, j=1.0, hsp=1.0, jp=1.0, mL=0.0, hL=1.0, hLp=1.0,
            a=0.0, iF=1.0, iS=1.0, ap=0.0, iFp=1.0, iSp=1.0,
            d=0.0, ff=1.0, fs=1.0, fcaf=1.0, fcas=1.0, jca=1.0, ffp=1.0, fcafp=1.0, nca=0.0,
            xrf=0.0, xrs=0.0, xs1=0.0, xs2=0.0, xk1=1.0, Jrelnp=0.0, Jrelp=0.0,
        )  # fmt: skip

    def rapid(self, y: Any, p: Values) -> tuple[dict[str, Gate], tuple[Chain, ...], Any]:
        """Gates and chains of IKr, and its share of open channels."""
        return potassium.rapid_gates(y.V), (), potassium.rapid_open(y)

    def largest(self, p: Values) -> dict[str, Any]:
        """Largest conductance, permeability or rate of this kind under `p`."""
        more = self.factors[self.kind]
        return {name: each * more.get(name, 1.0) * p[f"scale_{name}"] for name, each in self.strengths.items()}

    def rates(self, y: Any, p: Values) -> Rates:
        """Currents, then what they fill and empty."""
        g = self.largest(p)
        trapped, phosphorylated = stores.camk(y)
        gates, chains, rapid = self.rapid(y, p)
        conductances = {
            "INa": g["INa"] * sodium.fast_open(y, phosphorylated),
            "INaL": g["INaL"] * sodium.late_open(y, phosphorylated),
            "Ito": g["Ito"] * potassium.transient_open(y, phosphorylated),
            "IKr": g["IKr"] * jnp.sqrt(p["Ko"] / 5.4) * rapid,
            "IKs": g["IKs"] * potassium.slow_open(y),
            "IK1": g["IK1"] * potassium.inward_open(y, p["Ko"]),
            "IKb": g["IKb"] * sigmoid((y.V - 14.48) / 18.34),
        }
        conducting = g["ICaL"] * channel.conducting(y, phosphorylated, y.nca)
        currents = through(conductances, y, p) | carried_currents(g, conducting, y, p)
        flux = stores.moved(y, phosphorylated, g["Jrel"], g["Jup"], self.reticulum)
        steep = 4.0 * FARADAY / THERMAL * CALCIUM_ACTIVITY * p["Cao"] * conducting * sigmoid(-2.0 * y.V / THERMAL)
        return Rates(
            gates | self.gates(y, p, currents["ICaL"]),
            chains,
            {"V": -sum(currents.values()), "CaMKt": trapped, **self.filling(y, currents, flux)},
            {"V": sum(conductances.values()) + steep, **ION_DECAY, **stores.calcium_decay(y, self.calmodulin)},
            currents,
        )

    @property
    def reticulum(self) -> stores.Reticulum:
        """The sarcoplasmic reticulum as published."""
        return stores.Reticulum()

    @property
    def calmodulin(self) -> float:
        """In the myoplasm, mM."""
        return 0.065 if self.kind == "epi" else 0.05

    def gates(self, y: Any, p: Values, ICaL: Any) -> dict[str, Gate]:
        """Gates of all currents but IKr, and of calcium release."""
        fast = sodium.fast_gates(y.V)
        return (
            fast
            | sodium.late_gates(y.V, fast["m"].rate)
            | potassium.transient_gates(y.V, self.kind == "epi")
            | channel.gates(y.V, sigmoid((y.V + 3.94) / 4.23), channel.inactivated(y.V), 75.0)
            | {"nca": channel.by_calcium(y.cass, y.jca, 1000.0)}
            | potassium.slow_gates(y.V)
            | potassium.inward_gate(y.V, p["Ko"])
            | stores.release_gates(y, ICaL, self.reticulum, 1.7 if self.kind == "mid" else 1.0)
        )

    def filling(self, y: Any, i: Mapping[str, Any], flux: stores.Moved) -> dict[str, Any]:
        """d/dt of the concentrations under currents `i`."""
        sodium_in = i["INa"] + i["INaL"] + 3.0 * i["INaCa_i"] + 3.0 * i["INaK"] + i["INab"]
        potassium_in = i["Ito"] + i["IKr"] + i["IKs"] + i["IK1"] + i["IKb"] - 2.0 * i["INaK"]
        sodium_apart, potassium_apart = spread(y.nass, y.nai), spread(y.kss, y.ki)
        return {
            "nai": -sodium_in * MYO_FILLS + sodium_apart * SS_TO_MYO,
            "nass": -(i["ICaNa"] + 3.0 * i["INaCa_ss"]) * SS_FILLS - sodium_apart,
            "ki": -potassium_in * MYO_FILLS + potassium_apart * SS_TO_MYO,
            "kss": -i["ICaK"] * SS_FILLS - potassium_apart,
            **stores.calcium_slopes(
                y,
                2.0 * i["INaCa_i"] - i["IpCa"] - i["ICab"],
                2.0 * i["INaCa_ss"] - i["ICaL"],
                flux,
                self.calmodulin,
            ),
        }


ION_DECAY = {"nass": 1.0 / ION_SPREADS, "kss": 1.0 / ION_SPREADS}


def through(conductances: Mapping[str, Any], y: Any, p: Values) -> dict[str, Any]:
    """Currents of channels that obey Ohm's law around the reversal potential of their ions."""
    sodium_at = nernst(p["Nao"], y.nai, THERMAL)
    potassium_at = nernst(p["Ko"], y.ki, THERMAL)
    slow_at = nernst(p["Ko"] + SODIUM_THROUGH_IKS * p["Nao"], y.ki + SODIUM_THROUGH_IKS * y.nai, THERMAL)
    at = {"INa": sodium_at, "INaL": sodium_at, "IKs": slow_at}
    return {name: g * (y.V - at.get(name, potassium_at)) for name, g in conductances.items()}


def carried_currents(g: Mapping[str, Any], conducting: Any, y: Any, p: Values) -> dict[str, Any]:
    """Currents of the L-type channel, exchanger, pumps and backgrounds."""
    x = y.V / THERMAL
    calcium_out = CALCIUM_ACTIVITY * p["Cao"]
    return {
        "ICaL": conducting * goldman(2, 2.0 * x, y.cass, calcium_out),
        "ICaNa": conducting * channel.SODIUM * goldman(1, x, ION_ACTIVITY * y.nass, ION_ACTIVITY * p["Nao"]),
        "ICaK": conducting * channel.POTASSIUM * goldman(1, x, ION_ACTIVITY * y.kss, ION_ACTIVITY * p["Ko"]),
        "INaCa_i": 0.8 * g["INaCa"] * exchanged(y.V, y.nai, y.cai, p),
        "INaCa_ss": 0.2 * g["INaCa"] * exchanged(y.V, y.nass, y.cass, p),
        "INaK": g["INaK"] * pumped(y.V, y.nai, y.ki, p),
        "INab": g["INab"] * goldman(1, x, y.nai, p["Nao"]),
        "IpCa": g["IpCa"] * y.cai / (0.0005 + y.cai),
        "ICab": g["ICab"] * goldman(2, 2.0 * x, y.cai, calcium_out),
    }
