"""The names of two joined models in the model they become: prefixed in the fast one where both have them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp

from vitruvian.core import DataError, UnitError, convert
from vitruvian.model.model import Model, Values
from vitruvian.model.parameter import Covariate


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two models, its new names, and its clock: its time units in one of the join's."""

    model: Model
    clock: float
    keys: frozenset[str]
    taken: dict[str, frozenset[str]]

    def _new(self, kind: str, name: str) -> str:
        return f"{self.model.name}.{name}" if name in self.taken.get(kind, ()) else name

    def parameter(self, name: str) -> str:
        """New name of a fixed effect."""
        return self._new("parameter", name)

    def key(self, name: str) -> str:
        """New name of an individual quantity or an open port."""
        return self._new("key", name)

    def state(self, name: str) -> str:
        """New name of a compartment."""
        return self._new("state", name)

    def output(self, name: str) -> str:
        """New name of an output."""
        return self._new("output", name)

    def route(self, name: str) -> str:
        """New name of a route."""
        return self._new("route", name)

    @property
    def ports(self) -> dict[str, str]:
        """Ports and their units."""
        return {port.name: port.unit for port in self.model.inputs}

    @property
    def outputs(self) -> frozenset[str]:
        """Names of the outputs."""
        return frozenset(o.name for o in self.model.outputs)

    @property
    def sources(self) -> dict[str, str]:
        """What a wire can start from, and its unit: states, and outputs (which go before)."""
        return dict.fromkeys(self.model.compartments, self.model.amount_unit) | {
            o.name: o.unit for o in self.model.outputs
        }

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """This model's typical quantities from the join's fixed effects."""
        return self.model.typical(
            {q.name: theta[self.parameter(q.name)] for q in self.model.parameters}, self.own_time(c)
        )

    def own(self, p: Values) -> dict[str, Any]:
        """This model's quantities and open ports among the join's, by its own names."""
        return {k: p[self.key(k)] for k in (*self.keys, *self.ports) if self.key(k) in p}

    def own_time(self, c: Values) -> Values:
        """Covariates with the time in this model's unit."""
        return {**c, "TIME": c["TIME"] * self.clock} if "TIME" in c and self.clock != 1 else c

    def scaled(self, dosing: dict[str, Any]) -> dict[str, Any]:
        """Lag, duration and rate of doses in the join's time."""
        powers = {"LAG": 1 / self.clock, "DUR": 1 / self.clock, "RATE": self.clock}
        return {k: v * powers.get(k, 1.0) for k, v in dosing.items()}


def sides(slow: Model, fast: Model) -> tuple[Side, Side]:
    """Both models with their names; raises `DataError` where a prefix does not tell them apart."""
    if fast.routes and slow.amount_unit != fast.amount_unit:
        raise UnitError("both models take doses, in different units", got=fast.amount_unit, allowed=slow.amount_unit)
    keys = {m: frozenset(_keys(m)) for m in (slow, fast)}
    names = {m: _names(m, keys[m]) for m in (slow, fast)}
    taken = {kind: names[slow][kind] & names[fast][kind] for kind in names[slow]}
    for kind, shared in taken.items():
        clash = {f"{fast.name}.{n}" for n in shared} & (names[slow][kind] | names[fast][kind])
        if clash:
            raise DataError(
                "names collide even with a prefix", got=sorted(clash), todo="Give the fast model a new name."
            )
    clock = convert(1.0, slow.time_unit, fast.time_unit)
    return Side(slow, 1.0, keys[slow], {}), Side(fast, clock, keys[fast], taken)


def merge_covariates(slow: Model, fast: Model) -> tuple[Covariate, ...]:
    """One covariate for each name, within the domains of both models; raises `UnitError` for two units of one name."""
    found = {c.name: c for c in slow.covariates}
    for c in fast.covariates:
        other = found.get(c.name)
        if other is not None and other.unit != c.unit:
            raise UnitError(f"covariate {c.name} has two units", got=c.unit, allowed=other.unit)
        found[c.name] = c if other is None else _both(other, c)
    return tuple(found.values())


def _both(a: Covariate, b: Covariate) -> Covariate:
    def within(x: tuple[float, float], y: tuple[float, float]) -> tuple[float, float]:
        return max(x[0], y[0]), min(x[1], y[1])

    default = a.default if a.default == b.default else None
    return replace(a, soft=within(a.soft, b.soft), hard=within(a.hard, b.hard), default=default)


def _keys(model: Model) -> set[str]:
    """Names of the individual quantities."""
    found: set[str] = set()

    def probe(theta: Any, c: Any) -> None:
        p = dict(model.typical(theta, c))
        found.update(p, model.derive(p, c))

    c = {c.name: jnp.ones(()) for c in model.covariates} | {"TIME": jnp.zeros(())}
    jax.eval_shape(probe, {k: jnp.asarray(v) for k, v in model.theta.items()}, c)
    return found


def _names(model: Model, keys: frozenset[str]) -> dict[str, frozenset[str]]:
    return {
        "parameter": frozenset(q.name for q in model.parameters),
        "key": keys | {port.name for port in model.inputs},
        "state": frozenset(model.compartments),
        "output": frozenset(o.name for o in model.outputs),
        "route": frozenset(model.routes),
    }
