"""Learning the correction of a prior from the levels of many people, by the likelihood of their levels.

Draws of everybody's etas are made once, under a flattened prior. The likelihood of the levels under another prior is a
weighted mean over those draws (importance sampling), so learning solves no equation of the model again. The size of the
residual error is learned beside the width of the prior: taken as published where it does not hold, it would make the
prior so narrow, or so wide, that levels teach too little, or too much.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from vitruvian.core import DataError, InputError
from vitruvian.infer import Prior, deviance, posterior, predictions, prior_of
from vitruvian.learn import Feature, Manifest
from vitruvian.model import Model, Observations, ResidualError, Subject, compile_events
from vitruvian.systems.hybrid.correction import FLATTENED, Correction, error_factor, shift_and_width
from vitruvian.systems.hybrid.descent import descend
from vitruvian.systems.hybrid.domain import Domain, domain_of
from vitruvian.systems.hybrid.networks import masked, started
from vitruvian.systems.hybrid.people import features_of, parts_of, split_of

Part = Literal["shift", "width", "error"]


@dataclass(frozen=True)
class Settings:
    """How a correction is learned. `parts` says what may be corrected; `decay` pulls all weights towards zero.

    `flattened` multiplies the published variances while draws are made. `apart` is the share of people kept apart, by
    whom the best network is chosen and the domain's radius set.
    """

    parts: tuple[Part, ...] = ("shift", "width", "error")
    hidden: int = 8
    draws: int = 200
    flattened: float = 4.0
    widest: float = 2.0
    decay: float = 1.0
    rate: float = 0.02
    steps: int = 400
    apart: float = 0.25
    seed: int = 0


class _Seen(eqx.Module):
    """What is learned from: standardised features of n people, S draws of their etas with the logarithm of their
    weight less those of likelihood and density under the flattened prior, and what they foretell of K levels."""

    z: Float[Array, "n f"]
    eta: Float[Array, "n s e"]
    log_weight: Float[Array, "n s"]
    foretold: Float[Array, "n s k"]
    levels: Observations


class _Learning(eqx.Module):
    """What is learned: the network of shift and width, and what makes the residual error's factor."""

    network: eqx.nn.MLP
    error: Float[Array, ""]


def learn_correction(
    base: Model,
    people: Sequence[Subject],
    features: Sequence[Feature],
    *,
    title: str,
    settings: Settings = Settings(),
    file: Path | None = None,
    progress: Callable[[int], object] = lambda done: None,
) -> Correction:
    """The correction of `base` that makes the levels of `people` most likely, from `features` of them.

    `people` carry the features as covariates (the value at their first record counts), beside those of `base`. With
    `file` an interrupted run goes on. People whose draws cannot be trusted are left out and counted in the manifest.
    Raises `DataError` for too few people, a missing feature, or levels that the model cannot have.
    """
    names = tuple(f.name for f in features)
    if not names or not settings.parts:
        raise InputError("nothing to learn from", got=f"features {names}, parts {settings.parts}")
    x, (inner, apart) = features_of(people, names), parts_of(len(people), settings.apart, settings.seed)
    domain = domain_of(names, x[inner], x[apart])
    seen, trusted = _seen(base, people, domain, x, settings)
    inner, apart = inner[trusted[inner]], apart[trusted[apart]]
    prior, count, published = prior_of(base), len(base.eta_names()), base.outputs[0].error
    if min(len(inner), len(apart)) < 2 * count:
        raise DataError("too few people whose levels can be learned from", got=f"{len(inner)} and {len(apart)}")
    sd = jnp.sqrt(jnp.diag(prior.omega))
    mask = jnp.repeat(jnp.array([float(part in settings.parts) for part in ("shift", "width")]), count)
    start = _Learning(started(len(names), 2 * count, settings.hidden, settings.seed), jnp.zeros(()))

    def factor(now: _Learning) -> Any:
        return error_factor(now.error * ("error" in settings.parts), settings.widest)

    def likelihood(now: _Learning, of: _Seen) -> Any:
        def person(one: _Seen) -> Any:
            shift, width = shift_and_width(lambda z: mask * now.network(z), one.z, sd, settings.widest)
            u = (one.eta - shift) / width
            log_prior = -0.5 * jnp.einsum("si,ij,sj->s", u, prior.precision, u) - jnp.log(width).sum()
            fit = jax.vmap(lambda f: log_likelihood(published, factor(now), one.levels, f))(one.foretold)
            return jax.nn.logsumexp(one.log_weight + log_prior + fit)

        return jax.vmap(person)(of).mean()

    def loss(now: _Learning) -> Any:
        size = sum((w**2).sum() for w in jax.tree.leaves(eqx.filter(now, eqx.is_array)))
        return 0.5 * settings.decay * size / len(inner) - likelihood(now, _of(seen, inner))

    key = f"{base.name} {settings} {names} {split_of(people, inner, apart)}"
    found, _ = descend(
        loss,
        lambda now: -likelihood(now, _of(seen, apart)),
        start,
        steps=settings.steps,
        rate=settings.rate,
        file=file,
        key=key,
        progress=progress,
    )
    return Correction(
        name=f"{base.name}_correction",
        title=title,
        version="1",
        features=tuple(features),
        sources=(base.source, FLATTENED),
        manifest=Manifest(
            split=split_of(people, inner, apart),
            seed=settings.seed,
            rows=len(people),
            versions={name: version(name) for name in ("jax", "equinox", "optax", "vitruvian")},
            trained=datetime.now(UTC).isoformat(timespec="seconds"),
            settings={**asdict(settings), "parts": list(settings.parts), "left_out": int((~trusted).sum())},
        ),
        base=base.name,
        etas=base.eta_names(),
        sd=np.asarray(sd),
        widest=settings.widest,
        domain=domain,
        error=float(factor(found)),
        network=masked(found.network, mask),
    )


