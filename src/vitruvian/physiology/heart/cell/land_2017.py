"""Land 2017: the force that human heart muscle makes, from its calcium and how it is stretched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, NamedTuple

import jax.numpy as jnp

from vitruvian.core import Source
from vitruvian.model import Driven, Output, Parameter, ResidualError, Values, runge_kutta

_NO_ERROR = ResidualError("none")
UNBLOCKED_AT_MOST = 100.0  # of CaTRPN^(−nTm/2): keeps the authors' equations from running away without calcium
LONGEST, SHORT = 1.2, 0.87  # stretches beyond which overlap no longer grows, below which it falls twice as fast

SKINNED: Mapping[str, float] = {"Tref": 40.5, "Ca50": 2.5, "nTm": 2.2, "kuw": 0.026, "kws": 0.004}
"""What differs in skinned muscle, on which the model was fitted before it was carried over to intact cells."""

BEHIND_A_CELL: Mapping[str, float] = {"nTm": 2.036, "ku": 0.021}
"""What Margara 2021 (doi:10.1016/j.pbiomolbio.2020.06.007) changed for the smaller calcium transient of ToR-ORd."""


class State(NamedTuple):
    """Shares of troponin and of crossbridges, distortions, and the dashpot."""

    CaTRPN: Any  # of troponin that holds calcium
    B: Any  # of crossbridges that tropomyosin blocks
    W: Any  # weakly bound, before the powerstroke
    S: Any  # strongly bound
    Zetaw: Any  # distortion of weak ones
    Zetas: Any  # distortion of strong ones
    Cd: Any  # strain of the dashpot


class Sarcomere(NamedTuple):
    """What a sarcomere meets within a step."""

    calcium: Any  # of the myoplasm, mM
    stretch: Any  # length over that at rest
    rate: Any  # of the stretch, 1/ms


class Land2017(Driven):
    """Active and passive tension of intact human myocytes at 37 °C.

    CaTRPN' = kTRPN·((Ca/Ca50)^nTRPN·(1 − CaTRPN) − CaTRPN), Ca50 falling by β1 with the stretch λ;
    B' = kb·CaTRPN^(−nTm/2)·U − ku·CaTRPN^(nTm/2)·B, U = 1 − B − W − S, kb such that half is open at CaTRPN = TRPN50;
    W' = kuw·U − (kwu + kws + γw·|ζw|)·W; S' = kws·W − (ksu + γs·beyond(ζs))·S; distortions ζ' = A·λ' − c·ζ;
    Ta = h(λ)·Tref/rs·(S·(1 + ζs) + W·ζw). Beside it an exponential spring and a Maxwell element, stiffer to
    lengthening (Tp). Calcium drives it; what troponin takes from the cell's own calcium is left to the cell.
    """

    name = "land_2017"
    title = "Land 2017, force of human heart muscle"
    source = Source(
        "Land S, Park-Holohan SJ, Smith NP, dos Remedios CG, Kentish JC, Niederer SA. A model of cardiac contraction "
        "based on novel measurements of tension development in human cardiomyocytes. J Mol Cell Cardiol 2017;106:68",
        doi="10.1016/j.yjmcc.2017.03.008",
        status="two transcriptions agree",
        errata="a third transcription has nTm 2.4 and ku 0.04/ms for intact cells",
    )
    time_unit = "ms"
    step = 0.5
    parameters: ClassVar[tuple[Parameter, ...]] = (
        Parameter("Tref", 120.0, "kPa", "largest tension at rest length", 0.0),
        Parameter("Ca50", 0.805, "uM", "calcium at which half of troponin holds it, at rest length", 0.0),
        Parameter("nTRPN", 2.0, "1", "cooperativity of calcium and troponin", 0.0),
        Parameter("kTRPN", 0.1, "1/ms", "troponin gives up calcium", 0.0),
        Parameter("nTm", 5.0, "1", "cooperativity of tropomyosin", 0.0),
        Parameter("TRPN50", 0.35, "1", "troponin with calcium at which half is unblocked", 0.0, 1.0),
        Parameter("ku", 1.0, "1/ms", "unblocking", 0.0),
        Parameter("kuw", 0.182, "1/ms", "unbound to weakly bound", 0.0),
        Parameter("kws", 0.012, "1/ms", "powerstroke", 0.0),
        Parameter("rw", 0.5, "1", "weakly bound of those not strongly bound, fully active", 0.0, 1.0),
        Parameter("rs", 0.25, "1", "strongly bound, fully active", 0.0, 1.0),
        Parameter("gammas", 0.0085, "1/ms", "strong ones torn off by distortion", 0.0),
        Parameter("gammaw", 0.615, "1/ms", "weak ones torn off by distortion", 0.0),
        Parameter("phi", 2.23, "1", "how fast distortion goes, over the turnover of crossbridges", 0.0),
        Parameter("Aeff", 25.0, "1", "distortion per stretch", 0.0),
        Parameter("beta0", 2.3, "1", "tension gained per stretch"),
        Parameter("beta1", -2.4, "uM", "Ca50 gained per stretch"),
        Parameter("a", 2.1, "kPa", "stiffness of the passive elements", 0.0),
        Parameter("b", 9.1, "1", "exponent of the spring", 0.0),
        Parameter("k", 7.0, "1", "Maxwell spring over a", 0.0),
        Parameter("etal", 200.0, "ms", "dashpot when lengthened", 0.0),
        Parameter("etas", 20.0, "ms", "dashpot when shortened", 0.0),
    )
    outputs: ClassVar[tuple[Output, ...]] = (
        Output("active", "kPa", _NO_ERROR, "tension of crossbridges"),
        Output("passive", "kPa", _NO_ERROR, "tension of the rest"),
    )

    def steady(self, p: Values) -> State:
        """Without calcium and at rest length: all crossbridges blocked."""
        none = jnp.zeros(jnp.broadcast_shapes(*(jnp.shape(value) for value in p.values())))
        return State(none, none + 1.0, none, none, none, none, none)

    def slope(self, y: State, u: Sarcomere, p: Values) -> State:
        """Per ms."""
        kwu = p["kuw"] * (1.0 / p["rw"] - 1.0) - p["kws"]
        ksu = p["kws"] * p["rw"] * (1.0 / p["rs"] - 1.0)
        weak_torn = p["gammaw"] * jnp.abs(y.Zetaw)
        strong_torn = p["gammas"] * (jnp.maximum(y.Zetas, 0.0) + jnp.maximum(-1.0 - y.Zetas, 0.0))
        unbound = 1.0 - y.B - y.W - y.S
        powerstroke = p["kws"] * y.W
        distorted = distortion(p) * u.rate
        strain = u.stretch - 1.0 - y.Cd
        return State(
            CaTRPN=p["kTRPN"] * (loading(u, p) * (1.0 - y.CaTRPN) - y.CaTRPN),
            B=blocking(y.CaTRPN, unbound, y.B, p),
            W=p["kuw"] * unbound - (kwu + weak_torn) * y.W - powerstroke,
            S=powerstroke - (ksu + strong_torn) * y.S,
            Zetaw=distorted - p["phi"] * p["kuw"] * (1.0 - p["rw"]) / p["rw"] * y.Zetaw,
            Zetas=distorted - p["phi"] * p["kws"] * (1.0 - p["rs"]) * p["rw"] / p["rs"] * y.Zetas,
            Cd=p["k"] * strain / jnp.where(strain > 0.0, p["etal"], p["etas"]),
        )

    def onward(self, y: State, u: Sarcomere, p: Values, h: float) -> State:
        """Troponin exactly, which much calcium makes fast; around it the rest by Runge–Kutta."""
        y = y._replace(CaTRPN=loaded(y.CaTRPN, u, p, h / 2))
        y = runge_kutta(lambda z: self.slope(z, u, p)._replace(CaTRPN=jnp.zeros_like(z.CaTRPN)), y, h)
        return y._replace(CaTRPN=loaded(y.CaTRPN, u, p, h / 2))

    def tension(self, y: State, u: Sarcomere, p: Values) -> dict[str, Any]:
        """Active and passive tension, kPa."""
        held = y.S * (1.0 + y.Zetas) + y.W * y.Zetaw
        spring = jnp.expm1(p["b"] * (u.stretch - 1.0))
        return {
            "active": overlap(u.stretch, p) * p["Tref"] / p["rs"] * held,
            "passive": p["a"] * (spring + p["k"] * (u.stretch - 1.0 - y.Cd)),
        }

    def observe(self, y: State, p: Values) -> dict[str, Any]:
        """Tension at rest length; `tension` for another."""
        return self.tension(y, Sarcomere(0.0, 1.0, 0.0), p)


def loading(u: Sarcomere, p: Values) -> Any:
    """Calcium over that at which half of troponin holds it, to its cooperativity."""
    half = p["Ca50"] + p["beta1"] * (jnp.minimum(u.stretch, LONGEST) - 1.0)
    return (1000.0 * u.calcium / half) ** p["nTRPN"]


def loaded(troponin: Any, u: Sarcomere, p: Values, h: float) -> Any:
    """Troponin with calcium `h` later."""
    loads = loading(u, p)
    steady = loads / (1.0 + loads)
    return steady + (troponin - steady) * jnp.exp(-p["kTRPN"] * (1.0 + loads) * h)


def blocking(troponin: Any, unbound: Any, blocked: Any, p: Values) -> Any:
    """d/dt of the blocked share."""
    kb = p["ku"] * p["TRPN50"] ** p["nTm"] / ((1.0 - p["rs"]) * (1.0 - p["rw"]))
    floor = UNBLOCKED_AT_MOST ** (-2.0 / p["nTm"])
    unblocks = p["ku"] * troponin ** (p["nTm"] / 2.0)
    return kb * jnp.maximum(troponin, floor) ** (-p["nTm"] / 2.0) * unbound - unblocks * blocked


def distortion(p: Values) -> Any:
    """Distortion of a crossbridge per stretch of the sarcomere."""
    return p["Aeff"] * p["rs"] / ((1.0 - p["rs"]) * p["rw"] + p["rs"])


def overlap(stretch: Any, p: Values) -> Any:
    """Tension at this length over that at rest length."""
    long = jnp.minimum(stretch, LONGEST)
    return jnp.maximum(1.0 + p["beta0"] * (long + jnp.minimum(long, SHORT) - 1.0 - SHORT), 0.0)


LAND_2017 = Land2017()
