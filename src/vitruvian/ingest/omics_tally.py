"""What is counted of each sample of an omics table as it streams by, and which scale its values have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.ingest.omics_ids import METHYLATION, IdSystem

if TYPE_CHECKING:
    from jaxtyping import Float

NON_NEGATIVE = frozenset(("counts", "TPM", "FPKM", "RPKM", "CPM", "intensity", "concentration", "beta"))


@dataclass
class Tally:
    """Running summary of one sample's values on one scale."""

    n: int = 0
    missing: int = 0
    total: float = 0.0
    low: float = np.inf
    high: float = -np.inf
    zeros: int = 0
    whole: bool = True
    units: set[str] = field(default_factory=set)
    digests: tuple[Any, Any] = field(default_factory=lambda: (sha256(), sha256()))

    def see(self, ids: Sequence[str], values: Float[np.ndarray, N]) -> None:
        """Add values; NaN is missing."""
        self.digests[0].update("\t".join([*ids, ""]).encode())
        self.digests[1].update(values.astype("<f8").tobytes())
        held = values[~np.isnan(values)]
        self.missing += len(values) - len(held)
        if not len(held):
            return
        self.n += len(held)
        self.total += float(held.sum())
        self.low, self.high = min(self.low, float(held.min())), max(self.high, float(held.max()))
        self.zeros += int((held == 0).sum())
        self.whole = self.whole and bool((held == np.floor(held)).all())

    @property
    def content(self) -> str:
        """Hash of ids and values, in order, however they came in batches."""
        return "".join(one.hexdigest() for one in self.digests)

    def scale(self, stated: str, system: IdSystem) -> tuple[str, str]:
        """(scale, how it is known): stated by the file, or recognised; ("unknown", "") otherwise."""
        if stated:
            return stated, "stated"
        if self.n and system.assay == METHYLATION and self.low >= 0 and self.high <= 1:
            return "beta", "all within 0 and 1"
        if self.n and system.name.startswith("ensembl") and self.whole and self.low >= 0 and self.high > 1:
            return "counts", "whole numbers"
        return "unknown", ""

    def wrong(self, scale: str) -> str | None:
        """Why the values cannot be on this scale; None if they can."""
        if not self.n:
            return "no value"
        if scale in NON_NEGATIVE and self.low < 0:
            return f"{scale} below zero ({self.low:g})"
        if scale == "beta" and self.high > 1:
            return f"beta above one ({self.high:g})"
        return None

    def detail(self) -> dict[str, Any]:
        """What a fact tells of the values."""
        told = {"n": self.n, "missing": self.missing, "zeros": self.zeros, "min": self.low, "max": self.high}
        return told | {"sum": self.total} | ({"units": sorted(self.units)} if self.units else {})
