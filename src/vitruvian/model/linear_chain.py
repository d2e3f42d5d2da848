"""Closed form of a chain of compartments that empty one into the next at one rate k, the last into modes e^{λt}.

A unit put into the first stage leaves g_p = e^{-kt}(kt)^p/p! in the stage p steps on; f_p is what has reached a mode
p steps on: f_0 = e^{λt}, f_{p+1} = k/(λ+k)·(f_p − g_p). Where (λ+k)·t is small that recursion cancels, and f_p is
g_p·₁F₁(1; p+1; (λ+k)·t) instead, so that k = −λ is no exception, nor are its derivatives.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from vitruvian.model.linear_functions import integral

_NEAR = 2.0
_TERMS = 26


def run_chain(
    rate: Any, t: Any, y: list[Any], inputs: list[Any], eigenvalues: tuple[Any, ...]
) -> tuple[list[Any], list[Any]]:
    """Amounts in the chain's compartments after `t`, and what has entered each mode, from `y` under `inputs`."""
    size, x = len(y), rate * t
    infused = any(r is not None for r in inputs)
    passed = _stages(x, size + 1 + (_TERMS if infused else 0))
    amounts = [_given(y[: m + 1], passed) for m in range(size)]
    if infused:
        held = _collected(x, 1.0, passed, size)
        amounts = [a + _given(inputs[: m + 1], held) / rate for m, a in enumerate(amounts)]
    entered = []
    for eigenvalue in eigenvalues:
        arrived = _arrivals(eigenvalue, rate, t, passed)[1:]
        total = _given(y, arrived)
        if infused:
            filled = _collected(x, rate * integral(eigenvalue, t), arrived, size)
            total = total + _given(inputs, filled) / rate
        entered.append(total)
    return amounts, entered


def _given(sources: list[Any], response: list[Any]) -> Any:
    """What the last of `sources` has of them all, by the response 0, 1, … stages on."""
    return sum(s * r for s, r in zip(reversed(sources), response, strict=False) if s is not None)


def _stages(x: Any, count: int) -> list[Any]:
    """e^{-x}·x^p/p! for p below `count`."""
    found = [jnp.exp(-x)]
    for p in range(1, count):
        found.append(found[-1] * (x / p))
    return found


def _arrivals(eigenvalue: Any, rate: Any, t: Any, passed: list[Any]) -> list[Any]:
    """f_0, f_1, … as many as there are stages passed."""
    gap = eigenvalue + rate
    near = jnp.abs(gap * t) < _NEAR
    ratio = rate / jnp.where(near, rate, gap)
    far = [jnp.exp(eigenvalue * t)]
    for p in passed[:-1]:
        far.append(ratio * (far[-1] - p))
    z, series = jnp.where(near, gap * t, 0.0), jnp.asarray(1.0)
    close = [series] * len(passed)
    for p in range(max(_TERMS, len(passed) + 10), -1, -1):
        series = 1.0 + series * (z / (p + 1))
        if p < len(passed):
            close[p] = passed[p] * series
    return [jnp.where(near, a, b) for a, b in zip(close, far, strict=True)]


def _collected(x: Any, whole: Any, parts: list[Any], count: int) -> list[Any]:
    """`whole` less the first 1, 2, … `count` of the parts that add up to it; at small `x`, the sum of all others."""
    others = [sum(parts[: count - 1 : -1])]
    for part in parts[count - 1 : 0 : -1]:
        others.append(others[-1] + part)
    found = []
    for part, rest in zip(parts, reversed(others), strict=False):
        whole = whole - part
        found.append(jnp.where(x < _NEAR, rest, whole))
    return found
