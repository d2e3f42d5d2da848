"""EDF and EDF+ (edfplus.info/specs) → one fact per sampling rate, the header's person, the annotations; by edfio."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitruvian.core import DataError, Instant, UnsupportedError, now_ms, parse_instant
from vitruvian.ingest.fhir_clinical import DEMOGRAPHIC
from vitruvian.ingest.waveform import Waveform, hash_of, in_millivolts, local_instant, waveform_fact
from vitruvian.ingest.whose import said_in, told_person
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told

if TYPE_CHECKING:
    from edfio import Edf as EdfFile

_VERSION = b"0       "
MOST_SIGNALS = 4096
MOST_ANNOTATIONS = 1000  # kept in the fact; all stay in the file
_SEX = {"M": "male", "F": "female"}


class Edf(Format):
    """The format "edf": signals of a polysomnograph, EEG or Holter recorder."""

    name = "edf"
    version = "1"
    needs_patient = False

    def claims(self, head: bytes) -> bool:
        """Version 0 in eight bytes, and a header of ASCII with dots in its date and time."""
        return head.startswith(_VERSION) and head[170:171] == b"." and head[178:179] == b"." and head[:256].isascii()

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """One record; raises `InputError` for a header that lies, or a file that does not say whose it is."""
        with file.open() as stream:
            note = _check(stream.read(256), stream)
        with _opened(file) as data:
            code = _person(data).get("code")
            subject = code or told_person("no patient code in the header", said_in(_demographics(data)), told)
            start = local_instant(_moment(data), told.zone)
            facts = (*_demographics(data), *_signals(data, start, note))
        digest = hash_of([file])
        known = start.ms if start else now_ms()
        names = (("", code),) if code else ()
        yield SourceRecord(
            "Recording", "", digest, digest, digest, subject, "recording", facts, known_ms=known, identifiers=names
        )


def read_edf_waveforms(path: str | Path) -> tuple[Waveform, ...]:
    """The signals of an EDF file, put together by sampling rate; voltages in mV."""
    import numpy as np

    file = RawFile(Path(path))
    with file.open() as stream:
        _check(stream.read(256), stream)
    with _opened(file) as data:
        start, found = local_instant(_moment(data), None), []
        for rate, group in _by_rate(data).items():
            scaled = [in_millivolts(np.asarray(one.data, float), one.physical_dimension) for one in group]
            rows, units = np.stack([row for row, _ in scaled]), tuple(unit for _, unit in scaled)
            found.append(Waveform(tuple(one.label for one in group), units, rate, rows, start))
    return tuple(found)


def _check(head: bytes, rest: Any) -> str:
    """Raises `DataError` where the header's sizes cannot be, or the file is shorter; says what lies behind its end."""
    signals = _whole(head[252:256], "number of signals", 1, MOST_SIGNALS)
    records = _whole(head[236:244], "number of data records", 0, 1 << 31)
    if _whole(head[184:192], "header size", 256, 256 * (MOST_SIGNALS + 1)) != 256 * (signals + 1):
        raise DataError("the EDF header's size does not fit its signals", got=head[184:192].decode("latin-1").strip())
    body = rest.read(256 * signals)
    counts = [body[216 * signals + 8 * k : 216 * signals + 8 * (k + 1)] for k in range(signals)]
    width = 2 * sum(_whole(one, "samples of a data record", 0, 1 << 24) for one in counts)
    there, wanted = rest.seek(0, io.SEEK_END), 256 * (signals + 1) + width * records
    if there < wanted:
        raise DataError("the file is cut short", got=f"{there} bytes", allowed=f"{wanted} bytes by its header")
    return f"{there - wanted} bytes behind the last record" if there > wanted else ""


def _whole(field: bytes, what: str, low: int, high: int) -> int:
    text = field.decode("latin-1").strip()
    if not text.isdecimal() or not low <= int(text) <= high:
        raise DataError(f"the EDF header's {what} cannot be", got=repr(text), allowed=f"{low} to {high}")
    return int(text)


