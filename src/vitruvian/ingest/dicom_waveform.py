"""DICOM waveforms (PS3.3 C.10.9), such as a 12-lead ECG: facts of the header, and the samples when asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from vitruvian.core import DataError, Instant
from vitruvian.ingest.dicom_header import taken
from vitruvian.ingest.dicom_read import load_sequence, open_dicom, reading
from vitruvian.ingest.dicom_report import numeric
from vitruvian.ingest.dicom_values import Clock, Coded, coded, count, items, number, text
from vitruvian.ingest.waveform import Waveform, in_millivolts, waveform_fact
from vitruvian.record import Draft, RawFile
from vitruvian.tables.codes import LOINC

if TYPE_CHECKING:
    from pydicom import Dataset

MOST_CHANNELS = 1024
# what carts name their global measurements by → LOINC
_LOINC = {
    "heart rate": ("8867-4", "Heart rate"), "ventricular rate": ("8867-4", "Heart rate"),
    "ventricular heart rate": ("8867-4", "Heart rate"), "pr interval": ("8625-6", "P-R Interval"),
    "pr interval global": ("8625-6", "P-R Interval"), "qrs duration": ("8633-0", "QRS duration"),
    "qrs duration global": ("8633-0", "QRS duration"), "qt interval": ("8634-8", "Q-T interval"),
    "qt interval global": ("8634-8", "Q-T interval"), "qtc interval": ("8636-3", "Q-T interval corrected"),
    "qtc interval global": ("8636-3", "Q-T interval corrected"),
}  # fmt: skip


def waveform_facts(file: RawFile, data: Dataset, start: Instant | None) -> Iterator[Draft]:
    """One fact per multiplex group, one per numeric annotation; statements in words go with the first group."""
    annotations = items(data, "WaveformAnnotationSequence")
    words = [one for one in (text(item, "UnformattedTextValue") for item in annotations) if one]
    for k, group in enumerate(load_sequence(file, data, "WaveformSequence")):
        leads, units = _channels(group)
        rate, samples = _rate(group), count(group, "NumberOfWaveformSamples") or 0
        yield waveform_fact(
            leads, units, rate, samples, start, path=f".waveform[{k}]", kind=text(data, "Modality"),
            display=text(group, "MultiplexGroupLabel") or "Waveform",
            originality=text(group, "WaveformOriginality"), statements=words if k == 0 else [],
        )  # fmt: skip
    for k, item in enumerate(annotations):
        if "NumericValue" in item and text(item, "NumericValue"):
            yield _measurement(item, f".annotation[{k}]", start)


def _measurement(item: Dataset, path: str, start: Instant | None) -> Draft:
    named = coded(item, "ConceptNameCodeSequence")
    system, code, display = _known(named)
    found = numeric(item, (system, code, display))
    flags = found.flags if start is not None else (*found.flags, "no_time")
    detail = {} if system == named[0] else {"coding": [{"system": named[0], "code": named[1], "display": named[2]}]}
    return Draft(
        "observation", system, code, display, path, found.value, found.unit, found.raw, found.unit_raw,
        start=start, status="final", flags=flags, detail=detail,
    )  # fmt: skip


def _known(named: Coded) -> Coded:
    found = _LOINC.get(named[2].lower())
    return (LOINC, *found) if found else named


def read_dicom_waveform(path: str | Path) -> tuple[Waveform, ...]:
    """The samples of each multiplex group, voltages in mV; raises `DataError` for a file without any."""
    import numpy as np
    from pydicom.waveforms import multiplex_array

    file = RawFile(Path(path))
    data = open_dicom(file).data
    groups = load_sequence(file, data, "WaveformSequence")
    if not groups:
        raise DataError("the DICOM file holds no waveform", got=text(data, "Modality"))
    with reading():
        data.WaveformSequence = groups
    start, found = taken(data, Clock.of(data, None)), []
    for k, group in enumerate(groups):
        leads, units = _channels(group)
        _rate(group)
        with reading():
            raw = np.asarray(multiplex_array(data, k, as_raw=False), dtype=float).T
        if raw.shape[0] != len(leads):
            raise DataError("the waveform has other channels than it says", got=raw.shape[0], allowed=len(leads))
        scaled = [in_millivolts(row, unit) for row, unit in zip(raw, units, strict=True)]
        rows, names = np.stack([row for row, _ in scaled]), tuple(unit for _, unit in scaled)
        found.append(Waveform(tuple(leads), names, _rate(group), rows, start, text(group, "MultiplexGroupLabel")))
    return tuple(found)


def _rate(group: Dataset) -> float:
    rate = number(group, "SamplingFrequency")
    if not rate or rate < 0:
        raise DataError("a waveform needs its sampling frequency", got=rate, allowed="Hz > 0")
    return rate


def _channels(group: Dataset) -> tuple[list[str], list[str]]:
    """Lead names and units; raises `DataError` where they are not as many as said."""
    channels = items(group, "ChannelDefinitionSequence")
    said = count(group, "NumberOfWaveformChannels")
    if len(channels) != said or not 0 < len(channels) <= MOST_CHANNELS:
        raise DataError("the waveform has other channels than it says", got=len(channels), allowed=said)
    leads = [coded(one, "ChannelSourceSequence")[2] or text(one, "ChannelLabel") for one in channels]
    return [_lead(one) for one in leads], [coded(one, "ChannelSensitivityUnitsSequence")[1] for one in channels]


def _lead(meaning: str) -> str:
    """ "Lead I (Einthoven)" → "I"."""
    return meaning.removeprefix("Lead ").split(" (")[0].strip()
