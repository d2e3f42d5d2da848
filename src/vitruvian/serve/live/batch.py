"""Samples as programs send them, checked, and as the batches that the record keeps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from vitruvian.core import InputError, Instant, parse_instant
from vitruvian.record import NO_OFFSET, Samples

MOST = 10_000
"""Samples of one batch."""
Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00]*$")]


Milliseconds = Annotated[int, Field(ge=-62_135_596_800_000, lt=253_402_300_800_000, description="years 1 to 9999")]


class SampleIn(BaseModel):
    """One sample. `start` and `end`: ISO 8601 with offset, or milliseconds since 1970 UTC."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    signal: Name
    start: str | Milliseconds
    end: str | Milliseconds | None = None
    value: float | None = None
    unit: Text = ""
    source: Text = ""
    text: Text = ""


class BatchIn(BaseModel):
    """Samples of one person, of any signals; all are kept, or none."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    samples: Annotated[list[SampleIn], Field(min_length=1, max_length=MOST)]


class ManyIn(BatchIn):
    """Samples of a person who is named in the message: of a ward's gateway, by socket or MQTT."""

    patient: Name
    id: Text = ""
    """Comes back with the acknowledgement."""


_MESSAGE = TypeAdapter(ManyIn | list[ManyIn])


def message(data: str | bytes) -> list[ManyIn]:
    """A message: one batch, or a list of batches. Raises `InputError`."""
    try:
        found = _MESSAGE.validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError("the message is not valid", got=f"{place}: {first['msg']}", allowed="see docs: Live") from None
    return found if isinstance(found, list) else [found]


def batches(subject: str, given: BatchIn) -> list[Samples]:
    """What was given, by signal, source and unit. Raises `DataError` for a time that is none."""
    numbered = sorted(enumerate(given.samples), key=lambda one: (*_stream(one[1]), one[0]))
    return [
        _samples(subject, stream, [one for _, one in rows], [k for k, _ in rows])
        for stream, rows in ((key, list(some)) for key, some in groupby(numbered, key=lambda one: _stream(one[1])))
    ]


def _stream(one: SampleIn) -> tuple[str, str, str]:
    return one.signal, one.source or "live", one.unit


def _samples(subject: str, stream: tuple[str, str, str], rows: list[SampleIn], places: list[int]) -> Samples:
    starts = [_moment(one.start) for one in rows]
    ends = [start if one.end is None else _moment(one.end) for one, start in zip(rows, starts, strict=True)]
    value = [np.nan if one.value is None else one.value for one in rows]
    offset = [NO_OFFSET if one.offset is None else one.offset for one in starts]
    words = tuple(one.text for one in rows) if any(one.text for one in rows) else None
    signal, source, unit = stream
    return Samples(
        subject, signal, source, unit, np.fromiter((one.ms for one in starts), np.int64),
        np.fromiter((one.ms for one in ends), np.int64), np.array(offset, np.int64), np.array(value, float),
        np.array(places, np.int64), words,
    )  # fmt: skip


def _moment(given: str | int) -> Instant:
    return Instant(given, 0, "instant") if isinstance(given, int) else parse_instant(given)


def size(some: Iterator[Samples] | list[Samples]) -> int:
    """Number of samples."""
    return sum(len(one.start) for one in some)