@contextmanager
def _opened(file: RawFile) -> Iterator[EdfFile]:
    """The file, its samples left on disk; raises `UnsupportedError` without the extra, `DataError` if damaged."""
    try:
        import edfio
    except ImportError as error:
        raise UnsupportedError(
            "EDF files need the extra waveforms", todo="pip install 'vitruvian[waveforms]'"
        ) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            source: Any = io.BytesIO(file.content) if file.compressed else file.path
            yield edfio.read_edf(source, lazy_load_data=not file.compressed, header_encoding="latin-1")
        except (UnsupportedError, DataError):
            raise
        except Exception as error:  # the library raises many unrelated types on damaged files
            raise DataError("the EDF file is damaged", got=f"{type(error).__name__}: {str(error)[:200]}") from error


def _moment(data: EdfFile) -> Any:
    """Start as a naive datetime; None where the date was removed."""
    try:
        return data.startdatetime
    except ValueError:
        return None


def _person(data: EdfFile) -> dict[str, str]:
    """EDF+ writes "code sex birthdate name", X for unknown; plain EDF writes free text, which names nobody surely."""
    fields = data.local_patient_identification.split(" ")
    if not data.reserved.startswith("EDF+") or len(fields) < 4:
        return {}
    named = dict(zip(("code", "sex", "born", "name"), fields, strict=False))
    return {k: v.replace("_", " ") for k, v in named.items() if v not in ("", "X")}


def _demographics(data: EdfFile) -> Iterator[Draft]:
    said = _person(data)
    for code, key in (("name", "name"), ("birth_date", "born"), ("sex", "sex")):
        if key not in said:
            continue
        value: dict[str, Any] = {"value_text": said[key]}
        if key == "sex":
            value = {"value_code": _SEX.get(said[key], "unknown")}
        elif key == "born":
            born = _birth(said[key])
            value = {"value_text": str(born) if born else said[key], "start": born}
        yield Draft("demographic", DEMOGRAPHIC, code, code.replace("_", " "), f".{code}", status="final", **value)


def _birth(written: str) -> Instant | None:
    """ "02-MAY-1951" → 1951-05-02."""
    months = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
    day, _, rest = written.partition("-")
    month, _, year = rest.partition("-")
    try:
        return parse_instant(f"{year}-{months.index(month.upper()) + 1:02d}-{day}")
    except (ValueError, DataError):
        return None


def _by_rate(data: EdfFile) -> dict[float, list[Any]]:
    found: dict[float, list[Any]] = {}
    for one in data.signals:
        found.setdefault(float(one.sampling_frequency), []).append(one)
    return found


def _signals(data: EdfFile, start: Instant | None, note: str) -> Iterator[Draft]:
    """One fact per sampling rate; the first carries the annotations."""
    shown, notes = _annotations(data), [note] if note else []
    for k, (rate, group) in enumerate(_by_rate(data).items()):
        samples = group[0].samples_per_data_record * data.num_data_records
        yield waveform_fact(
            [one.label for one in group], [one.physical_dimension for one in group], rate, samples, start,
            path=f".signals[{k}]", display=data.local_recording_identification or "Recording", kind="EDF",
            physical_range=[[one.physical_min, one.physical_max] for one in group],
            filters=[one.prefiltering for one in group], transducers=[one.transducer_type for one in group],
            continuous=data.is_continuous, notes=notes, **(shown if k == 0 else {}),
        )  # fmt: skip
    if not data.signals:
        raise DataError("the EDF file has annotations only, and no signal", todo="Ingest the recording it belongs to.")


def _annotations(data: EdfFile) -> dict[str, Any]:
    found = data.annotations
    rows = [[one.onset, one.duration, one.text] for one in found[:MOST_ANNOTATIONS]]
    return {"annotations": len(found), "first_annotations": rows} if found else {}


@dataclass(frozen=True)
class EdfAnnotation:
    """A mark in a recording: seconds from its start, how long, what it says."""

    onset: float
    duration: float | None
    text: str


def read_edf_annotations(path: str | Path) -> tuple[EdfAnnotation, ...]:
    """All annotations of an EDF+ file, in order of time."""
    with _opened(RawFile(Path(path))) as data:
        return tuple(EdfAnnotation(one.onset, one.duration, one.text) for one in data.annotations)
