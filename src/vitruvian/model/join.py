"""Joining two models through ports into one model that every verb works on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from vitruvian.core import DataError, Source, UnitError, UnknownNameError, UnsupportedError, convert
from vitruvian.model.join_held import Held
from vitruvian.model.join_names import Side, merge_covariates, sides
from vitruvian.model.model import Model, Values
from vitruvian.model.ode import Adaptive, Stiff
from vitruvian.model.ports import Wire
from vitruvian.model.settled import steady_state


@dataclass(frozen=True)
class Monolithic:
    """One system: both models' states are solved together, and what flows through a wire is always up to date."""


@dataclass(frozen=True)
class SampleAndHold:
    """What flows through a wire is sampled at the multiples of `step` (time unit of the slow model), else constant."""

    step: float


@dataclass(frozen=True)
class Settled:
    """The fast model is always in the steady state that belongs to the slow one's outputs; it has no states left."""


How = Monolithic | SampleAndHold | Settled
Flow = tuple[Side, Side, Wire, float]
"""From, to, wire, and the factor from the source's unit to the port's."""


class Joined(Model):
    """Two models and their wires. Time and amounts are in the slow model's units."""

    linear = False

    def __init__(self, slow: Model, fast: Model, wires: tuple[Wire, ...], how: How) -> None:
        self.slow, self.fast, self.wires, self.how = slow, fast, wires, how
        a, b = self._sides = sides(slow, fast)
        self._flows = tuple(_flow(w, a, b) for w in wires)
        taken = [(to.model.name, wire.port) for _, to, wire, _ in self._flows]
        if len(set(taken)) < len(taken):
            raise DataError("two wires end at one port", got=taken, todo="Give each port one source.")
        self.name = f"{slow.name}+{fast.name}"  # type: ignore[misc]
        self.title = f"{slow.title}; {fast.title}"  # type: ignore[misc]
        self.source: Source = slow.source  # type: ignore[misc]
        self.time_unit, self.amount_unit = slow.time_unit, slow.amount_unit  # type: ignore[misc]
        self.parameters = tuple(
            replace(q, name=s.parameter(q.name), source=q.source or s.model.source)
            for s in self._sides
            for q in s.model.parameters
        )
        self.variability = tuple(replace(v, of=s.key(v.of)) for s in self._sides for v in s.model.variability)
        self.covariances = {
            (s.key(x), s.key(y)): value for s in self._sides for (x, y), value in s.model.covariances.items()
        }
        self.covariates = merge_covariates(slow, fast)
        self.outputs = tuple(replace(o, name=s.output(o.name)) for s in self._sides for o in s.model.outputs)
        solved = (a,) if isinstance(how, Settled) else self._sides
        held = tuple(f"held {w.port}" for w in wires) if isinstance(how, SampleAndHold) else ()
        self.compartments = tuple(s.state(c) for s in solved for c in s.model.compartments) + held
        self.routes = {s.route(r): s.state(c) for s in solved for r, c in s.model.routes.items()}
        self.breakpoints = tuple(sorted({t / s.clock for s in self._sides for t in s.model.breakpoints}))
        self.clearance_keys = tuple(s.key(k) for s in self._sides for k in s.model.clearance_keys if k in s.keys)
        self.inputs = tuple(
            replace(port, name=s.key(port.name))
            for s in self._sides
            for port in s.model.inputs
            if (s.model.name, port.name) not in taken
        )
        stiff = any(isinstance(getattr(m, "solver", None), Stiff) for m in (slow, fast))
        inner = Stiff() if stiff else Adaptive()
        self.solver = Held(how.step, inner) if isinstance(how, SampleAndHold) else inner
        self._order = self._find_order()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Joined) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    @property
    def _identity(self) -> tuple[Any, ...]:
        return (self.slow, self.fast, self.wires, self.how)

    def typical(self, theta: Values, c: Values) -> dict[str, Any]:
        """Both models' typical quantities, the fast one's prefixed where names collide."""
        return {s.key(k): v for s in self._sides for k, v in s.typical(theta, c).items()}

    def derive(self, p: dict[str, Any], c: Values) -> dict[str, Any]:
        """Each model's own derivation."""
        return p | {s.key(k): v for s in self._sides for k, v in s.model.derive(s.own(p), s.own_time(c)).items()}

    def initial(self, p: Values) -> Float[Array, " n"]:
        """Both models' states before the first event."""
        parts = [s.model.initial(s.own(p)) for s in self._sides]
        if isinstance(self.how, Settled):
            return jnp.asarray(parts[0])
        y = jnp.concatenate(parts)
        if not isinstance(self.how, SampleAndHold):
            return y
        return self.sample(0.0, jnp.concatenate([y, jnp.zeros(len(self.wires))]), p)

    def dosing(self, p: Values) -> dict[str, dict[str, Any]]:
        """Each model's own, in the slow model's time."""
        solved = self._sides[:1] if isinstance(self.how, Settled) else self._sides
        return {s.state(name): s.scaled(q) for s in solved for name, q in s.model.dosing(s.own(p)).items()}

    def rhs(self, t: Any, y: Float[Array, " n"], p: Values) -> Float[Array, " n"]:
        """Both models' slopes, each fed by the other's outputs; under sample and hold only `Held` may solve them."""
        if isinstance(self.how, SampleAndHold):
            raise UnsupportedError(
                f"model {self.name} is joined by sample and hold",
                todo="Solve it with Held(step, inner), or leave the solver to the model.",
            )
        return self.slope(t, y, p)

    def slope(self, t: Any, y: Float[Array, " n"], p: Values) -> Float[Array, " n"]:
        """Both models' slopes; what is held stays."""
        givers = tuple(s for s in self._order if any(f[0] is s for f in self._flows))
        states, own = self._fed(t, y, p, givers)
        solved = self._sides[:1] if isinstance(self.how, Settled) else self._sides
        parts = [s.clock * s.model.rhs(t * s.clock, states[s], own[s]) for s in solved]
        if isinstance(self.how, SampleAndHold):
            parts.append(jnp.zeros(len(self.wires)))
        return jnp.concatenate(parts)

    def observe(self, t: Any, y: Float[Array, " n"], p: Values) -> dict[str, Any]:
        """Both models' outputs."""
        states, own = self._fed(t, y, p, self._order)
        found = {s: s.model.observe(t * s.clock, states[s], own[s]) for s in self._sides}
        return {s.output(k): v for s in self._sides for k, v in found[s].items()}

    def sample(self, t: Any, y: Float[Array, " n"], p: Values) -> Float[Array, " n"]:
        """`y` with the held values (sample and hold) taken anew from the states."""
        states, own = self._states(y), {s: s.own(p) for s in self._sides}
        fed = self._feed(t, states, own, self._order)
        now = [fed[to][wire.port] for _, to, wire, _ in self._flows]
        return jnp.concatenate([y[: -len(now)], jnp.stack(jnp.broadcast_arrays(*now))])

    # -- what flows -----------------------------------------------------------------------------------------------

    def _states(self, y: Any) -> dict[Side, Any]:
        a, b = self._sides
        n, m = len(a.model.compartments), len(b.model.compartments)
        return {a: y[:n], b: y[n : n + m]}

    def _fed(
        self, t: Any, y: Any, p: Values, order: Iterable[Side]
    ) -> tuple[dict[Side, Any], dict[Side, dict[str, Any]]]:
        """Each model's states and its individual quantities with its ports."""
        states, own = self._states(y), {s: s.own(p) for s in self._sides}
        if isinstance(self.how, SampleAndHold):
            for k, (_, to, wire, _) in enumerate(self._flows):
                own[to] = own[to] | {wire.port: y[len(self.compartments) - len(self.wires) + k]}
            return states, own
        return states, self._feed(t, states, own, order)

    def _feed(self, t: Any, states: dict[Side, Any], own: Any, order: Iterable[Side]) -> dict[Side, dict[str, Any]]:
        """`own` with the ports' values; each model of `order` gives its outputs in turn. Settles the fast one."""
        own, b = dict(own), self._sides[1]
        for s in order:
            if isinstance(self.how, Settled) and s is b:
                states[b] = self._settle(t, own[b])
            flows = [f for f in self._flows if f[0] is s]
            seen: dict[str, Any] = dict(zip(s.model.compartments, states[s], strict=True))
            if any(wire.source in s.outputs for _, _, wire, _ in flows):
                seen |= s.model.observe(t * s.clock, states[s], own[s])
            for _, to, wire, factor in flows:
                own[to] = own[to] | {wire.port: seen[wire.source] * factor}
        return own

    def _settle(self, t: Any, own: Values) -> Float[Array, " n"]:
        b = self._sides[1]
        start = jnp.asarray(b.model.initial(own), dtype=float)
        return steady_state(lambda y: b.model.rhs(t * b.clock, y, own), start)

    def _find_order(self) -> tuple[Side, ...]:
        """The order in which the models can give their outputs: one that needs no port fed later."""
        a, b = self._sides
        orders = ((a, b),) if isinstance(self.how, Settled) else ((a, b), (b, a))
        for order in orders:
            if self._works(order):
                return order
        raise UnsupportedError(
            f"models {a.model.name} and {b.model.name} are joined in an algebraic loop",
            got=", ".join(f"{w.source} -> {w.port}" for w in self.wires),
            todo="Wire an output (or a state) that needs no port of its own model.",
        )

    def _works(self, order: tuple[Side, ...]) -> bool:
        ports = {(to, wire.port) for _, to, wire, _ in self._flows}
        open_ports = {q.name: jnp.ones(()) for q in self.inputs}

        def probe(theta: Any, c: Any) -> Any:
            p = open_ports | self.derive(self.typical(theta, c), c)
            own = {s: {k: v for k, v in s.own(p).items() if (s, k) not in ports} for s in self._sides}
            states = {s: jnp.zeros(len(s.model.compartments)) for s in self._sides}
            return list(self._feed(0.0, states, own, order).values())

        covariates = {c.name: jnp.ones(()) for c in self.covariates} | {"TIME": jnp.zeros(())}
        try:
            jax.eval_shape(probe, {k: jnp.asarray(v) for k, v in self.theta.items()}, covariates)
        except KeyError as missing:
            if any(missing.args[0] == name for _, name in ports):
                return False
            raise
        return True


