"""Residual error: how likely one observation is, given what the model predicts."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.special import log_ndtr
from jaxtyping import Array, Float

from vitruvian.model import Output, ResidualError


class Terms(NamedTuple):
    """Per record: deviance −2 ln p without its constant ln 2π, its slope and curvature in the prediction, and the
    Gauss–Newton (expected) weight 1/v + ½ (v′/v)². All zero where nothing was measured."""

    value: Float[Array, " k"]
    slope: Float[Array, " k"]
    curvature: Float[Array, " k"]
    weight: Float[Array, " k"]


def variance(error: ResidualError, f: Any) -> Any:
    """Residual variance at prediction `f`, a NumPy or JAX array (of the logarithm for the form "log")."""
    a, b = error.additive, error.proportional
    match error.form:
        case "additive" | "log":
            return a * a + 0.0 * f
        case "proportional":
            return (b * f) ** 2
        case "combined_sum":
            # the SD is a + b·|f|: a negative prediction must not make it smaller
            return (a + b * abs(f)) ** 2
        case "combined_squares":
            return a * a + (b * f) ** 2
        case "none":
            return math.inf + 0.0 * f


def deviance(error: ResidualError, f: Any, dv: Any, censored: Any, limit: Any) -> Any:
    """−2 ln p of one observation without ln 2π; a censored one has −2 ln Φ((limit − f)/SD).

    The censored form is Beal's M3 (J Pharmacokinet Pharmacodyn 2001;28:481, doi:10.1023/A:1012299115260).
    Form "log" compares logarithms of observation and prediction; the density is that of the logarithm.
    """
    v = variance(error, f)
    safe_limit = jnp.where(censored, limit, 1.0)
    if error.form == "log":
        f, dv, safe_limit = jnp.log(f), jnp.log(jnp.where(censored, 1.0, dv)), jnp.log(safe_limit)
    z = (safe_limit - f) / jnp.sqrt(v)
    # both branches stay finite, so that derivatives of the one not taken do not poison the other
    below = -2.0 * log_ndtr(jnp.where(censored, z, 0.0))
    exact = jnp.log(v) + (jnp.where(censored, f, dv) - f) ** 2 / v
    return jnp.where(censored, below, exact)


def record_deviance(outputs: tuple[Output, ...], observations: Any, f: Float[Array, " k"]) -> Float[Array, " k"]:
    """Deviance of each record of one person, with the error model of the record's output; zero where not measured."""
    o = observations
    measured = o.mask
    safe_f = jnp.where(measured, f, 1.0)
    safe_dv = jnp.where(measured & ~o.censored, o.dv, 1.0)
    total = jnp.zeros_like(safe_f)
    for index, output in enumerate(outputs):
        if output.error.form == "none":
            continue
        here = measured & (o.output == index)
        value = deviance(output.error, jnp.where(here, safe_f, 1.0), safe_dv, o.censored & measured, o.limit)
        total = total + jnp.where(here, value, 0.0)
    return total


def record_terms(outputs: tuple[Output, ...], observations: Any, f: Float[Array, " k"]) -> Terms:
    """Deviance of each record with its first two derivatives in the prediction, and the Gauss–Newton weight."""
    ones = jnp.ones_like(f)

    def first(x: Any) -> Any:
        value, slope = jax.jvp(lambda g: record_deviance(outputs, observations, g), (x,), (ones,))
        return slope, value

    slope, curvature, value = jax.jvp(first, (f,), (ones,), has_aux=True)
    weight = jnp.zeros_like(f)
    for index, output in enumerate(outputs):
        if output.error.form == "none":
            continue
        here = observations.mask & (observations.output == index)
        safe = jnp.where(here, f, 1.0)
        v, dv = jax.jvp(lambda g, e=output.error: variance(e, g), (safe,), (ones,))  # type: ignore[misc]
        scale = 1.0 / safe**2 if output.error.form == "log" else 1.0
        weight = weight + jnp.where(here, scale / v + 0.5 * (dv / v) ** 2, 0.0)
    weight = jnp.where(observations.mask & observations.censored, jnp.maximum(0.5 * curvature, 0.0), weight)
    return Terms(value, slope, curvature, weight)
