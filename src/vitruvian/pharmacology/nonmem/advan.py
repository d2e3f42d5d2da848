"""What NONMEM's ADVAN and TRANS numbers mean: compartments, rate constants, defaults.

Equations: Gibaldi & Perrier, Pharmacokinetics, 2nd ed. (1982), for micro constants from clearances and from the
exponents of the bi- and triexponential curve.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import DataError, UnsupportedError
from vitruvian.model import Mammillary
from vitruvian.pharmacology.nonmem.stream import ControlStream

Micro = Callable[[Mapping[str, Any]], tuple[Any, list[Any], list[Any]]]
"""Elimination, outward and backward rate constants of a central compartment, from $PK's values."""
Rates = Callable[[Mapping[str, Any]], dict[tuple[int, int], Any]]
_PERIPHERALS = {1: 0, 2: 0, 3: 1, 4: 1, 11: 2, 12: 2}
_DEPOT = {2, 4, 12}
_GENERAL_LINEAR, _ODE, _STIFF = {5, 7}, {6, 8, 9, 13, 14, 15}, {8, 9, 14, 15}
_TRANS = {0: {1, 2}, 1: {1, 3, 4, 5, 6}, 2: {1, 4, 6}}
_ALLOWED = "ADVAN1 to 15, TRANS1 to 6 as NONMEM pairs them"


@dataclass(frozen=True)
class Structure:
    """Compartments and flows of a model; compartments are numbered from 1, 0 is out of the body.

    `rates` gives the rate constants of a linear model by (from, to), `micro` those of one to three compartments around
    a central one; `michaelis_menten` marks ADVAN10; neither: $DES.
    """

    compartments: tuple[str, ...]
    dose: int
    observed: int
    needs: tuple[str, ...]
    rates: Rates | None = None
    micro: Micro | None = None
    michaelis_menten: bool = False
    stiff: bool = False

    def matrix(self, p: Mapping[str, Any]) -> Float[Array, "n n"]:
        """Rate matrix of a linear model."""
        n = len(self.compartments)
        cells: list[list[Any]] = [[0.0] * n for _ in range(n)]
        for (i, j), k in self.rates(p).items():  # type: ignore[misc]
            cells[i - 1][i - 1] = cells[i - 1][i - 1] - k
            if j:
                cells[j - 1][i - 1] = cells[j - 1][i - 1] + k
        return jnp.stack([jnp.stack([jnp.asarray(x, dtype=float) for x in row]) for row in cells])

    def mammillary(self, p: Mapping[str, Any]) -> Mammillary | None:
        """Rate constants for the closed form, where there is one."""
        if self.micro is None:
            return None
        k, out, back = self.micro(p)
        return Mammillary(k, tuple(zip(out, back, strict=True)), p["KA"] if self.compartments[0] == "depot" else None)


def structure(stream: ControlStream, assigned: Mapping[str, int]) -> Structure:
    """Structure of a control stream; `assigned` are the names that $PK assigns.

    Raises `UnsupportedError` for an ADVAN or TRANS that is not supported, `DataError` where $PK lacks a parameter.
    """
    if stream.advan in _PERIPHERALS:
        found = _mammillary(stream)
    elif stream.advan == 10:
        found = Structure(("central",), 1, 1, ("VM", "KM"), michaelis_menten=True)
    elif stream.advan in _GENERAL_LINEAR:
        found = _general(stream, assigned)
    elif stream.advan in _ODE:
        if "DES" not in stream.code:
            raise DataError(f"ADVAN{stream.advan} needs a $DES record")
        names, dose, observed = _named(stream)
        found = Structure(names, dose, observed, (), stiff=stream.advan in _STIFF)
    else:
        raise UnsupportedError(f"ADVAN{stream.advan} is not supported", allowed=_ALLOWED)
    if stream.trans != 1 and stream.advan not in _PERIPHERALS:
        raise UnsupportedError(f"ADVAN{stream.advan} has no TRANS{stream.trans}", allowed="TRANS1")
    missing = [n for n in found.needs if n not in assigned]
    if missing:
        raise DataError(
            f"ADVAN{stream.advan} TRANS{stream.trans} needs {', '.join(missing)} in $PK", got=", ".join(assigned)
        )
    return found


def _mammillary(stream: ControlStream) -> Structure:
    peripherals, depot = _PERIPHERALS[stream.advan], stream.advan in _DEPOT
    if stream.trans not in _TRANS[peripherals]:
        raise UnsupportedError(f"ADVAN{stream.advan} has no TRANS{stream.trans}",
                               allowed=", ".join(f"TRANS{t}" for t in sorted(_TRANS[peripherals])))  # fmt: skip
    c = 2 if depot else 1
    around = [c + 1 + k for k in range(peripherals)]
    needs, micro = _micro(stream.trans, c, around)

    def rates(p: Mapping[str, Any]) -> dict[tuple[int, int], Any]:
        k, out, back = micro(p)
        flows = {(c, 0): k}
        for q, k_out, k_back in zip(around, out, back, strict=True):
            flows |= {(c, q): k_out, (q, c): k_back}
        return flows | ({(1, 2): p["KA"]} if depot else {})

    names = (("depot",) if depot else ()) + ("central",) + ("peripheral", "peripheral2")[:peripherals]
    return Structure(names, 1, c, needs + (("KA",) if depot else ()), rates, micro)