def join(slow: Model, fast: Model, wires: Iterable[Wire], how: How | None = None) -> Joined:
    """One model of two: parameters, variability, covariates, states, routes and outputs of both.

    A name that both have is prefixed in the fast model ("pd.CL" for its model named "pd"); a covariate that both
    need is one covariate. Wires may go either way. `how` is `Monolithic()` unless given. Raises `UnitError` where a
    wire's units do not agree, `UnknownNameError` for a wire without ends, `UnsupportedError` for an algebraic loop.
    """
    wires, how = tuple(wires), how or Monolithic()
    if not wires:
        raise DataError("a join without wires", todo="Name what flows: Wire(output, port).")
    if isinstance(how, SampleAndHold) and not how.step > 0:
        raise DataError("step of sample and hold", got=how.step, allowed="> 0")
    return Joined(slow, fast, wires, how)


def _flow(wire: Wire, a: Side, b: Side) -> Flow:
    """The wire's ends and the factor between their units."""
    ends = [(x, y) for x, y in ((a, b), (b, a)) if wire.source in x.sources and wire.port in y.ports]
    if len(ends) != 1:
        raise UnknownNameError(
            f"wire {wire.source} -> {wire.port} fits {'both ways' if ends else 'neither way'}",
            allowed="; ".join(f"{s.model.name}: from {sorted(s.sources)}, to {sorted(s.ports)}" for s in (a, b)),
        )
    giver, taker = ends[0]
    unit, wanted = wire.unit or giver.sources[wire.source], taker.ports[wire.port]
    try:
        factor = convert(1.0, unit, wanted)
        offset = convert(0.0, unit, wanted)
    except UnitError as error:
        raise UnitError(
            f"wire {wire.source} -> {wire.port} joins units that do not agree",
            got=unit,
            allowed=wanted,
            todo="Give a port of the same dimension; molar and mass units differ by a molar mass.",
        ) from error
    if offset != 0:
        raise UnitError(f"wire {wire.source} -> {wire.port} needs more than a factor", got=unit, allowed=wanted)
    return giver, taker, wire, factor
