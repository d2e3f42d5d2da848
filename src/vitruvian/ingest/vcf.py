"""VCF → calls at the pharmacogenes' positions.

VCF 4.x (samtools.github.io/hts-specs/VCFv4.5.pdf), plain, gzip or bgzip. With an index (.tbi, .csi) only the genes are
read; without one the file is read once from end to end. gVCF reference blocks count as reference calls. A position
without a record is *missing*, unless `assume_reference` says that the file lists variants only. Somatic records are
no evidence of what was inherited, and are left out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from vitruvian.core import DataError, UnsupportedError
from vitruvian.ingest._vcf_build import chromosome, header_build
from vitruvian.ingest._vcf_genotype import VcfRecord, fits_reference, read_record, spelled, trimmed
from vitruvian.ingest._vcf_places import NEAR, Near, Places, near_sites, regions
from vitruvian.ingest._vcf_samples import is_somatic, sample_roles
from vitruvian.ingest._vcf_text import VcfText, open_vcf
from vitruvian.tables.pharmacogenomics import Build, Call, Site, sites


@dataclass(frozen=True)
class VcfCalls:
    """Calls by (chromosome, GRCh38 position), with how they were read. `assumed`: positions taken as reference."""

    calls: dict[tuple[str, int], Call]
    build: Build
    sample: str
    how: str
    records: int
    assumed: int
    notes: tuple[str, ...]


def read_calls(
    source: str | Path | bytes,
    *,
    build: Build | str | None = None,
    sample: str | None = None,
    assume_reference: bool = False,
    index: str | Path | None = None,
) -> VcfCalls:
    """Reads a VCF (a path, or its bytes) at the pharmacogenes' positions.

    `build`: what the caller knows the file to be; the header and REF alleles must not contradict it. Without it the
    header decides, and GRCh38 is taken where the header is silent. `sample` is needed where the file holds several.
    `index`: its index, if that does not lie beside it under its name.
    Raises DataError (broken, empty, wrong build, no or several samples, somatic) or UnsupportedError (BCF, another
    assembly).
    """
    if isinstance(source, bytes):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "genome.vcf"
            path.write_bytes(source)
            return read_calls(path, build=build, sample=sample, assume_reference=assume_reference)
    text = open_vcf(Path(source), None if index is None else Path(index))
    _refuse_somatic(text)
    column = _sample_column(text, sample)
    chosen, said, every = choose_build(text, build)
    near = near_sites(text, text.lines(regions(every)), [column], every)
    return settle(text, near, 0, text.columns[column], (chosen, said), assume_reference)


def _refuse_somatic(text: VcfText) -> None:
    if sample_roles(text).somatic:
        raise DataError(
            f"{text.path.name}: somatic calls (tumour against normal) are not what a person inherited",
            got=", ".join(text.samples[:4]),
            todo="Give the germline VCF of the normal sample.",
        )


def _sample_column(text: VcfText, sample: str | None) -> int:
    names = text.columns[9:]
    if not names or text.columns[8] != "FORMAT":
        raise DataError(
            f"{text.path.name}: no genotypes (no FORMAT and sample columns)",
            todo="Give the file with the person's GT.",
        )
    if sample is None and len(names) > 1:
        raise DataError(
            f"{text.path.name}: {len(names)} samples",
            got=", ".join(names[:10]) + (", …" if len(names) > 10 else ""),
            todo="Name the person's with --sample NAME.",
        )
    if sample is not None and sample not in names:
        raise DataError(f"{text.path.name}: no such sample", got=sample, allowed=", ".join(names[:20]))
    return 9 + (names.index(sample) if sample is not None else 0)


def choose_build(text: VcfText, build: Build | str | None = None) -> tuple[Build, str, list[Places]]:
    """The build, how it is known, and the places to look at: of that build, then of the other if it is only taken."""
    stated = header_build(text.header)
    if build is not None and str(build) not in list(Build):
        raise UnsupportedError("unknown build", got=build, allowed=" or ".join(Build))
    wanted = None if build is None else Build(str(build))
    if stated and wanted and stated is not wanted:
        raise DataError(
            f"{text.path.name}: wrong build: the header says {stated}",
            got=f"--build {wanted}",
            todo=f"Read it with --build {stated}, or give the file called against {wanted}.",
        )
    if stated:
        return stated, f"{stated} by the header", [Places.of(stated)]
    chosen = wanted or Build.GRCH38
    said = f"{wanted} as given" if wanted else "no build in the header: GRCh38 was taken"
    return chosen, said, [Places.of(one) for one in sorted(Build, key=lambda one: one is not chosen)]


@dataclass(frozen=True)
class Seen:
    """What one sample shows at the sites of a build: records that overlap each site, and the called indels.

    `silent`: there are records, but none has a genotype.
    """

    build: Build
    places: Places
    at: dict[tuple[str, int], tuple[Site, list[VcfRecord]]]
    indels: list[tuple[str, VcfRecord]]
    silent: bool

    @classmethod
    def of(cls, text: VcfText, near: Sequence[Near], sample: int, build: Build) -> Seen:
        """From the lines near sites; `sample` counts the columns that were kept of them."""
        places = Places.of(build)
        at: dict[tuple[str, int], tuple[Site, list[VcfRecord]]] = {}
        indels: list[tuple[str, VcfRecord]] = []
        silent = False
        for one in near:
            found = places.within(one.chrom, one.position - NEAR, one.end)
            fields = [*one.fixed.split("\t"), one.samples[sample]]
            if not found or is_somatic(fields[7]):
                continue
            if "GT" not in fields[8].split(":"):
                silent = True
                continue
            record = read_record(fields, 9, one.where)
            if record.is_indel:
                indels.append((one.chrom, record))
            for site in found:
                if (site.at(build) or 0) + len(site.ref38) > record.position:
                    held = at.setdefault(site.key, (site, []))[1]
                    if record not in held:
                        held.append(record)
        return cls(build, places, at, indels, silent and not at)


def settle(
    text: VcfText,
    near: Sequence[Near],
    sample: int,
    name: str,
    build: tuple[Build, str],
    assume_reference: bool = False,
) -> VcfCalls:
    """The calls of one sample, the `sample`-th of those kept in `near`; raises `DataError` where they cannot be.

    `build`: the build, and how it is known.
    """
    seen = Seen.of(text, near, sample, build[0])
    if seen.silent:
        raise DataError(f"{text.path.name}: no genotypes (no GT in FORMAT)", todo="Give the file with the person's GT.")
    if text.records == 0 and not text.indexed:
        raise DataError(f"{text.path.name}: the file has no records", todo="Give a VCF with the person's variants.")
    if not seen.at:
        raise DataError(
            f"{text.path.name}: no record at any of the {len(sites())} pharmacogene positions of {seen.build}",
            todo="Check that the file covers these genes, and its build (--build GRCh37 or GRCh38).",
        )
    fits = _check_references(text, seen)
    if header_build(text.header) is None:
        _check_other_build(text, near, sample, seen.build, fits)
    return _calls(text, seen, name, assume_reference, build[1])


def _check_references(text: VcfText, seen: Seen) -> int:
    """Refuses a file whose REF alleles are not those of the build; counts the positions that fit."""
    build = seen.build
    fits: list[str] = []
    misfits: list[str] = []
    for site, records in seen.at.values():
        answers = [fits_reference(record, site.at(build) or 0, site.ref(build)) for record in records]
        if False in answers:
            bases = "/".join(record.reference for record in records)
            misfits.append(f"{site.chrom}:{site.at(build)} REF {bases[:40]}, {build} has {site.ref(build)}")
        elif True in answers:
            fits.append(site.label)
    total = len(fits) + len(misfits)
    if len(misfits) > 0.1 * total:
        raise DataError(
            f"{text.path.name}: wrong build: REF differs from {build} at {len(misfits)} of {total} positions",
            got="; ".join(misfits[:3]),
            todo="Name the right build (--build GRCh37 or GRCh38), or give a file whose REF is the reference genome's.",
        )
    return len(fits)


def _check_other_build(text: VcfText, near: Sequence[Near], sample: int, chosen: Build, fits: int) -> None:
    """Where the header is silent: refuses a file that fits the other build at more positions."""
    other = Build.GRCH37 if chosen is Build.GRCH38 else Build.GRCH38
    seen = Seen.of(text, near, sample, other)
    there = sum(
        all(fits_reference(record, site.at(other) or 0, site.ref(other)) for record in records)
        for site, records in seen.at.values()
    )
    if there > fits:
        raise DataError(
            f"{text.path.name}: wrong build: it fits {other} at {there} positions, {chosen} at {fits}",
            todo=f"Read it with --build {other}.",
        )


def _calls(text: VcfText, seen: Seen, name: str, assume_reference: bool, said: str) -> VcfCalls:
    notes = [said]
    calls: dict[tuple[str, int], Call] = {}
    for key, (site, records) in seen.at.items():
        call, note = _site_call(site, records, seen.build)
        notes += [note] if note else []
        if call is not None:
            calls[key] = call
    notes += _unaligned(seen.indels, calls, seen.places)
    unknown = [site.label for site in sites() if site.at(seen.build) is None]
    notes += [f"not known on {seen.build}: {', '.join(unknown)}"] if unknown else []
    assumed = _assume(text, seen, calls) if assume_reference else 0
    if assume_reference:
        notes.append(f"{assumed} positions without a record were taken as reference, as asked (--assume-reference)")
    how = (
        f"index look-ups ({text.records} records)"
        if text.indexed
        else f"one pass over {text.records} records (no index)"
    )
    return VcfCalls(calls, seen.build, name, how, text.records, assumed, tuple(notes))


def _site_call(site: Site, records: list[VcfRecord], build: Build) -> tuple[Call | None, str | None]:
    """The call at one site from the records that cover it, and what to say where one is left out."""
    position, reference = site.at(build) or 0, site.ref(build)
    usable = [r for r in records if r.trusted and not r.empty and any(i is not None for i in r.indices)]
    if not usable:
        failed = [r.filters for r in records if not r.trusted]
        return None, f"{site.label}: filtered out ({', '.join(failed)})" if failed else None
    if any(fits_reference(r, position, reference) is False for r in usable):
        return None, f"{site.label}: REF differs from {build}; left out"
    if any(len(r.indices) > 2 for r in usable):
        return None, f"{site.label}: more than two alleles called; left out"
    single = all(len(allele) == 1 for allele in site.alleles)
    found = []
    for record in usable:
        pair = [None if a is None else spelled(record, a, position, reference, single) for a in record.alleles]
        found.append((pair[0], pair[1] if len(pair) == 2 else None, record.phase_set))
    return _joined(found, reference), None


def _joined(found: list[tuple[str | None, str | None, str | None]], reference: str) -> Call:
    """One call from one record, or from the several lines into which a multi-allelic site was split."""
    if len(found) == 1:
        return Call(*found[0])
    strands = [reference, reference]
    sets = {phase for first, second, phase in found if (first, second) != (reference, reference)}
    for first, second, _ in found:
        for k, allele in enumerate((first, second)):
            if allele in (None, reference, strands[k]):
                continue
            place = k if strands[k] == reference else 1 - k
            strands[place] = str(allele) if strands[place] in (reference, allele) else "<contradictory records>"
    return Call(strands[0], strands[1], sets.pop() if len(sets) == 1 else None)


def _unaligned(
    indels: Iterable[tuple[str, VcfRecord]], calls: dict[tuple[str, int], Call], places: Places
) -> list[str]:
    """Leaves out indel sites with the same change called just right of them: perhaps one variant, not left-aligned."""
    notes = []
    for chrom, record in indels:
        positions = set(places.by_chrom[chrom][0])
        for site in places.within(chrom, record.position - NEAR, record.position - 1):
            at = site.at(places.build) or 0
            if record.position in positions or at >= record.position or not _alike(record, site):
                continue
            if calls.pop(site.key, None) is not None:
                notes.append(
                    f"{site.label}: left out, an indel at {chrom}:{record.position} may be it, not left-aligned "
                    "(bcftools norm -f REFERENCE)"
                )
    return notes


def _alike(record: VcfRecord, site: Site) -> bool:
    """A called indel of the record adds or takes away the same bases, in any order, as one of the site's."""

    def change(reference: str, allele: str) -> tuple[int, list[str]]:
        _, before, after = trimmed(0, reference, allele)
        return len(after) - len(before), sorted(max(before, after, key=len)[1:])

    wanted = [change(site.ref38, alt) for alt in site.alts if len(alt) != len(site.ref38)]
    called = [a for a in record.alleles if a and a.isalpha() and len(a) != len(record.reference)]
    return any(change(record.reference, allele) in wanted for allele in called)


def _assume(text: VcfText, seen: Seen, calls: dict[tuple[str, int], Call]) -> int:
    """Fills sites without a record, on chromosomes that the file speaks of; counts them."""
    present = {chromosome(name) for name in text.contigs}
    count = 0
    for site in sites():
        if site.key not in seen.at and site.chrom in present and site.at(seen.build) is not None:
            calls[site.key] = Call(site.ref(seen.build), site.ref(seen.build))
            count += 1
    return count
