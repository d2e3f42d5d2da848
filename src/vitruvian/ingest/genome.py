"""A genome (VCF) as a fact about one person: kept by hash, readable at the pharmacogenes, and of a known build.

Diplotypes and phenotypes are derived from it by the twin, with the version of the tables.
"""

from __future__ import annotations

from collections.abc import Iterator

from vitruvian.core import content_hash, now_ms
from vitruvian.ingest.vcf import read_calls
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told

_FILE_DATE = b"##fileDate="


class Vcf(Format):
    """The format "vcf": one sample, which is the named patient's."""

    name = "vcf"
    version = "1"
    needs_patient = True

    def claims(self, head: bytes) -> bool:
        """A VCF says so in its first line."""
        return head.startswith(b"##fileformat=VCF")

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """One record, one fact of kind "genome"; raises `InputError` for a file that cannot be used."""
        calls = read_calls(file.path)
        digest = content_hash(file.data)[:32]
        detail = {
            "build": str(calls.build),
            "sample": calls.sample,
            "records": calls.records,
            "positions": len(calls.calls),
            "notes": list(calls.notes),
        }
        fact = Draft(
            "genome", "http://samtools.github.io/hts-specs", "vcf", "Genome (VCF)", status="final", detail=detail
        )
        yield SourceRecord("Genome", "", digest, digest, digest, told.patient or "", "", (fact,), known_ms=now_ms())
