"""Taking files into a record with the built-in formats, and finding the sample patients."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from vitruvian.core import InputError
from vitruvian.ingest.apple import AppleHealth
from vitruvian.ingest.detect import Unread
from vitruvian.ingest.dexcom import Dexcom
from vitruvian.ingest.dicom import Dicom
from vitruvian.ingest.edf import Edf
from vitruvian.ingest.exposome import Exposome
from vitruvian.ingest.fhir import FhirJson
from vitruvian.ingest.fitbit import Fitbit
from vitruvian.ingest.garmin import GarminFit
from vitruvian.ingest.genome import Vcf
from vitruvian.ingest.google import Google
from vitruvian.ingest.h5ad import H5ad
from vitruvian.ingest.hl7v2 import Hl7v2
from vitruvian.ingest.laboratory import Laboratory, LaboratoryXlsx
from vitruvian.ingest.libre import Libre
from vitruvian.ingest.mysugr import MySugr
from vitruvian.ingest.nightscout import Nightscout
from vitruvian.ingest.notes import Note
from vitruvian.ingest.omics import OmicsTable
from vitruvian.ingest.open_mhealth import OpenMHealth
from vitruvian.ingest.stream import Stream
from vitruvian.ingest.wfdb import Wfdb
from vitruvian.record import Format, IngestReport, Record

APPLE: Format = AppleHealth()
DEXCOM: Format = Dexcom()
DICOM: Format = Dicom()
EDF: Format = Edf()
EXPOSOME: Format = Exposome()
FHIR: Format = FhirJson()
FITBIT: Format = Fitbit()
GARMIN: Format = GarminFit()
GOOGLE: Format = Google()
H5AD: Format = H5ad()
HL7V2: Format = Hl7v2()
LABORATORY: Format = Laboratory()
LABORATORY_XLSX: Format = LaboratoryXlsx()
LIBRE: Format = Libre()
MYSUGR: Format = MySugr()
NIGHTSCOUT: Format = Nightscout()
NOTE: Format = Note()
OMICS: Format = OmicsTable()
OPEN_MHEALTH: Format = OpenMHealth()
STREAM: Format = Stream()
VCF: Format = Vcf()
WFDB: Format = Wfdb()
UNREAD: Format = Unread()
FORMATS: tuple[Format, ...] = (
    APPLE,
    DEXCOM,
    DICOM,
    EDF,
    EXPOSOME,
    FHIR,
    FITBIT,
    GARMIN,
    GOOGLE,
    H5AD,
    HL7V2,
    LABORATORY,
    LABORATORY_XLSX,
    LIBRE,
    MYSUGR,
    NIGHTSCOUT,
    NOTE,
    OMICS,
    OPEN_MHEALTH,
    STREAM,
    VCF,
    WFDB,
    UNREAD,
)
"""The built-in formats; the package offers the same through the entry-point group "vitruvian.formats"."""


def ingest(
    record: Record,
    *paths: str | Path,
    patient: str | None = None,
    on_file: Callable[[Path, IngestReport], None] | None = None,
) -> IngestReport:
    """`record.ingest` with the built-in formats only. Raises `InputError` for a path that does not exist."""
    return record.ingest(*paths, patient=patient, formats=FORMATS, on_file=on_file)


def samples() -> dict[str, list[Path]]:
    """Files of the shipped sample patients by patient id; raises `InputError` if they are not installed."""
    package = Path(__file__).parents[1]
    for folder in (package / "_samples", package.parents[1] / "samples"):
        files = sorted(path for path in folder.glob("*/*") if path.suffix in (".json", ".vcf"))
        if files:
            return {
                name: [f for f in files if f.parent.name == name] for name in sorted({f.parent.name for f in files})
            }
    raise InputError("the sample patients are not installed", todo="Install from the repository (make demo).")
