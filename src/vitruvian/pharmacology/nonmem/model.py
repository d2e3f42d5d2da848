"""A NONMEM control stream as a model of this package."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import DataError, Source, UnsupportedError
from vitruvian.model import (
    RECORD_TIME,
    Adaptive,
    Covariate,
    DataLayout,
    Mammillary,
    Model,
    Output,
    Parameter,
    Stiff,
    Variability,
)
from vitruvian.pharmacology.nonmem.advan import Structure, structure
from vitruvian.pharmacology.nonmem.code import assigned, names
from vitruvian.pharmacology.nonmem.evaluate import execute
from vitruvian.pharmacology.nonmem.outputs import find_outputs
from vitruvian.pharmacology.nonmem.stream import ControlStream, read_stream

# what NONMEM sets by itself: ICALL 2 is a call during the evaluation of data, A_0FLG 1 says that A_0 may be set
_SET = {"ICALL": 2.0, "A_0FLG": 1.0}
_RECORD_ITEMS = {"AMT", "RATE", "II", "ADDL", "SS", "CMT", "EVID", "MDV", "DV", "DVID", "ID"}
_DOSING = {"F": "F", "ALAG": "LAG", "R": "RATE", "D": "DUR"}


class ControlStreamModel(Model):
    """A control stream: initial estimates as fixed effects THETAn, random effects ETAn (normal, typical value 0).

    Each ETA of a SAME block is a random effect of its own with the block's variance, as in NONMEM. Time and amounts are
    in the units of the data; outputs carry no unit. `layout` says how a data set for the control stream is read.
    """

    name = "control stream"
    title = "a NONMEM control stream"
    source = Source("NONMEM control stream given by the user", status="assumption")
    layout: DataLayout

    def __init__(self, stream: ControlStream) -> None:
        # each instance is a model of its own: what a library model declares on its class is set on the instance here
        own: dict[str, Any] = self.__dict__
        self._stream = stream
        self._pk, self._des, self._error = stream.code["PK"], stream.code.get("DES", ()), stream.code["ERROR"]
        self._assigned = assigned(self._pk)
        self._structure: Structure = structure(stream, self._assigned)
        own.update(name=stream.name, title=stream.problem or stream.name, compartments=self._structure.compartments)
        own.update(linear=self._structure.rates is not None, parameters=_parameters(stream))
        own.update(zip(("variability", "covariances"), _variability(stream.omega), strict=True))
        own["closed_form"] = self._structure.micro is not None
        dose = self._structure.compartments[self._structure.dose - 1]
        own["routes"] = {"oral" if dose == "depot" else "iv": dose}
        if not self.linear:
            own["solver"] = (Stiff if self._structure.stiff else Adaptive)(rtol=1e-9, atol=1e-12)
        self._covariates = self._check_names()
        own["covariates"] = tuple(Covariate(RECORD_TIME if n == "TIME" else n, "") for n in self._covariates)
        self._kept = self._kept_names()
        found = find_outputs(self._error, self.sample, stream.sigma, self._structure, stream.inputs, self._covariates)
        own["outputs"] = tuple(Output(o.name, "", o.error) for o in found.outputs)
        self._found = found
        own["layout"] = DataLayout(
            column=found.column,
            codes=found.codes,
            otherwise=found.otherwise,
            dose_compartment=self._structure.dose,
            observed_compartments=found.compartments,
            inputs=stream.inputs,
            synonyms=stream.synonyms,
        )

    # -- equations ------------------------------------------------------------------------------------------------

    def typical(self, theta: Mapping[str, Any], c: Mapping[str, Any]) -> dict[str, Any]:
        """Fixed effects as they are; etas at 0."""
        return {q.name: theta[q.name] for q in self.parameters} | {
            f"ETA{k + 1}": jnp.zeros(()) for k in range(len(self._stream.omega))
        }

    def derive(self, p: dict[str, Any], c: Mapping[str, Any]) -> dict[str, Any]:
        """What $PK computes, and what $DES and $ERROR read."""
        env: dict[str, Any] = {**_SET, **{n: c[RECORD_TIME if n == "TIME" else n] for n in self._covariates}}
        env |= {re.sub(r"^(THETA|ETA)(\d+)$", r"\1(\2)", key): value for key, value in p.items()}
        execute(self._pk, env)
        return {n: jnp.asarray(env[n], dtype=float) for n in self._kept if n in env}

    def matrix(self, p: Mapping[str, Any]) -> Float[Array, "n n"]:
        """Rate matrix (ADVAN1 to 5, 7, 11, 12)."""
        return self._structure.matrix(p) if self.linear else super().matrix(p)

    def mammillary(self, p: Mapping[str, Any]) -> Mammillary | None:
        """Structure for the closed form (ADVAN1 to 4, 11, 12)."""
        return self._structure.mammillary(p)

    def rhs(self, t: Any, y: Float[Array, " n"], p: Mapping[str, Any]) -> Float[Array, " n"]:
        """Right-hand side of ADVAN10 or $DES (0 for a compartment that $DES leaves out, as in NONMEM)."""
        if self.linear:
            return self.matrix(p) @ y
        if self._structure.michaelis_menten:
            return jnp.stack([-p["VM"] * y[0] / (p["KM"] + y[0])])
        env: dict[str, Any] = {**_SET, **p, "T": t, **{f"A({k + 1})": y[k] for k in range(len(self.compartments))}}
        execute(self._des, env)
        return jnp.stack(
            [jnp.asarray(env.get(f"DADT({k + 1})", 0.0), dtype=float) for k in range(len(self.compartments))]
        )

    def initial(self, p: Mapping[str, Any]) -> Float[Array, " n"]:
        """A_0 of $PK."""
        return jnp.stack([jnp.asarray(p.get(f"A_0({k + 1})", 0.0), dtype=float) for k in range(len(self.compartments))])

    def dosing(self, p: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Fn, ALAGn, Rn and Dn of $PK."""
        found: dict[str, dict[str, Any]] = {}
        for k, compartment in enumerate(self.compartments, 1):
            mine = {ours: p[f"{theirs}{k}"] for theirs, ours in _DOSING.items() if f"{theirs}{k}" in p}
            if mine:
                found[compartment] = mine
        return found

    def observe(self, t: Any, y: Float[Array, " n"], p: Mapping[str, Any]) -> dict[str, Any]:
        """Y of $ERROR without residual error, for each output."""
        amounts = {f"A({k + 1})": y[k] for k in range(len(self.compartments))}
        return {o.name: o.value({**_SET, **p, **amounts, "T": t, "TIME": t}) for o in self._found.outputs}

    # -- checks and samples ---------------------------------------------------------------------------------------

    def sample(self, c: Mapping[str, Any], eta: Float[np.ndarray, "m e"]) -> dict[str, Any]:
        """$PK for many random people at once, as $ERROR will see them: arrays of m values."""
        p = self.typical(self.theta, {}) | {f"ETA{k + 1}": jnp.asarray(eta[:, k]) for k in range(eta.shape[1])}
        return {
            **_SET,
            **self.derive(
                p, {q.name: jnp.asarray(c[n]) for n, q in zip(self._covariates, self.covariates, strict=True)}
            ),
        }

    def _check_names(self) -> tuple[str, ...]:
        """Covariates that the code reads; refuses names that nobody defines and data items of single records."""
        items = set(self._stream.inputs) - {""}
        elements = {f"THETA({k + 1})" for k in range(len(self._stream.thetas))}
        elements |= {f"ETA({k + 1})" for k in range(len(self._stream.omega))}
        amounts = {f"A({k + 1})" for k in range(len(self.compartments))}
        errors = {f"EPS({k + 1})" for k in range(len(self._stream.sigma))}
        known = {
            "PK": elements,
            "DES": elements | amounts | {"T"},
            "ERROR": elements | amounts | errors | {"F", "T", "TIME"},
        }
        done: set[str] = set(_SET)
        covariates: set[str] = set()
        for record, code in self._stream.code.items():
            mine = assigned(code)
            for name in sorted(names(code) - known[record] - done - set(mine)):
                if name not in items:
                    raise DataError(f"${record}: {name} is read but never set", todo="Set it, or name it in $INPUT.")
                if record != "ERROR" and name in _RECORD_ITEMS:
                    raise UnsupportedError(f"${record}: the data item {name} is not supported there",
                                           allowed="covariates, OCC, TIME")  # fmt: skip
                covariates.add(name)
            done |= set(mine)
        for name, line in assigned(self._error).items():
            if name == "F_FLAG":
                raise UnsupportedError(
                    f"$ERROR, line {line}: F_FLAG is not supported",
                    todo="Mark values below the limit by a column CENS.",
                )
        return tuple(sorted(covariates - _RECORD_ITEMS))

    def _kept_names(self) -> tuple[str, ...]:
        later = names(self._des) | names(self._error) | set(self._structure.needs)
        dosing = [f"{x}{k + 1}" for x in (*_DOSING, "S") for k in range(len(self.compartments))]
        start = [f"A_0({k + 1})" for k in range(len(self.compartments))]
        return tuple(sorted(later | set(dosing) | set(start)))


def read_control_stream(path: str | Path) -> ControlStreamModel:
    """The model of a `.mod` or `.ctl` file.

    Raises `UnsupportedError` naming record and line for what is legal in NONMEM but not supported here, `DataError` for
    what cannot be read, `InputError` where pharmpy is not installed.
    """
    return ControlStreamModel(read_stream(Path(path)))


def _parameters(stream: ControlStream) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            f"THETA{k + 1}", t.value, "", t.comment, t.value if t.fixed else t.lower, t.value if t.fixed else t.upper
        )
        for k, t in enumerate(stream.thetas)
    )


def _variability(omega: np.ndarray) -> tuple[tuple[Variability, ...], dict[tuple[str, str], float]]:
    """Random effects with a variance, and their covariances; an ETA fixed to 0 stays at 0."""
    size = len(omega)
    effects = tuple(Variability(f"ETA{k + 1}", float(omega[k, k]), "normal") for k in range(size))
    pairs = {(f"ETA{i + 1}", f"ETA{j + 1}"): float(omega[i, j]) for i in range(size) for j in range(i) if omega[i, j]}
    return effects, pairs
