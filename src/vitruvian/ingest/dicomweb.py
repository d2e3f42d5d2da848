"""Studies from a PACS by DICOMweb (PS3.18): searched by QIDO-RS, retrieved by WADO-RS, one instance at a time.

Each instance is taken in and acknowledged by itself, so that a transfer that broke off goes on where it stopped: what
the record already holds is not fetched again.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vitruvian.core import DataError, InputError, UnknownNameError, UnsupportedError
from vitruvian.ingest.dicom import Dicom
from vitruvian.record import IngestReport, Record

_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"
_PATIENT, _ISSUER = "00100020", "00100021"
PAGE = 1000


@dataclass(frozen=True)
class PacsReport:
    """What became of every instance that the PACS named: found = held + taken in (`report`) + failed."""

    found: int
    held: int
    report: IngestReport
    failed: tuple[str, ...]


def ingest_dicomweb(
    record: Record,
    url: str,
    *,
    study: str,
    headers: Mapping[str, str] | None = None,
    patient: str | None = None,
    on_instance: Callable[[int, int], None] | None = None,
) -> PacsReport:
    """Take a study in from a PACS. `headers` carry its authorisation; `on_instance` is told (done, of how many).

    Raises `InputError` for a server that does not answer or knows no such study, `UnsupportedError` without the extra
    imaging. An instance that cannot be retrieved is named in `failed`; the same call again tries it again.
    """
    client = _client(url, headers)
    found = list(_instances(client, url, study))
    if not found:
        raise UnknownNameError("the PACS has no such study", got=study, todo=f"Search it: {url}/studies")
    subject = _subject(client, url, study) or patient
    held = _held(record, subject) if subject else frozenset()
    total, failed = IngestReport(), []
    wanted = [one for one in found if one[2] not in held]
    for k, uids in enumerate(wanted, 1):
        try:
            total += _take(record, client, uids, patient)
        except DataError as error:
            failed.append(str(error))
        if on_instance is not None:
            on_instance(k, len(wanted))
    return PacsReport(len(found), len(found) - len(wanted), total, tuple(failed))


def _client(url: str, headers: Mapping[str, str] | None) -> Any:
    try:
        from dicomweb_client.api import DICOMwebClient
    except ImportError as error:
        todo = "pip install 'vitruvian[imaging]'"
        raise UnsupportedError("a DICOMweb server needs the extra imaging", todo=todo) from error
    if not url.startswith(("http://", "https://")):
        raise InputError("not the address of a DICOMweb server", got=url, allowed="https://…/dicom-web")
    with _asking(url):
        client = DICOMwebClient(url=url.rstrip("/"), headers=dict(headers or {}), timeout=(10, 120))
        client.set_http_retry_params(max_attempts=3, wait_exponential_multiplier=300)
        return client


def _instances(client: Any, url: str, study: str) -> Iterator[tuple[str, str, str]]:
    """(study, series, instance) UIDs, page by page."""
    offset = 0
    while True:
        with _asking(url):
            rows = client.search_for_instances(study_instance_uid=study, limit=PAGE, offset=offset)
        for row in rows:
            yield _first(row, _STUDY) or study, _first(row, _SERIES), _first(row, _INSTANCE)
        if len(rows) < PAGE:
            return
        offset += len(rows)


def _subject(client: Any, url: str, study: str) -> str:
    """Whose the study is, as the record would name them."""
    with _asking(url):
        rows = client.search_for_studies(search_filters={"StudyInstanceUID": study}, fields=["IssuerOfPatientID"])
    name, issuer = (_first(rows[0], _PATIENT), _first(rows[0], _ISSUER)) if rows else ("", "")
    return f"{issuer}|{name}" if issuer and name else name


def _first(row: Mapping[str, Any], tag: str) -> str:
    values = (row.get(tag) or {}).get("Value") or [""]
    return str(values[0]).strip()


def _held(record: Record, subject: str) -> frozenset[str]:
    """SOP Instance UIDs of that person that the record holds."""
    try:
        facts = record.patient(subject).facts(void=True)
    except UnknownNameError:
        return frozenset()
    return frozenset(str(one.detail["sop_uid"]) for one in facts if "sop_uid" in one.detail)


def _take(record: Record, client: Any, uids: tuple[str, str, str], patient: str | None) -> IngestReport:
    """One instance, in the transfer syntax in which the PACS keeps it; raises `DataError` if it cannot be had."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{uids[2]}.dcm"
        with _asking(f"instance {uids[2]}"):
            data = client.retrieve_instance(*uids, media_types=(("application/dicom", "*"),))
            data.save_as(path)
        return record.ingest(path, patient=patient, formats=[Dicom()])


@contextmanager
def _asking(what: str) -> Iterator[None]:
    """A server's refusal, or silence, as a `DataError`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except Exception as error:  # the client, its transport and pydicom raise unrelated types
            raise DataError(
                "the PACS did not answer as it should",
                got=f"{what}: {type(error).__name__}: {str(error)[:200]}",
                todo="Check the address, the network and the rights, and run the same again.",
            ) from error
