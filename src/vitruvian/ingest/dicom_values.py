"""Values of DICOM elements as text, numbers, moments and codes; what cannot be read is said, never guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from vitruvian.core import DataError, Instant, parse_instant
from vitruvian.tables.codes import LOINC, SNOMED, UCUM

if TYPE_CHECKING:
    from pydicom import Dataset

DCM = "http://dicom.nema.org/resources/ontology/DCM"
_SCHEMES = {
    "DCM": DCM, "LN": LOINC, "SCT": SNOMED, "UCUM": UCUM, "SRT": "http://snomed.info/srt",
    "SNM3": "http://snomed.info/srt", "99SDM": "http://snomed.info/srt", "RADLEX": "http://radlex.org",
    "FMA": "http://purl.org/sig/ont/fma", "MDC": "urn:iso:std:iso:11073:10101",
}  # fmt: skip
_DATE = re.compile(r"(\d{4})[.-]?(\d{2})?[.-]?(\d{2})?")
_TIME = re.compile(r"(\d{2}):?(\d{2})?:?(\d{2})?(?:\.(\d{1,6}))?")
_ZONE = re.compile(r"([+-])(\d{2})(\d{2})")
Coded = tuple[str, str, str]


def text(data: Dataset, name: str) -> str:
    """A value as text, several joined by a backslash as in the file; "" if there is none."""
    value = _value(data, name)
    if value is None or isinstance(value, bytes):
        return ""
    return "\\".join(str(one) for one in _several(value)).replace("\0", "").strip()


def number(data: Dataset, name: str) -> float | None:
    """The first value as a finite number; None if there is none. Raises `DataError` for text that is no number."""
    found = numbers(data, name)
    return found[0] if found else None


def numbers(data: Dataset, name: str) -> list[float]:
    """All values as finite numbers."""
    value = _value(data, name)
    if value is None or value == "":
        return []
    try:
        found = [float(one) for one in _several(value)]
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} is not a number", got=str(value)[:40]) from error
    if not all(map(math.isfinite, found)):
        raise DataError(f"{name} is not finite", got=str(value)[:40])
    return found


def count(data: Dataset, name: str) -> int | None:
    """The first value as a whole number ≥ 0; None if there is none."""
    found = number(data, name)
    if found is not None and (found < 0 or found != int(found)):
        raise DataError(f"{name} cannot be", got=found, allowed="a whole number, not negative")
    return None if found is None else int(found)


def items(data: Dataset, name: str) -> list[Dataset]:
    """Items of a sequence; [] if it is not there or empty."""
    from pydicom.sequence import Sequence

    value = _value(data, name)
    if value is None or isinstance(value, Sequence):
        return list(value or ())
    raise DataError(f"{name} is not a sequence", got=type(value).__name__)


def coded(data: Dataset, name: str) -> Coded:
    """(system, code, meaning) of the first item of a code sequence; ("", "", "") if there is none."""
    found = items(data, name)
    return code_of(found[0]) if found else ("", "", "")


def code_of(item: Dataset) -> Coded:
    """(system, code, meaning) of one item; a scheme without a web address here is "urn:dicom:NAME"."""
    scheme = text(item, "CodingSchemeDesignator")
    code = text(item, "CodeValue") or text(item, "LongCodeValue") or text(item, "URNCodeValue")
    return _SCHEMES.get(scheme, f"urn:dicom:{scheme}" if scheme else ""), code, text(item, "CodeMeaning")


def moment(data: Dataset, date: str, time: str, clock: Clock) -> Instant | None:
    """A date element with its time element; None if there is no date, or no such date."""
    day = _DATE.fullmatch(text(data, date).split("\\")[0])
    return None if day is None else clock.at(day, _TIME.fullmatch(text(data, time).split("\\")[0]), "")


def moment_of(data: Dataset, name: str, clock: Clock) -> Instant | None:
    """A DT element (its own offset first); None if there is none, or no such time."""
    written = text(data, name).split("\\")[0]
    zone = _ZONE.search(written[4:])
    body = written[: zone.start() + 4] if zone else written
    day = _DATE.fullmatch(body[:8])
    return None if day is None else clock.at(day, _TIME.fullmatch(body[8:]), zone[0] if zone else "")


class Clock:
    """Turns local times of a data set into instants: its TimezoneOffsetFromUTC, else the zone told at the door."""

    def __init__(self, offset: str, zone: ZoneInfo | None) -> None:
        self._offset, self._zone = offset, zone

    @classmethod
    def of(cls, data: Dataset, zone: ZoneInfo | None) -> Clock:
        """The clock of a data set."""
        return cls(text(data, "TimezoneOffsetFromUTC"), zone)

    def at(self, day: re.Match[str], time: re.Match[str] | None, offset: str) -> Instant | None:
        """The instant; None where there is no such day or time."""
        parts = [one for one in day.groups() if one]
        try:
            if time is None or len(parts) < 3:
                return parse_instant("-".join(parts))
            hour, minute, second, fraction = time.groups()
            year, month, date = map(int, parts)
            clock = (int(hour), int(minute or 0), min(int(second or 0), 59))
            moment = datetime(year, month, date, *clock, int((fraction or "0").ljust(6, "0")))
            return parse_instant(moment.replace(tzinfo=self._zone_of(offset or self._offset)).isoformat())
        except (DataError, ValueError, OverflowError):
            return None

    def _zone_of(self, offset: str) -> timezone | ZoneInfo | None:
        found = _ZONE.fullmatch(offset)
        if found is None:
            return self._zone
        minutes = int(found[2]) * 60 + int(found[3])
        return timezone(timedelta(minutes=-minutes if found[1] == "-" else minutes))


def _value(data: Dataset, name: str) -> Any:
    from vitruvian.ingest.dicom_read import reading

    with reading():
        return data.get(name)


def _several(value: Any) -> Iterator[Any]:
    from pydicom.multival import MultiValue

    yield from value if isinstance(value, MultiValue | list | tuple) else (value,)
