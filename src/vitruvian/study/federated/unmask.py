"""The coordinator's part in a secure sum: it adds what is masked, and takes the masks off the sum alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, UInt64

from vitruvian.core import DataError
from vitruvian.study.federated.masks import KEY_BYTES, pair_seed, stream
from vitruvian.study.federated.ring import Ring
from vitruvian.study.federated.shares import join


def unmask(
    session: str,
    number: int,
    threshold: int,
    *,
    ring: Ring,
    public: Mapping[str, bytes],
    members: tuple[str, ...],
    masked: Mapping[str, UInt64[np.ndarray, " n"]],
    revealed: Mapping[str, Mapping[str, bytes]],
) -> Float[np.ndarray, " n"]:
    """The sum over the sites that sent a masked vector.

    `public`: keys of all sites that told some; `members`: those of them whose shares lie with the others;
    `revealed`: for each site that answered, its share of every member's secret. Raises DataError where fewer than
    `threshold` answered, or vectors differ in length.
    """
    if len(revealed) < threshold or len(masked) < threshold:
        raise DataError("too few sites stayed for a sum", got=min(len(revealed), len(masked)), allowed=f"{threshold}")
    lengths = {len(one) for one in masked.values()}
    if len(lengths) != 1:
        raise DataError("sites sent vectors of different length", got=sorted(lengths))
    (length,) = lengths
    names = sorted(public)
    total = np.zeros(length, np.uint64)
    for one in masked.values():
        total = total + one
    for name in masked:
        total = total - stream(_secret(name, names, revealed, threshold), length)
    for lost in set(members) - set(masked):
        key = _secret(lost, names, revealed, threshold)
        for name in masked:
            noise = stream(pair_seed(session, number, key, public[name], lost, name), length)
            total = total - noise if name < lost else total + noise
    return ring.decode(total)


def _secret(of: str, names: list[str], revealed: Mapping[str, Mapping[str, bytes]], threshold: int) -> bytes:
    """A site's secret, from the shares that the others hold by their place in the order of names."""
    return join({names.index(holder) + 1: shares[of] for holder, shares in revealed.items()}, threshold, KEY_BYTES)
