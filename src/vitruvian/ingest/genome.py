"""A VCF as facts: a person's genome kept by hash, readable at the pharmacogenes; a tumour's variants, each a fact.

Diplotypes and phenotypes are derived from the genome by the twin, with the version of the tables.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from vitruvian.core import DataError, content_hash, now_ms
from vitruvian.ingest._vcf_index import beside
from vitruvian.ingest._vcf_samples import SampleRoles, caller, header_for, is_somatic, sample_roles
from vitruvian.ingest._vcf_somatic import SYSTEM, somatic_facts
from vitruvian.ingest._vcf_survey import Column, Survey
from vitruvian.ingest._vcf_text import VcfText, open_vcf
from vitruvian.ingest.vcf import Seen, choose_build, settle
from vitruvian.ingest.whose import nobodys, place_of, subject_of
from vitruvian.record import Draft, Format, Item, RawFile, SourceRecord, Told
from vitruvian.tables.pharmacogenomics import Build

_MARKS = (b"##fileformat=VCF", b"\xef\xbb\xbf##fileformat=VCF", b"BCF\x02")


class Vcf(Format):
    """The format "vcf": each sample is one person's genome; a tumour and its normal are one person's."""

    name = "vcf"
    version = "2"
    needs_patient = True
    names_people = True

    def claims(self, head: bytes) -> bool:
        """A VCF says so in its first line; BCF is claimed so that it is refused with the way to convert it."""
        return head.startswith(_MARKS)

    def companions(self, file: RawFile) -> Sequence[Path]:
        """The index beside it."""
        return beside(file.path)

    def read(self, file: RawFile, told: Told) -> Iterator[Item]:
        """One record per sample, or per somatic variant; raises `InputError` for a file that cannot be used."""
        text = open_vcf(file.path)
        if len(text.columns) < 10 or text.columns[8] != "FORMAT":
            raise DataError(
                f"{text.path.name}: no genotypes (no FORMAT and sample columns)",
                todo="Give the file with the person's GT.",
            )
        roles = sample_roles(text)
        if roles.somatic:
            yield from _somatic(text, roles, told)
        else:
            yield from _germline(text, told)

    def part(self, file: RawFile, places: Collection[str]) -> bytes:
        """The VCF with only the sample columns at `places`, all else verbatim."""
        text = open_vcf(file.path)
        names = [name for name in text.samples if place_of(name) in places]
        columns = [*range(9), *(text.columns.index(name, 9) for name in names)]
        out = io.BytesIO()
        out.write("\n".join([*header_for(text, names), ""]).encode())
        for line in text.every_line():
            fields = line.split("\t")
            out.write(("\t".join([fields[k] for k in columns]) + "\n").encode())
        return out.getvalue()


def _germline(text: VcfText, told: Told) -> Iterator[Item]:
    subjects = {name: subject_of(name, len(text.samples) == 1, told) for name in text.samples}
    yield from (nobodys("vcf", name) for name, subject in subjects.items() if subject is None)
    known = [name for name, subject in subjects.items() if subject is not None]
    if not known:
        return
    build, said, places = choose_build(text)
    survey = Survey.of(text, known, places)
    for k, column in enumerate(survey.columns):
        fact = _genome_fact(text, survey, k, (build, said))
        yield _record("Genome", column, subjects[column.name] or "", fact)
    if survey.somatic:
        columns = {name: text.columns.index(name, 9) for name in known}
        for column in survey.columns:
            own = {column.name: columns[column.name]}
            yield from _variants(text, own, {}, (column.hash, subjects[column.name] or ""), str(build), flagged=True)


def _genome_fact(text: VcfText, survey: Survey, k: int, build: tuple[Build, str]) -> Draft:
    """A fact of kind "genome" where it shows a pharmacogene, else of kind "variants" (structural, targeted …)."""
    column = survey.columns[k]
    detail: dict[str, Any] = {"build": str(build[0]), "caller": caller(text.header), **survey.detail(column)}
    if not Seen.of(text, survey.near, k, build[0]).at:
        detail |= {"positions": 0, "notes": [build[1], "no record at any pharmacogene position"]}
        return Draft("variants", SYSTEM, "vcf", "Variants (VCF)", status="final", detail=detail)
    calls = settle(text, survey.near, k, column.name, build)
    detail |= {"positions": len(calls.calls), "notes": list(calls.notes)}
    return Draft("genome", SYSTEM, "vcf", "Genome (VCF)", status="final", detail=detail)


def _record(kind: str, column: Column, subject: str, fact: Draft) -> SourceRecord:
    digest = column.hash
    return SourceRecord(kind, "", digest, digest, digest, subject, place_of(column.name), (fact,), known_ms=now_ms())


def _somatic(text: VcfText, roles: SampleRoles, told: Told) -> Iterator[Item]:
    """A summary, then each variant; all columns are of one person."""
    names = [*roles.tumours, *roles.normals]
    found = {subject for name in names if (subject := told.samples.get(name) or told.find(name))}
    subjects = found or ({told.patient} if told.patient else set())
    if len(subjects | ({told.patient} if told.patient and not told.samples else set())) > 1:
        raise DataError(
            "a tumour and its normal are one person's", got=", ".join(sorted(filter(None, subjects))),
            todo=f"Say whose they are: --sample {names[0]}=PATIENT",
        )  # fmt: skip
    if not subjects:
        raise DataError(
            "the file does not say whose it is", todo="Ingest it again with --patient ID (patient=… in Python)."
        )
    subject = str(subjects.pop())
    build, said, places = choose_build(text)
    survey = Survey.of(text, names, places)
    digest = content_hash("".join(column.hash for column in survey.columns).encode())[:32]
    detail = {
        "build": str(build), "notes": [said], "caller": caller(text.header), "origin": "somatic",
        "tumours": list(roles.tumours), "normals": list(roles.normals), **survey.detail(survey.columns[0]),
    }  # fmt: skip
    fact = Draft("somatic_variants", SYSTEM, "vcf", "Somatic variants (VCF)", status="final", detail=detail)
    yield SourceRecord("SomaticVariants", "", digest, digest, digest, subject, "header", (fact,), known_ms=now_ms())
    columns = {name: text.columns.index(name, 9) for name in names}
    tumours = {name: columns[name] for name in roles.tumours}
    normals = {name: columns[name] for name in roles.normals}
    yield from _variants(text, tumours, normals, (digest, subject), str(build))


def _variants(
    text: VcfText,
    tumours: dict[str, int],
    normals: dict[str, int],
    whose: tuple[str, str],
    build: str,
    flagged: bool = False,
) -> Iterator[Item]:
    """Each line with a variant as a record. `whose`: hash of the calls, and subject. `flagged`: only such lines."""
    shared = {"build": build, "caller": caller(text.header)}
    for line in open_vcf(text.path).every_line():
        fields = line.split("\t")
        if flagged and not is_somatic(fields[7]):
            continue
        facts = somatic_facts(fields, tumours, normals, shared)
        if not facts:
            continue
        content = content_hash(line.encode())[:32]
        own = f"{whose[0]}:{content_hash(' '.join([*fields[:2], *fields[3:5]]).encode())[:16]}"
        place = f"{fields[0]}:{fields[1]}"
        yield SourceRecord("SomaticVariant", "", own, content, content, whose[1], place, facts, known_ms=now_ms())
