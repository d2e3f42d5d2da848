"""No-U-Turn sampling of one person's unknowns along the periodic orbit.

Hoffman and Gelman, J Mach Learn Res 2014;15:1593–1623, as implemented by numpyro; its slopes are those of `predict`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from numpyro.infer.hmc import hmc

from vitruvian.core import SolveError
from vitruvian.infer import chain_size, split_rhat
from vitruvian.twin.heart.fitting import Fit, Seen
from vitruvian.twin.heart.predict import along

_CHAINS = 4
_WARM_UP = 40
_PASSES = 2


def chains(
    seen: Seen, base: Mapping[str, float], fit: Fit, draws: int, seed: int
) -> tuple[Float[np.ndarray, "n q"], float]:
    """Draws of the first person, and the smallest effective sample size of any unknown.

    Raises `SolveError` where the chains did not mix (split R̂ > 1.1).
    """
    factor = np.linalg.cholesky(np.linalg.inv(fit.hessian[0]))
    own = (fit.u[0], fit.x[0], fit.by_unknown[0], factor, seen.value[0], seen.weight[0], seen.middle[0])
    numbers = {name: jnp.full(1, value) for name, value in base.items()}
    length = -(-draws // _CHAINS)
    found = np.asarray(
        _run(tuple(map(jnp.asarray, own)), jnp.asarray(seen.precision[0]), numbers, jax.random.key(seed), length)
    )
    if not np.isfinite(found).all() or split_rhat(found).max() > 1.1:
        raise SolveError(
            "the posterior chains did not mix", got=f"R̂ {split_rhat(found).max():.2f}",
            todo="Ask for more draws, or check that the measurements fit together.",
        )  # fmt: skip
    return found.reshape(-1, found.shape[2])[:draws], float(min(chain_size(found).min(), draws))


@partial(jax.jit, static_argnames="length")
def _run(own: Any, precision: Any, base: Any, key: Any, length: int) -> Float[Array, "c l q"]:
    """Chains in coordinates in which the curvature at the mode is the unit matrix."""
    mode, x, by_unknown, factor, value, weight, middle = own

    @jax.custom_jvp
    def potential(v: Any) -> Any:
        return density(v)[0]

    def density(v: Any) -> tuple[Any, Any]:
        u = mode + factor @ v
        state = x + by_unknown @ (u - mode)

        def closer(_: Any, found: Any) -> Any:
            _, newton, _, quantity, slope = along(found[0][None], u[None], base)
            return found[0] + newton[0], quantity[0], slope[0]

        nothing = (state, jnp.zeros_like(value), jnp.zeros((len(value), len(mode))))
        _, quantity, slope = jax.lax.fori_loop(0, _PASSES, closer, nothing)
        residual, away = weight * (value - quantity), u - middle
        level = 0.5 * (residual @ residual) + 0.5 * away @ precision @ away
        return level, factor.T @ (precision @ away - (slope * weight[:, None]).T @ residual)

    @potential.defjvp
    def _slope(primals: Any, tangents: Any) -> Any:
        level, gradient = density(primals[0])
        return level, gradient @ tangents[0]

    start, step = hmc(potential, algo="NUTS")

    def chain(key: Any) -> Any:
        place, run = jax.random.split(key)
        begin = 0.5 * jax.random.normal(place, mode.shape)
        settings: dict[str, Any] = {"num_warmup": _WARM_UP, "step_size": 0.5, "dense_mass": False}
        state = start(begin, **settings, target_accept_prob=0.8, max_tree_depth=4, rng_key=run)

        def advance(state: Any, _: Any) -> Any:
            state = step(state)
            return state, state.z

        return jax.lax.scan(advance, state, None, length=_WARM_UP + length)[1][_WARM_UP:]

    return jax.vmap(lambda key: mode + chain(key) @ factor.T)(jax.random.split(key, _CHAINS))
