"""What a model is: declared data plus pure equations."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from vitruvian.core import DataError, Source, UnknownNameError
from vitruvian.model.parameter import Covariate, Output, Parameter, Variability
from vitruvian.model.ports import Port

Values = Mapping[str, Any]


class Model(ABC):
    """A published model: immutable data that describes it, and pure equations.

    Units: time in `time_unit`, amounts in `amount_unit`; everything else as declared. Subclasses set the class
    attributes and write `typical` and `observe`, and one of `matrix` (linear) or `rhs` (ODE).
    Equations must be pure JAX: they are traced, differentiated and mapped over people.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    source: ClassVar[Source]
    time_unit: ClassVar[str] = "h"
    amount_unit: ClassVar[str] = "mg"
    parameters: tuple[Parameter, ...] = ()
    variability: tuple[Variability, ...] = ()
    covariances: Mapping[tuple[str, str], float] = {}
    covariates: tuple[Covariate, ...] = ()
    compartments: tuple[str, ...] = ()
    outputs: tuple[Output, ...] = ()
    inputs: tuple[Port, ...] = ()
    """What it can take from another model; see `join`."""
    routes: Mapping[str, str] = {}
    """route → compartment name, e.g. {"oral": "depot", "iv": "central"}."""
    breakpoints: tuple[float, ...] = ()
    """Times at which `typical` changes by itself; it then reads `c["TIME"]`, the start of the segment."""
    linear: ClassVar[bool] = True
    on_request: ClassVar[str] = ""
    """Why the twin uses this model only when it is named (a variant, another population); empty: used by default."""
    clearance_keys: tuple[str, ...] = ("CL",)
    """Keys of the individual quantities that an interaction or a genotype effect on clearance multiplies."""

    @abstractmethod
    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Typical individual quantities for fixed effects `theta` and covariates `c`."""

    def derive(self, p: dict[str, Any], c: Values) -> dict[str, Any]:
        """Quantities that depend on individual ones (rarely needed); default: unchanged."""
        return p

    def matrix(self, p: Values) -> Float[Array, "n n"]:
        """Rate matrix A of dy/dt = A·y + input (linear models)."""
        raise UnknownNameError(f"model {self.name} has no rate matrix", todo="Use a solver for ODE models.")

    def rhs(self, t: Any, y: Float[Array, " n"], p: Values) -> Float[Array, " n"]:
        """dy/dt without dosing input (ODE models); linear models need not write it."""
        return self.matrix(p) @ y

    def initial(self, p: Values) -> Float[Array, " n"]:
        """State before the first event; default: empty."""
        return jnp.zeros(len(self.compartments))

    def dosing(self, p: Values) -> dict[str, dict[str, Any]]:
        """Per compartment name: bioavailability "F", lag "LAG", modelled rate "RATE", modelled duration "DUR"."""
        return {}

    @abstractmethod
    def observe(self, t: Any, y: Float[Array, " n"], p: Values) -> dict[str, Any]:
        """Outputs by name from state `y` at time `t`."""

    def for_person(self, known: Mapping[str, float]) -> tuple[Model, str]:
        """The model to use for a person of whom this is known, and in words why it is another one ("": it is not)."""
        return self, ""

    # -- derived data ---------------------------------------------------------------------------------------------

    @property
    def theta(self) -> dict[str, float]:
        """Fixed effects at their published values."""
        return {q.name: q.value for q in self.parameters}

    @property
    def random_effects(self) -> tuple[Variability, ...]:
        """The variabilities with between-person variance, in the order of the between-person etas."""
        return tuple(v for v in self.variability if v.variance > 0)

    @property
    def occasion_effects(self) -> tuple[Variability, ...]:
        """The variabilities with between-occasion variance, in the order of each occasion's etas."""
        return tuple(v for v in self.variability if v.occasion_variance > 0)

    def eta_names(self, occasions: int = 0) -> tuple[str, ...]:
        """Names of the etas: between-person first, then one block per occasion ("CL@1")."""
        names = [v.of for v in self.random_effects]
        names += [f"{v.of}@{k + 1}" for k in range(occasions) for v in self.occasion_effects]
        return tuple(names)

    def omega(self, occasions: int = 0) -> Float[np.ndarray, "e e"]:
        """Covariance matrix of the etas in the order of `eta_names(occasions)`."""
        people, occasion = self.random_effects, self.occasion_effects
        diagonal = [v.variance for v in people] + [v.occasion_variance for v in occasion] * occasions
        matrix = np.diag(np.asarray(diagonal, dtype=float)).reshape(len(diagonal), len(diagonal))
        index = {v.of: k for k, v in enumerate(people)}
        for (a, b), value in self.covariances.items():
            matrix[index[a], index[b]] = matrix[index[b], index[a]] = value
        return matrix

    def individual(self, theta: Values, eta: Float[Array, " e"], c: Values, occasion: Any = 0) -> dict[str, Any]:
        """Individual quantities: typical values with etas applied, then `derive`.

        `eta` is ordered as `eta_names`; `occasion` (0-based, may be traced) selects the occasion block, which is
        used when `eta` is long enough to hold one.
        """
        p = self._unwired() | dict(self.typical(theta, c))
        people, per_occasion = self.random_effects, self.occasion_effects
        total = {v.of: eta[k] for k, v in enumerate(people)}
        if per_occasion and eta.shape[0] > len(people):
            block = eta[len(people) :].reshape(-1, len(per_occasion))[occasion]
            for k, v in enumerate(per_occasion):
                total[v.of] = total.get(v.of, 0.0) + block[k]
        for v in self.variability:
            if v.of in total:
                p[v.of] = _apply(v, p[v.of], total[v.of])
        return self.derive(p, c)

    def _unwired(self) -> dict[str, Any]:
        for port in self.inputs:
            if port.default is None:
                raise DataError(
                    f"nothing is wired to port {port.name} ({port.unit}) of model {self.name}",
                    todo="Join it to a model that gives it, or give the port a default.",
                )
        return {port.name: port.default for port in self.inputs}

    def output_index(self, name: str) -> int:
        """Position of output `name`; raises `UnknownNameError`."""
        names = [o.name for o in self.outputs]
        if name not in names:
            raise UnknownNameError(f"model {self.name} has no output {name!r}", allowed=", ".join(names))
        return names.index(name)

    def __repr__(self) -> str:
        return f"<Model {self.name}: {self.title}>"


def _apply(v: Variability, typical: Any, eta: Any) -> Any:
    match v.distribution:
        case "lognormal":
            return typical * jnp.exp(eta)
        case "normal":
            return typical + eta
        case "proportional":
            return typical * (1 + eta)
        case "logit":
            return 1 / (1 + (1 / typical - 1) * jnp.exp(-eta))
        case "boxcox":
            return typical * jnp.exp((jnp.exp(eta * v.shape) - 1) / v.shape)
