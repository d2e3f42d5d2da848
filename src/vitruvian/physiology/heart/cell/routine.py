"""A loop as one machine routine: on a CPU, XLA would otherwise run each step as some hundred kernels, one call each."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import jax
from jax.experimental.xla_metadata import set_xla_metadata

_WHOLE = {"xla_cpu_small_call": "true", "inlineable": "false"}


def routine(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, to be called under `jax.jit`: the same numbers, up to sixteen times sooner for few cells.

    Elsewhere than on a CPU it is left as it is.
    """
    inner = jax.jit(function)

    @wraps(function)
    def called(*arguments: Any) -> Any:
        if jax.default_backend() != "cpu":
            return function(*arguments)
        with set_xla_metadata(**_WHOLE):
            return inner(*arguments)

    return called
