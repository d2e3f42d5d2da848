"""Samples as a table: canonical value beside the value as received, doubts as bits, Parquet bytes."""

from __future__ import annotations

import io
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from vitruvian.core import DataError, UnitError, scale_to
from vitruvian.record.fact import NO_OFFSET, Samples
from vitruvian.tables.codes import LOINC, analyte, analytes, codes_of
from vitruvian.tables.signals import Signal, signals

if TYPE_CHECKING:
    import polars as pl
    from jaxtyping import Float

FLAGS = ("no_unit", "wrong_unit", "no_value", "implausible", "future", "reversed", "no_offset", "unknown_signal")
"""What may be doubtful about a sample; the place in this tuple is its bit."""
_BIT = {name: 1 << k for k, name in enumerate(FLAGS)}
DOUBTFUL = sum(_BIT[name] for name in FLAGS[:6])
"""Bits of samples that no summary counts."""

IDENTITY = ("source", "start", "end", "raw", "unit", "text")
"""What makes a sample the same sample, within one subject and signal."""
FUTURE_SKEW_MS = 24 * 3600 * 1000
_YEARS = (-62135596800000, 253402300800000)


def sample_frame(batch: Samples, prov: int, now: int) -> pl.DataFrame:
    """One batch as rows: start, end (ms), offset (min), raw, value, unit, source, text, flags, place, prov.

    `value` is in the canonical unit of the signal, NaN where the unit does not lead to it. A signal that is not in the
    tables keeps its value and unit. Raises `DataError` for columns of different length and for times outside years 1 to
    9999.
    """
    import polars as pl

    n = len(batch.start)
    start, end, raw, value, flags = _judged(batch, now)
    return pl.DataFrame(
        {
            "start": start,
            "end": end,
            "offset": np.asarray(batch.offset, np.int16),
            "raw": raw,
            "value": value,
            "unit": _constant(batch.unit, n),
            "source": _constant(batch.source, n),
            "text": _constant("", n) if batch.text is None else pl.Series(batch.text, dtype=pl.String),
            "flags": flags,
            "place": np.asarray(batch.place, np.int64),
            "prov": np.full(n, prov, np.int32),
        }
    )


def doubts_of(batch: Samples, now: int) -> dict[str, int]:
    """How many samples of a batch the record would doubt at `now` (ms), by reason (`FLAGS`).

    Raises `DataError` as `sample_frame` does.
    """
    flags = _judged(batch, now)[-1]
    if not flags.any():
        return {}
    found = {name: int(np.count_nonzero(flags & bit)) for name, bit in _BIT.items()}
    return {name: count for name, count in found.items() if count}


def _judged(batch: Samples, now: int) -> tuple[Any, Any, Any, Any, Any]:
    """Starts and ends (ms), values as received and in the canonical unit, bits of what is doubtful of each sample."""
    n = len(batch.start)
    if {len(batch.end), len(batch.offset), len(batch.value), len(batch.place)} != {n}:
        raise DataError("the columns of a batch of samples differ in length", got=f"{n} starts of {batch.signal}")
    start, end = np.asarray(batch.start, np.int64), np.asarray(batch.end, np.int64)
    if n and not (_YEARS[0] <= min(start.min(), end.min()) and max(start.max(), end.max()) < _YEARS[1]):
        raise DataError("a sample has an impossible time", got=f"{batch.signal}: {start.min()} to {end.max()} ms")
    raw = np.asarray(batch.value, np.float64)
    signal = signals().get(batch.signal)
    value, doubt = _canonical(raw, batch, signal)
    flags = np.full(n, doubt, np.uint8)
    flags |= np.where(np.asarray(batch.offset) == NO_OFFSET, _BIT["no_offset"], 0).astype(np.uint8)
    flags |= np.where(start > now + FUTURE_SKEW_MS, _BIT["future"], 0).astype(np.uint8)
    flags |= np.where(end < start, _BIT["reversed"], 0).astype(np.uint8)
    if signal is not None:
        with np.errstate(invalid="ignore"):
            outside = (value < signal.low) | (value > signal.high)
        flags |= np.where(outside, _BIT["implausible"], 0).astype(np.uint8)
    if batch.unit:
        flags |= np.where(np.isfinite(raw), 0, _BIT["no_value"]).astype(np.uint8)
    return start, end, raw, value, flags


def canonical_values(batch: Samples) -> Float[np.ndarray, N]:
    """Values of a batch in the unit of its signal, NaN where its unit does not lead to it."""
    return _canonical(np.asarray(batch.value, np.float64), batch, signals().get(batch.signal))[0]


def _constant(text: str, n: int) -> pl.Series:
    import polars as pl

    return pl.Series([text], dtype=pl.String).new_from_index(0, n)


def _canonical(raw: Float[np.ndarray, N], batch: Samples, signal: Signal | None) -> tuple[Float[np.ndarray, N], int]:
    """Values in the signal's unit, and the bit of what is wrong with all of them."""
    if signal is None:
        return raw, _BIT["unknown_signal"]
    nothing = np.full(len(raw), np.nan)
    if not batch.unit:
        return nothing, 0 if np.isnan(raw).all() else _BIT["no_unit"]
    try:
        multiply, add, divide = scale_to(batch.unit, signal.unit, molar_mass=_molar_mass(signal))
    except UnitError:
        return nothing, _BIT["wrong_unit"]
    return (raw if (multiply, add, divide) == (1.0, 0.0, 1.0) else (raw * multiply + add) / divide), 0


@lru_cache(maxsize=256)
def _molar_mass(signal: Signal) -> float | None:
    """Molar mass (g/mol) of what a signal measures: of its LOINC code, else of the analyte its name ends with."""
    found = analyte(LOINC, signal.loinc)
    if found is None:
        pairs = codes_of(signal.name) or codes_of(signal.name.rpartition("_")[2])
        found = next((analytes()[code] for _, code in pairs if code in analytes()), None)
    return None if found is None else found.molar_mass


@lru_cache(maxsize=1)
def sample_schema() -> dict[str, Any]:
    """Columns of `sample_frame` and their types."""
    import polars as pl

    numbers = {"start": pl.Int64, "end": pl.Int64, "offset": pl.Int16, "raw": pl.Float64, "value": pl.Float64}
    texts = {"unit": pl.String, "source": pl.String, "text": pl.String}
    return {**numbers, **texts, "flags": pl.UInt8, "place": pl.Int64, "prov": pl.Int32}


def flag_text(bits: int) -> str:
    """Names of the bits, separated by spaces."""
    return " ".join(name for name, bit in _BIT.items() if bits & bit)


def to_parquet(frame: pl.DataFrame) -> bytes:
    """The rows as Parquet."""
    stream = io.BytesIO()
    frame.write_parquet(stream, compression="zstd", statistics=False)
    return stream.getvalue()


def from_parquet(data: bytes, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows of `to_parquet`, or some columns of them."""
    import polars as pl

    return pl.read_parquet(io.BytesIO(data), columns=None if columns is None else list(columns))
