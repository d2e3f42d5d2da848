"""CiPAORdv1.0: O'Hara–Rudy with an hERG channel whose states drugs bind and are trapped in, for drug safety."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Parameter, Values
from vitruvian.physiology.heart.cell.cell import Chain, Gate
from vitruvian.physiology.heart.cell.functions import sigmoid
from vitruvian.physiology.heart.cell.ohara_rudy_2011 import OHaraRudy2011

TRAPPING = 3.5e-5  # 1/ms: how fast a channel with a drug in it closes at most (Kt)


class Passage(NamedTuple):
    """A rate a·exp(b·V)·q^((T − 20 °C)/10), at 37 °C."""

    a: float  # 1/ms
    b: float  # 1/mV
    q: float

    def at(self, V: Any) -> Any:
        """1/ms."""
        return self.a * self.q**1.7 * jnp.exp(self.b * V)


PASSAGES: Mapping[tuple[str, str], Passage] = {
    ("C1", "C2"): Passage(0.0264, 4.631e-5, 4.843),
    ("C2", "C1"): Passage(4.986e-6, -0.004226, 4.23),
    ("C2", "O"): Passage(0.005509, 7.771e-9, 4.22),
    ("O", "C2"): Passage(0.001416, -0.02877, 1.459),
    ("IC1", "IC2"): Passage(0.0007868, 1.535e-8, 4.942),
    ("IC2", "IC1"): Passage(5.455e-6, -0.1688, 4.156),
    ("IC2", "IO"): Passage(0.001214, 0.008516, 4.962),
    ("IO", "IC2"): Passage(1.854e-5, -0.04641, 3.769),
    ("C1", "IC1"): Passage(0.4492, 0.008595, 5.0),
    ("IC1", "C1"): Passage(0.01241, 0.1725, 5.568),
    ("C2", "IC2"): Passage(0.3181, 3.613e-8, 4.663),
    ("IC2", "C2"): Passage(0.3226, -0.0006575, 5.0),
    ("O", "IO"): Passage(0.149, 0.004668, 2.412),
    ("IO", "O"): Passage(0.008978, -0.02215, 5.682),
}
"""Between closed (C), open (O) and inactivated (I…) states of a channel without a drug."""


class State(NamedTuple):
    """As O'Hara and Rudy's, with the states of hERG instead of the gates of IKr."""

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
    IC1: Any
    IC2: Any
    C1: Any
    C2: Any
    O: Any  # noqa: E741
    IO: Any
    IObound: Any
    Obound: Any
    Cbound: Any
    xs1: Any
    xs2: Any
    xk1: Any
    Jrelnp: Any
    Jrelp: Any


class CiPAORd(OHaraRudy2011):
    """The model in which the CiPA initiative ranks drugs; its conductances are those that Dutta and others fitted.

    IKr = GKr·√(Ko/5.4)·O·(V − EK), O of nine states: C1 ⇌ C2 ⇌ O ⇌ IO ⇌ IC2 ⇌ IC1, C1 ⇌ IC1, C2 ⇌ IC2; a drug at
    concentration D binds O and IO with the rate Kmax·Ku·Dⁿ/(Dⁿ + halfmax) and leaves Obound with Ku; bound channels
    close (Cbound, the drug trapped) by voltage around Vhalf. IObound lets go at the rate that microscopic
    reversibility asks for. Endocardial.
    """

    name = "cipa_ord"
    title = "CiPAORdv1.0, human ventricle with dynamic hERG"
    source = Source(
        "Li Z, Dutta S, Sheng J, et al. Improving the in silico assessment of proarrhythmia risk by combining hERG "
        "channel-drug binding kinetics and multichannel pharmacology. Circ Arrhythm Electrophysiol 2017;10:e004628 "
        "(conductances: Dutta S, Chang KC, Beattie KA, et al. Optimization of an in silico cardiac cell model for "
        "proarrhythmia risk assessment. Front Physiol 2017;8:616, doi:10.3389/fphys.2017.00616)",
        doi="10.1161/CIRCEP.116.004628",
        status="two transcriptions agree",
    )
    State: ClassVar[type[Any]] = State
    kinds: ClassVar[tuple[str, ...]] = ("endo",)
    parameters: ClassVar[tuple[Parameter, ...]] = (
        *OHaraRudy2011.parameters,
        Parameter("D", 0.0, "nM", "free concentration of the drug at hERG", 0.0),
        Parameter("Kmax", 0.0, "1", "largest binding rate over Ku", 0.0),
        Parameter("Ku", 0.0, "1/ms", "unbinding", 0.0),
        Parameter("n", 1.0, "1", "Hill coefficient of binding", 0.0),
        Parameter("halfmax", 1.0, "nM^n", "Dⁿ at half the largest binding rate", 0.0),
        Parameter("Vhalf", 1.0, "mV", "voltage at which half of the channels with a drug are closed"),
    )
    strengths: ClassVar[Mapping[str, float]] = {
        **OHaraRudy2011.strengths,
        "INaL": 0.0075 * 2.661,
        "ICaL": 1e-4 * 1.007,
        "IKr": 0.046 * 1.114 / 1.1,
        "IKs": 0.0034 * 1.870,
        "IK1": 0.1908 * 1.698,
    }

    def start(self) -> Any:
        """The steady state of a cell paced every 2 s, as published with the model."""
        return State(
            V=-88.0145, CaMKt=0.00325232, nai=6.46961, nass=6.46967, ki=145.501, kss=145.501,
            cass=7.30454e-05, cansr=1.37897, cajsr=1.37944, cai=7.45321e-05,
            m=0.00733485, hf=0.698542, hs=0.698542, j=0.698542, hsp=0.455526, jp=0.698541,
            mL=0.000187813, hL=0.513396, hLp=0.307923,
            a=0.00100025, iF=0.999555, iS=0.871715, ap=0.000509652, iFp=0.999555, iSp=0.905466,
            d=2.33382e-09, ff=1.0, fs=0.971897, fcaf=1.0, fcas=1.0, jca=1.0, ffp=1.0, fcafp=1.0, nca=0.0015391,
            IC1=0.999637, IC2=6.83208e-05, C1=1.80145e-08, C2=8.26619e-05, O=0.00015551, IO=5.67623e-05,
            IObound=0.0, Obound=0.0, Cbound=0.0,
            xs1=0.130941, xs2=0.000192517, xk1=0.996756, Jrelnp=1.46507e-07, Jrelp=1.83132e-07,
        )  # fmt: skip

    def rapid(self, y: Any, p: Values) -> tuple[dict[str, Gate], tuple[Chain, ...], Any]:
        """The hERG channel, with the drug's states."""
        flows = {between: passage.at(y.V) for between, passage in PASSAGES.items()}
        flows |= binding(y.V, flows["O", "IO"] / flows["IO", "O"], p)
        states = ("IC1", "C1", "Cbound", "Obound", "IObound", "C2", "IC2", "O", "IO")
        return {}, (Chain(states, flows),), y.O


def binding(V: Any, inactivated: Any, p: Values) -> dict[tuple[str, str], Any]:
    """Flows into and out of the states with a drug, 1/ms; `inactivated` is IO over O at balance."""
    filled = p["D"] ** p["n"]
    on = p["Kmax"] * p["Ku"] * filled / (filled + p["halfmax"])
    opens = TRAPPING * sigmoid((V - p["Vhalf"]) / 6.789)
    return {
        ("O", "Obound"): on,
        ("Obound", "O"): p["Ku"],
        ("IO", "IObound"): on,
        ("IObound", "IO"): p["Ku"] * inactivated,
        ("Obound", "Cbound"): TRAPPING,
        ("Cbound", "Obound"): opens,
        ("IObound", "Cbound"): TRAPPING,
        ("Cbound", "IObound"): opens,
    }