def _micro(trans: int, c: int, around: list[int]) -> tuple[tuple[str, ...], Micro]:
    """Names that $PK must give, and elimination, outward and backward rate constants from them."""
    outward, backward = [f"K{c}{q}" for q in around], [f"K{q}{c}" for q in around]
    volumes = ["V" if not around else f"V{c}", *(f"V{q}" for q in around)]
    flows = ["Q"] if len(around) == 1 else [f"Q{q}" for q in around]
    if trans == 1:
        return ("K", *outward, *backward), lambda p: (p["K"], [p[n] for n in outward], [p[n] for n in backward])
    if trans in (2, 4):
        v, *others = volumes
        return ("CL", *volumes, *flows), lambda p: (
            p["CL"] / p[v],
            [p[q] / p[v] for q in flows],
            [p[q] / p[w] for q, w in zip(flows, others, strict=True)],
        )
    if trans == 3:
        return ("CL", "V", "Q", "VSS"), lambda p: (
            p["CL"] / p["V"], [p["Q"] / p["V"]], [p["Q"] / (p["VSS"] - p["V"])]
        )  # fmt: skip
    if trans == 5:
        return ("AOB", "ALPHA", "BETA"), lambda p: _biexponential(
            p["ALPHA"], p["BETA"], (p["AOB"] * p["BETA"] + p["ALPHA"]) / (p["AOB"] + 1)
        )
    if len(around) == 1:
        return ("ALPHA", "BETA", *backward), lambda p: _biexponential(p["ALPHA"], p["BETA"], p[backward[0]])
    return ("ALPHA", "BETA", "GAMMA", *backward), lambda p: _triexponential(p, p[backward[0]], p[backward[1]])


def _biexponential(alpha: Any, beta: Any, back: Any) -> tuple[Any, list[Any], list[Any]]:
    k = alpha * beta / back
    return k, [alpha + beta - back - k], [back]


def _triexponential(p: Mapping[str, Any], back: Any, back2: Any) -> tuple[Any, list[Any], list[Any]]:
    a, b, g = p["ALPHA"], p["BETA"], p["GAMMA"]
    k = a * b * g / (back * back2)
    both = a + b + g - k - back - back2  # sum of the two outward constants: trace of the rate matrix
    pairs = a * b + a * g + b * g - k * (back + back2) - back * back2
    second = (pairs - both * back2) / (back - back2)
    return k, [both - second, second], [back, back2]


def _general(stream: ControlStream, assigned: Mapping[str, int]) -> Structure:
    names, dose, observed = _named(stream)
    flows: dict[str, tuple[int, int]] = {}
    for name in assigned:
        match = re.fullmatch(r"K(\d)(\d)|K(\d+)T(\d+)", name)
        if match:
            i, j = (int(g) for g in match.groups() if g is not None)
            j = 0 if j == len(names) + 1 else j  # the output compartment is 0 or n+1
            if not (1 <= i <= len(names) and 0 <= j <= len(names)):
                raise DataError(f"$PK, line {assigned[name]}: {name} joins compartments that $MODEL lacks")
            flows[name] = (i, j)
    if not flows:
        raise DataError(f"ADVAN{stream.advan} needs rate constants in $PK", allowed="K12, K20, K10T11, …")
    return Structure(names, dose, observed, tuple(flows), lambda p: {ij: p[name] for name, ij in flows.items()})


def _named(stream: ControlStream) -> tuple[tuple[str, ...], int, int]:
    if not stream.compartments:
        raise DataError(f"ADVAN{stream.advan} needs a $MODEL record", allowed="COMP=(NAME), one for each compartment")
    names = [name for name, _ in stream.compartments]
    for name, options in stream.compartments:
        bad = {"INITIALOFF", "EQUILIBRIUM", "EXCLUDE"} & set(options)
        if bad:
            raise UnsupportedError(f"$MODEL: {sorted(bad)[0]} of compartment {name} is not supported")

    def default(option: str, usual: str) -> int:
        chosen = [k for k, (_, options) in enumerate(stream.compartments) if option in options]
        return (chosen or [names.index(usual) if usual in names else 0])[0] + 1

    return tuple(n.lower() for n in names), default("DEFDOSE", "DEPOT"), default("DEFOBSERVATION", "CENTRAL")
