"""Samples of a waveform as arrays, whatever file they came in; the record keeps the file and what its header says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from vitruvian.core import Instant, UnitError, convert, parse_instant, same_dimension
from vitruvian.record import Draft, RawFile

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float


@dataclass(frozen=True)
class Waveform:
    """Signals sampled together: `samples` (leads × time) in `units` (per lead) at `rate` Hz, the first at `start`.

    Voltages are in mV. A sample that is missing in the file is NaN.
    """

    leads: tuple[str, ...]
    units: tuple[str, ...]
    rate: float
    samples: Float[np.ndarray, "L T"]
    start: Instant | None = None
    label: str = ""

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.samples.shape[1] / self.rate


def in_millivolts(values: Float[np.ndarray, N], unit: str) -> tuple[Float[np.ndarray, N], str]:
    """A voltage in mV; any other quantity as it is."""
    try:
        if not same_dimension(unit, "mV"):
            return values, unit
        return values * convert(1.0, unit, "mV"), "mV"
    except UnitError:
        return values, unit


def waveform_fact(
    leads: Sequence[str],
    units: Sequence[str],
    rate: float,
    samples: int,
    start: Instant | None,
    *,
    path: str,
    display: str,
    kind: str = "",
    **detail: Any,
) -> Draft:
    """One fact about signals sampled together: its value is the duration in s; the samples stay in the file."""
    seconds = samples / rate
    shown = {"leads": list(leads), "units": list(units), "rate_hz": rate, "samples": samples, **detail}
    return Draft(
        "waveform", "", kind, display, path, seconds, "s", seconds, "s",
        start=start, status="final", flags=() if start is not None else ("no_time",),
        detail={k: v for k, v in shown.items() if v not in (None, "", [], {})},
    )  # fmt: skip


def local_instant(moment: datetime | None, zone: ZoneInfo | None) -> Instant | None:
    """A local time of a recorder; without a zone no offset is given. None where the recorder's date was removed."""
    return None if moment is None else parse_instant(moment.replace(tzinfo=zone).isoformat())


def hash_of(files: Iterable[RawFile]) -> str:
    """Hash of the content of files that make up one recording."""
    digest = sha256()
    for file in files:
        with file.open() as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:32]
