"""Learning the residual of a model's equations from levels: weights and everybody's etas together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jaxtyping import Array, Float

from vitruvian.core import DataError
from vitruvian.infer import prior_of
from vitruvian.learn import Feature, Manifest
from vitruvian.model import FixedStep, Model, Subject, compile_events, predict
from vitruvian.systems.hybrid.descent import descend
from vitruvian.systems.hybrid.domain import domain_of
from vitruvian.systems.hybrid.networks import started
from vitruvian.systems.hybrid.people import features_of, parts_of, split_of
from vitruvian.systems.hybrid.residual import REACH, Residual, check_base, made, rates
from vitruvian.systems.hybrid.training import log_likelihood

_AWAKE = 0.3  # of the rate to the hidden compartment before learning: nought would never learn
_GRID = np.linspace(0.05, 3.0, 24)  # levels, in units of the scale, at which rates are pulled towards none


@dataclass(frozen=True)
class ResidualSettings:
    """How a residual is learned. `pull` draws the learned rates, `decay` the weights, towards none."""

    hidden: int = 6
    pull: float = 0.02
    decay: float = 0.1
    rate: float = 0.03
    steps: int = 300
    apart: float = 0.25
    within: int = 6
    """Runge–Kutta steps between two events while learning."""
    seed: int = 0


class EvenSteps(FixedStep):
    """As many steps between any two events: a number known beforehand can be gone backwards for slopes."""

    count: int = eqx.field(static=True, default=6)

    def over(self, model: Model, p: Any, start: Any, end: Any, y: Any, inputs: Any) -> Float[Array, " n"]:
        """Equal steps of order 4 from `start` to `end`."""
        h = (end - start) / self.count

        def step(y: Any, k: Any) -> tuple[Any, None]:
            t = start + k * h
            k1 = model.rhs(t, y, p) + inputs
            k2 = model.rhs(t + h / 2, y + h / 2 * k1, p) + inputs
            k3 = model.rhs(t + h / 2, y + h / 2 * k2, p) + inputs
            k4 = model.rhs(t + h, y + h * k3, p) + inputs
            return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4), None

        return lax.scan(step, y, jnp.arange(self.count))[0]


class _Learning(eqx.Module):
    network: eqx.nn.MLP
    shift: Float[Array, " e"]
    eta: Float[Array, "n e"]
    """Of everybody, about the shift."""


def learn_residual(
    base: Model,
    people: Sequence[Subject],
    features: Sequence[Feature],
    *,
    title: str,
    settings: ResidualSettings = ResidualSettings(),
    file: Path | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> Residual:
    """The residual of `base` that fits the levels of `people` best, beside etas of their own.

    `features` make the domain. The network is learned from most people; it is chosen by those kept apart, whose etas
    alone follow it. With `file` an interrupted run goes on. Raises `DataError` for people without features or with
    occasions of their own.
    """
    key = base.clearance_keys[0]
    check_base(base, key)
    names = tuple(f.name for f in features)
    x, (inner, apart) = features_of(people, names), parts_of(len(people), settings.apart, settings.seed)
    domain = domain_of(names, x[inner], x[apart])
    table, prior, theta = compile_events(base, people), prior_of(base), base.theta
    if table.n_occasions and base.occasion_effects:
        raise DataError("a residual is learned from one occasion", got=f"{table.n_occasions} occasions")
    count = prior.omega.shape[0]
    rows = jax.tree.map(jnp.asarray, replace(table, ids=()))
    measured = np.asarray(table.observations.dv)[np.asarray(table.observations.mask)]
    scale, most = float(np.median(measured)), float(measured.max())
    solver, own = EvenSteps(1.0, settings.within), jnp.isin(jnp.arange(len(people)), jnp.asarray(inner))

    def each(now: _Learning) -> Any:
        """Objective of everybody; the network learns nothing from those kept apart."""

        def person(row: Any, eta: Any, teaches: Any) -> Any:
            network, shift = jax.tree.map(
                lambda w: jnp.where(teaches, w, lax.stop_gradient(w)) if eqx.is_array(w) else w,
                (now.network, now.shift),
            )
            f = predict(made(base, network, key, scale, most), row, theta, eta + shift, solver=solver)
            return eta @ prior.precision @ eta - 2.0 * log_likelihood(base.outputs[0].error, 1.0, row.observations, f)

        return jax.vmap(person)(rows, now.eta, own)

    def loss(now: _Learning) -> Any:
        found = jax.vmap(lambda level: rates(now.network, level))(jnp.asarray(_GRID))
        pull = ((found[:, 0] / REACH) ** 2 + found[:, 1]).mean()
        size = sum((w**2).sum() for w in jax.tree.leaves(eqx.filter(now.network, eqx.is_array)))
        return each(now).mean() + settings.pull * pull + settings.decay * size / len(inner)

    begun = started(1, 3, settings.hidden, settings.seed)
    begun = eqx.tree_at(lambda m: m.layers[-1].bias, begun, jnp.array([0.0, _AWAKE, 0.0]))
    split = split_of(people, inner, apart)
    found, _ = descend(
        loss,
        lambda now: each(now)[apart].mean(),
        _Learning(begun, jnp.zeros(count), jnp.zeros((len(people), count))),
        steps=settings.steps,
        rate=settings.rate,
        file=file,
        key=f"{base.name} {settings} {names} {split}",
        progress=progress,
    )
    return Residual(
        name=f"{base.name}_residual",
        title=title,
        version="1",
        features=tuple(features),
        sources=(base.source,),
        manifest=Manifest(
            split=split,
            seed=settings.seed,
            rows=len(people),
            versions={name: version(name) for name in ("jax", "equinox", "optax", "vitruvian")},
            trained=datetime.now(UTC).isoformat(timespec="seconds"),
            settings=asdict(settings),
        ),
        base=base.name,
        key=key,
        scale=scale,
        most=most,
        domain=domain,
        network=found.network,
        shift=np.asarray(found.shift),
    )
