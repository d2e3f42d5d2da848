"""The outputs that $ERROR defines: one, or one for each value of a data item such as DVID or CMT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.core import DataError, UnsupportedError
from vitruvian.model import ResidualError
from vitruvian.pharmacology.nonmem.advan import Structure
from vitruvian.pharmacology.nonmem.code import Call, Name, Num, Statement, expressions, names
from vitruvian.pharmacology.nonmem.evaluate import execute
from vitruvian.pharmacology.nonmem.residual import residual_error

_SAMPLES = 64
_SEED = 1  # any: the samples only tell forms apart that differ everywhere


@dataclass(frozen=True)
class OutputCode:
    """$ERROR for one value of the selecting data item (`fixed`), with the compartment that F means."""

    name: str
    code: tuple[Statement, ...]
    fixed: Mapping[str, float]
    compartment: int
    error: ResidualError

    def run(self, env: Mapping[str, Any]) -> dict[str, Any]:
        """All names after $ERROR, given $PK's, the amounts A(n) and perhaps ε."""
        k = self.compartment
        env = {"DV": jnp.nan, **env, **self.fixed, "F": env[f"A({k})"] / env.get(f"S{k}", 1.0)}
        execute(self.code, env)
        return env

    def value(self, env: Mapping[str, Any]) -> Any:
        """Y at ε = 0."""
        return jnp.asarray(self.run(env)["Y"], dtype=float)


@dataclass(frozen=True)
class Outputs:
    """The outputs, and how a record's data items choose among them."""

    outputs: tuple[OutputCode, ...]
    column: str | None
    codes: Mapping[float, int]
    otherwise: int | None
    compartments: frozenset[int] | None


Sample = Callable[[Mapping[str, Any], np.ndarray], dict[str, Any]]


def find_outputs(
    code: tuple[Statement, ...],
    sample: Sample,
    sigma: np.ndarray,
    structure: Structure,
    inputs: tuple[str, ...],
    covariates: tuple[str, ...],
) -> Outputs:
    """Outputs of $ERROR with their residual errors.

    Raises `UnsupportedError` where the residual error is none of the declared forms, `DataError` where Y is not set.
    """
    column, values = _selector(code, inputs)
    candidates: list[tuple[float | None, dict[str, float]]]
    candidates = [(None, {})]
    rest = None
    if column:
        rest = max(values) + 1
        candidates = [(v, {column: v}) for v in (*values, rest)]
    samples = _samples(code, sample, covariates, structure)
    found: list[OutputCode] = []
    codes: dict[float, int] = {}
    otherwise = None
    for value, fixed in candidates:
        seen = int(value) if column == "CMT" and value is not None else 0
        reads = seen if 1 <= seen <= len(structure.compartments) else structure.observed
        name = "Y" if not column else "other" if value == rest else f"{column}{value:g}"
        output = OutputCode(name, code, fixed, reads, ResidualError("none"))
        fitted = _with_error(output, samples, sigma, optional=value is not None and value == rest)
        if fitted is None:
            continue
        if value == rest and column:
            otherwise = len(found)
        elif value is not None:
            codes[value] = len(found)
        found.append(fitted)
    reads_f = "F" in names(code) and column != "CMT"
    return Outputs(tuple(found), column, codes, otherwise, frozenset({0, structure.observed}) if reads_f else None)


def _selector(code: tuple[Statement, ...], inputs: tuple[str, ...]) -> tuple[str | None, list[float]]:
    """The data item that chooses the output, and the values it is compared with."""
    compared: dict[str, set[float]] = {}
    for e in expressions(code):
        if isinstance(e, Call) and e.function in ("==", "/=", "<", "<=", ">", ">="):
            a, b = e.arguments
            if isinstance(b, Name) and isinstance(a, Num):
                a, b = b, a
            if isinstance(a, Name) and isinstance(b, Num) and a.key in ("DVID", "CMT"):
                compared.setdefault(a.key, set()).add(b.value)
    if len(compared) > 1:
        raise UnsupportedError("$ERROR: outputs chosen by both DVID and CMT are not supported", todo="Use one of them.")
    read = sorted((names(code) & {"DVID", "CMT"}) - set(compared))
    if read:
        raise UnsupportedError(f"$ERROR: {read[0]} may only be compared with numbers", todo="Write IF (DVID.EQ.1) …")
    column = next(iter(compared), None)
    if column and column not in inputs:
        raise DataError(f"$ERROR reads {column}, which $INPUT does not name")
    return column, sorted(compared.get(column or "", ()))


def _samples(
    code: tuple[Statement, ...], sample: Sample, covariates: tuple[str, ...], structure: Structure
) -> dict[str, Any]:
    """Random people and states that visit both sides of each comparison with a number."""
    rng = np.random.default_rng(_SEED)
    literals = [e.value for e in expressions(code) if isinstance(e, Num)]
    pool = np.array([x + d for x in literals for d in (-1.0, 0.0, 1.0)] + [0.5, 1.0, 2.0, 50.0])
    drawn = {n: rng.choice(np.abs(pool), _SAMPLES) for n in covariates}
    states = {
        f"A({k + 1})": jnp.asarray(10 ** rng.uniform(-2, 3, _SAMPLES)) for k in range(len(structure.compartments))
    }
    etas = rng.normal(0.0, 0.2, (_SAMPLES, 64))
    time = jnp.asarray(rng.uniform(0, 100, _SAMPLES))
    return {**sample(drawn, etas), **states, "T": time, "TIME": time}


def _with_error(output: OutputCode, samples: dict[str, Any], sigma: np.ndarray, *, optional: bool) -> OutputCode | None:
    """The output with its residual error; None for an optional one that the code does not define."""
    if "Y" not in output.run({**samples, **{f"EPS({k + 1})": 0.0 for k in range(len(sigma))}}):
        if optional:
            return None
        raise DataError("$ERROR does not set Y", got=dict(output.fixed) or None)

    def y(eps: jax.Array) -> jax.Array:
        env = output.run({**samples, **{f"EPS({k + 1})": eps[k] for k in range(len(sigma))}})
        return jnp.broadcast_to(jnp.asarray(env["Y"], dtype=float), (_SAMPLES,))

    zero = jnp.zeros((len(sigma), _SAMPLES))
    f = np.asarray(y(zero))
    columns = [np.asarray(jax.jvp(y, (zero,), (zero.at[k].set(1.0),))[1]) for k in range(len(sigma))]
    slopes = np.stack(columns, axis=1) if columns else np.zeros((_SAMPLES, 0))
    use = np.isfinite(f) & np.isfinite(slopes).all(axis=1)
    if use.sum() < _SAMPLES // 4:
        raise UnsupportedError("$ERROR: Y is no finite function of the state", got=dict(output.fixed) or None,
                               todo="Y must not depend on DV, nor be the logarithm of a negative number.")  # fmt: skip
    error = residual_error(f[use], slopes[use], sigma)
    if error is None:
        raise UnsupportedError("$ERROR: this residual error is not supported", got=dict(output.fixed) or None,
                               allowed="SD a, b·F, a + b·F or √(a² + b²·F²), equal for all people")  # fmt: skip
    if optional and error.form == "none":
        return None
    return OutputCode(output.name, output.code, output.fixed, output.compartment, error)
