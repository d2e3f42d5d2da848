"""One person's dosing and observation records, column by column (the meaning of each column is NONMEM's)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Subject:
    """Records of one person in the order given; all arrays have one entry per record.

    `cmt` is 1-based, 0 = default. `output` is the 0-based index of the model's output that an observation record
    measures. `censored` marks a value below `limit` (M3). `dv` is NaN where nothing was measured (prediction only).
    `covariates` holds one value per record and covariate name (upper case).
    """

    id: str
    time: np.ndarray
    evid: np.ndarray
    amt: np.ndarray
    rate: np.ndarray
    ii: np.ndarray
    addl: np.ndarray
    ss: np.ndarray
    cmt: np.ndarray
    dv: np.ndarray
    mdv: np.ndarray
    output: np.ndarray
    censored: np.ndarray
    limit: np.ndarray
    occasion: np.ndarray
    covariates: Mapping[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.time)
