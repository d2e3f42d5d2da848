"""Formats that are recognised so that they can be refused by name."""

from __future__ import annotations

from collections.abc import Iterator

from vitruvian.core import UnsupportedError
from vitruvian.record import Format, Item, RawFile, Told

# (name, where the sign lies (None: somewhere in XML), sign)
_SIGNS: tuple[tuple[str, int | None, bytes], ...] = (
    ("PDF", 0, b"%PDF"),
    ("a zip archive", 0, b"PK\x03\x04"),
    ("BCF (binary VCF)", 0, b"BCF"),
    ("BAM", 0, b"BAM\x01"),
    ("an HL7 v2 message", 0, b"MSH|"),
    ("a C-CDA document", None, b"<ClinicalDocument"),
    ("FHIR in XML", None, b"http://hl7.org/fhir"),
    ("SCP-ECG", 16, b"SCPECG"),
    ("an HL7 annotated ECG", None, b"<AnnotatedECG"),
    ("BDF (BioSemi)", 0, b"\xffBIOSEMI"),
    ("an SQLite database", 0, b"SQLite format 3"),
)


def name_of(head: bytes) -> str | None:
    """What the content is, if it is one of the formats that are known but not read here."""
    for name, at, sign in _SIGNS:
        in_xml = at is None and head.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<") and sign in head[:4096]
        if in_xml or (at is not None and head[at : at + len(sign)] == sign):
            return name
    return None


class Unread(Format):
    """Stands behind all real formats: claims what it can name, and refuses it."""

    name = "unknown"
    version = "1"
    needs_patient = False

    def claims(self, head: bytes) -> bool:
        """Whether the content can be named."""
        return name_of(head) is not None

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """Raises `UnsupportedError` with the format's name."""
        raise UnsupportedError(
            f"{name_of(file.head)} is not read yet",
            got=file.name,
            allowed="a format that `vitruvian ingest` reads (docs/formats.md)",
        )
