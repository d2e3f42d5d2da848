"""A twin's state: a summary (JSON) and arrays (npz), kept by hash."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True)
class TwinState:
    """What a twin learned of one person: model, version, the time up to which data were used, summary, arrays."""

    id: str
    person: str
    model: str
    version: str
    cutoff_ms: int
    created_ms: int
    summary: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)


def pack(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays as npz bytes without pickled objects."""
    import numpy as np

    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **dict(arrays))
    return stream.getvalue()


def unpack(data: bytes) -> dict[str, np.ndarray]:
    """The arrays of `pack`."""
    import numpy as np

    with np.load(io.BytesIO(data), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}
