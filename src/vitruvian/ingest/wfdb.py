"""WFDB records (physionet.org/physiotools/wag/header-5.htm): a .hea header with its signal files; by the package wfdb.

The header names the signal files; they and annotation files of the same name are kept with it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from vitruvian.core import DataError, UnsupportedError, now_ms
from vitruvian.ingest.waveform import Waveform, hash_of, in_millivolts, local_instant, waveform_fact
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told

_RECORD = re.compile(r"^[\w-]+(/\d+)?[ \t]+\d+([ \t]+[\d.eE+-]+\S*([ \t]+\d+.*)?)?[ \t]*$")
_SIGNAL = re.compile(r"^[^\s/\\]+[ \t]+(8|16|24|32|61|80|160|212|310|311|508|516|524)([x:+]\d+)*([ \t]|$)")
_SEGMENT = re.compile(r"^(~|[\w-]+)[ \t]+\d+[ \t]*$")
_NAME = re.compile(r"[\w.-]+")
_BYTES = {"8": 1.0, "16": 2.0, "24": 3.0, "32": 4.0, "61": 2.0, "80": 1.0, "160": 2.0, "212": 1.5}
ANNOTATORS = ("atr", "qrs", "ecg", "ari", "st", "stb", "apn", "pu", "ann")
MOST_SIGNALS = 1024
HEADER_LIMIT = 1 << 20


class Wfdb(Format):
    """The format "wfdb": a record's header, with the files that it names."""

    name = "wfdb"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """A record line, then a line of a signal (or segment) by the syntax of the header."""
        lines = _lines(head[:4096])
        if len(lines) < 2 or not _RECORD.match(lines[0]):
            return False
        return bool((_SEGMENT if "/" in lines[0].split()[0] else _SIGNAL).match(lines[1]))

    def companions(self, file: RawFile) -> Sequence[Path]:
        """Signal files that the header names, headers of its segments, and annotation files of the same name."""
        named = [file.path.parent / name for name in _named(_lines(file.head))]
        named += [file.path.with_suffix(f".{one}") for one in ANNOTATORS]
        return [one for one in dict.fromkeys(named) if _there(one) and one != file.path]

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """One record; raises `InputError` for a header that lies, a signal file that is missing or cut short."""
        if not told.patient:
            raise DataError(
                "the file does not say whose it is", todo="Ingest it again with --patient ID (patient=… in Python)."
            )
        with _folder(file) as stem:
            header = _header(stem)
            start = local_instant(_moment(header), told.zone)
            fact = _fact(header, start, [one.name for one in self.companions(file)])
        digest = hash_of([file, *(RawFile(one) for one in self.companions(file))])
        known = start.ms if start else now_ms()
        yield SourceRecord("Recording", "", digest, digest, digest, told.patient, "recording", (fact,), known_ms=known)


def read_wfdb_waveform(path: str | Path) -> Waveform:
    """The samples of a record by its header's path; voltages in mV, missing samples NaN."""
    import numpy as np

    with _folder(RawFile(Path(path))) as stem, _library() as wfdb:
        header = _header(stem)
        record = wfdb.rdrecord(str(stem))
        raw = np.asarray(record.p_signal, float).T
        scaled = [in_millivolts(row, unit) for row, unit in zip(raw, record.units, strict=True)]
        rows, units = np.stack([row for row, _ in scaled]), tuple(unit for _, unit in scaled)
        start = local_instant(_moment(header), None)
        return Waveform(tuple(record.sig_name), units, float(record.fs), rows, start, str(record.record_name))


def read_wfdb_annotations(path: str | Path, annotator: str = "atr") -> tuple[tuple[int, str], ...]:
    """(sample, symbol) of each annotation beside a record's header."""
    with _library() as wfdb:
        found = wfdb.rdann(str(Path(path).with_suffix("")), annotator)
        return tuple(zip(map(int, found.sample), found.symbol, strict=True))