def _seen(
    base: Model, people: Sequence[Subject], domain: Domain, x: Float[np.ndarray, "n f"], settings: Settings
) -> tuple[_Seen, Bool[np.ndarray, " n"]]:
    """Everybody's draws, and whose can be trusted."""
    table = compile_events(base, people)
    wide = flattened(prior_of(base, table.n_occasions), settings.flattened)
    post = posterior(base, table, draws=settings.draws, seed=settings.seed, method="importance", prior=wide)
    count = len(base.eta_names())
    eta, own = post.eta[:, :, :count], np.asarray(wide.precision)[:count, :count]
    log_wide = -0.5 * np.einsum("nsi,ij,nsj->ns", eta, own, eta)
    levels = jax.tree.map(jnp.asarray, table.observations)
    levels = eqx.tree_at(lambda o: o.mask, levels, levels.mask & (levels.output == 0))
    foretold, published = jnp.asarray(predictions(post)), base.outputs[0].error
    person = jax.vmap(lambda f, o: jax.vmap(lambda g: log_likelihood(published, 1.0, o, g))(f))
    taken = log_wide + np.asarray(jax.jit(person)(foretold, levels))
    seen = _Seen(domain.standard(x), jnp.asarray(eta), jnp.asarray(post.log_weight - taken), foretold, levels)
    return seen, post.reliable


def log_likelihood(published: ResidualError, factor: Any, levels: Observations, f: Float[Array, " k"]) -> Any:
    """Of one person's levels at predictions `f`, with the published residual error times `factor`."""
    error = replace(published, additive=published.additive * factor, proportional=published.proportional * factor)
    mask = levels.mask
    dv = jnp.where(mask & ~levels.censored, levels.dv, 1.0)
    found = deviance(error, jnp.where(mask, f, 1.0), dv, levels.censored & mask, levels.limit)
    return -0.5 * jnp.where(mask, found, 0.0).sum()


def flattened(prior: Prior, factor: float) -> Prior:
    """The prior with every variance and covariance times `factor`."""
    size = prior.omega.shape[0]
    return Prior(
        prior.omega * factor,
        prior.cholesky * jnp.sqrt(factor),
        prior.precision / factor,
        prior.log_det + size * jnp.log(factor),
    )


def _of(seen: _Seen, which: Any) -> _Seen:
    found: _Seen = jax.tree.map(lambda a: a[which], seen)
    return found
