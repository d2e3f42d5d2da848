"""Random streams from one explicit seed: every named use gets its own, independent of the order of use."""

from __future__ import annotations

from typing import Any

from vitruvian.core.errors import InputError
from vitruvian.core.ids import stable_id


def derive_seed(seed: int, *names: str) -> int:
    """A 32-bit seed for the use called `names`, from the user's `seed`; raises `InputError` unless an int ≥ 0."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InputError("a seed must be a whole number", got=repr(seed), allowed="an int ≥ 0")
    return int(stable_id(str(seed), *names)[:8], 16)


def random_key(seed: int, *names: str) -> Any:
    """The JAX key for the use called `names`."""
    import jax

    return jax.random.key(derive_seed(seed, *names))
