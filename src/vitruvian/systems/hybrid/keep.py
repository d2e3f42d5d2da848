"""Corrections and residuals as parts of a folder, and back."""

from __future__ import annotations

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from vitruvian.learn import Header, Kind, Parts
from vitruvian.systems.hybrid.correction import Correction
from vitruvian.systems.hybrid.domain import Domain
from vitruvian.systems.hybrid.networks import started
from vitruvian.systems.hybrid.residual import Residual

_OF_DOMAIN = ("mean", "sd", "precision", "low", "high")


def domain_parts(domain: Domain) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """A domain as plain data and arrays."""
    data = {"names": list(domain.names), "logarithm": list(domain.logarithm), "radius": domain.radius}
    return data, {f"domain_{name}": np.asarray(getattr(domain, name)) for name in _OF_DOMAIN}


def domain_from(data: Any, arrays: Any) -> Domain:
    """The domain of such parts."""
    arrays = {name: arrays[f"domain_{name}"] for name in _OF_DOMAIN}
    return Domain(tuple(data["names"]), tuple(data["logarithm"]), **arrays, radius=float(data["radius"]))


def network_parts(network: eqx.nn.MLP) -> dict[str, np.ndarray]:
    """Weights of a network of one hidden layer."""
    leaves = jax.tree.leaves(eqx.filter(network, eqx.is_array))
    return {f"network_{k}": np.asarray(leaf) for k, leaf in enumerate(leaves)}


def network_from(arrays: Any) -> eqx.nn.MLP:
    """The network of such weights."""
    leaves = [jnp.asarray(arrays[f"network_{k}"]) for k in range(4)]
    like = started(leaves[0].shape[1], leaves[2].shape[0], leaves[0].shape[0], 0)
    weights, rest = eqx.partition(like, eqx.is_array)
    found: eqx.nn.MLP = eqx.combine(jax.tree.unflatten(jax.tree.structure(weights), leaves), rest)
    return found


def _to_parts(one: Correction) -> Parts:
    domain, arrays = domain_parts(one.domain)
    data = {"base": one.base, "etas": list(one.etas), "widest": one.widest, "error": one.error, "domain": domain}
    return Parts(data, {**arrays, **network_parts(one.network), "sd": one.sd})


def _from_parts(header: Header, parts: Parts) -> Correction:
    data, arrays = parts.data, parts.arrays
    return Correction(
        **vars(header),
        base=data["base"],
        etas=tuple(data["etas"]),
        sd=arrays["sd"],
        widest=data["widest"],
        error=data["error"],
        domain=domain_from(data["domain"], arrays),
        network=network_from(arrays),
    )


CORRECTION = Kind(_to_parts, _from_parts)


def _residual_parts(one: Residual) -> Parts:
    domain, arrays = domain_parts(one.domain)
    data = {"base": one.base, "key": one.key, "scale": one.scale, "most": one.most, "domain": domain}
    return Parts(data, {**arrays, **network_parts(one.network), "shift": one.shift})


def _residual_from(header: Header, parts: Parts) -> Residual:
    data, arrays = parts.data, parts.arrays
    return Residual(
        **vars(header),
        base=data["base"],
        key=data["key"],
        scale=data["scale"],
        most=data["most"],
        domain=domain_from(data["domain"], arrays),
        network=network_from(arrays),
        shift=arrays["shift"],
    )


RESIDUAL = Kind(_residual_parts, _residual_from)