def _there(path: Path) -> bool:
    """Whether there is such a file; a name that no file can have is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def _lines(head: bytes) -> list[str]:
    text = head.decode("latin-1")
    return [one.rstrip("\r") for one in text.split("\n") if one.strip() and not one.startswith("#")]


def _named(lines: list[str]) -> list[str]:
    """File names in a header; raises nothing, and gives no name that leads out of the folder."""
    segments = bool(lines) and "/" in lines[0].split()[0]
    words = [one.split()[0] for one in lines[1:] if (_SEGMENT if segments else _SIGNAL).match(one)]
    words = [one for one in words if _NAME.fullmatch(one) and one not in (".", "..")]
    return [f"{one}.hea" for one in words] if segments else words


@contextmanager
def _folder(file: RawFile) -> Iterator[Path]:
    """Path (without .hea) of the header and what it names, alone in a folder, so that nothing else can be read."""
    if len(file.content) > HEADER_LIMIT:
        raise DataError("the WFDB header is too large", got=len(file.content), allowed=f"{HEADER_LIMIT} bytes")
    lines = _lines(file.content)
    if not lines or not _RECORD.match(lines[0]):
        raise DataError("the record line of the WFDB header cannot be read", got=lines[0][:80] if lines else "nothing")
    if "/" in lines[0].split()[0]:
        raise UnsupportedError(
            "WFDB records of several segments are not read", todo="Ingest each segment by its header."
        )
    names = list(dict.fromkeys(_named(lines)))
    _check(lines, file.path.parent)
    with tempfile.TemporaryDirectory() as folder:
        stem = Path(folder) / "record"
        stem.with_suffix(".hea").write_bytes(file.content)
        for name in names:
            _link(file.path.parent / name, Path(folder) / name)
        yield stem


def _link(source: Path, target: Path) -> None:
    try:
        target.symlink_to(source.resolve())
    except OSError:  # a file system without links
        shutil.copyfile(source, target)


def _check(lines: list[str], folder: Path) -> None:
    """Raises `DataError` where numbers cannot be, or a signal file is not there or shorter than said."""
    words = lines[0].split()
    signals, length = int(words[1]), words[3] if len(words) > 3 else "0"
    rows = lines[1:]
    if not 0 < signals <= MOST_SIGNALS or len(rows) < signals or not length.isdecimal():
        raise DataError("the WFDB header does not fit its signals", got=lines[0][:80], allowed=f"{len(rows)} signals")
    sizes: dict[str, float] = {}
    for row in rows[:signals]:
        if not _SIGNAL.match(row) or not _NAME.fullmatch(row.split()[0]):
            raise DataError("a signal line of the WFDB header cannot be read", got=row[:80])
        name, form = row.split()[:2]
        parts = re.fullmatch(r"(\d+)(?:x(\d+))?(?::\d+)?(?:\+(\d+))?", form)
        width = _BYTES.get(parts[1]) if parts else None
        if parts and width is not None:
            frames = int(length) * int(parts[2] or 1)
            sizes[name] = sizes.get(name, float(parts[3] or 0)) + frames * width
        else:
            sizes.setdefault(name, 0.0)
    for name, wanted in sizes.items():
        path = folder / name
        if not _there(path):
            raise DataError(
                "a signal file is missing", got=name, todo="Ingest the header with its signal files beside it."
            )
        if path.stat().st_size < int(wanted):
            raise DataError("a signal file is cut short", got=f"{path.stat().st_size} bytes", allowed=f"{wanted:.0f}")


@contextmanager
def _library() -> Iterator[Any]:
    """The package; raises `UnsupportedError` without the extra, and what it raises becomes `DataError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import wfdb
        except ImportError as error:
            todo = "pip install 'vitruvian[waveforms]'"
            raise UnsupportedError("WFDB records need the extra waveforms", todo=todo) from error
        try:
            yield wfdb
        except (DataError, UnsupportedError):
            raise
        except Exception as error:  # the library raises many unrelated types on damaged files
            raise DataError("the WFDB record is damaged", got=f"{type(error).__name__}: {str(error)[:200]}") from error


def _header(stem: Path) -> Any:
    with _library() as wfdb:
        header = wfdb.rdheader(str(stem))
        if not header.fs or not header.fs > 0 or not header.sig_name:
            raise DataError("the WFDB header has no sampling frequency or no signal", got=header.fs)
        return header


def _moment(header: Any) -> datetime | None:
    return (
        None
        if header.base_date is None or header.base_time is None
        else datetime.combine(header.base_date, header.base_time)
    )


def _fact(header: Any, start: Any, files: list[str]) -> Draft:
    return waveform_fact(
        header.sig_name, header.units, float(header.fs), int(header.sig_len or 0), start,
        path=".signals", display=str(header.record_name), kind="WFDB", gain=list(header.adc_gain),
        baseline=list(header.baseline), comments=list(header.comments), files=files,
    )  # fmt: skip
