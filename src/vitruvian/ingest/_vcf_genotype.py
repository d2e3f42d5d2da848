"""One VCF record as seen from a site of the tables: its alleles spelled there, its phase, and whether to believe it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vitruvian.core import DataError

TRUSTED = {"PASS", ".", "", "RefCall"}


@dataclass(frozen=True)
class VcfRecord:
    """The parts of a record line that count; `alleles` are texts of GT's indices, None where GT has a dot."""

    position: int
    reference: str
    alternatives: tuple[str, ...]
    filters: str
    indices: tuple[int | None, ...]
    phase_set: str | None
    empty: bool

    @property
    def alleles(self) -> tuple[str | None, ...]:
        """Called alleles in the order of GT."""
        named = (self.reference, *self.alternatives)
        return tuple(None if index is None else named[index] for index in self.indices)

    @property
    def trusted(self) -> bool:
        """The caller's filters let it pass."""
        return self.filters in TRUSTED

    @property
    def is_indel(self) -> bool:
        """A called allele is longer or shorter than REF."""
        called = [allele for allele in self.alleles if allele and allele.isalpha()]
        return any(len(allele) != len(self.reference) for allele in called)


def read_record(fields: list[str], sample: int, where: str) -> VcfRecord:
    """Parses the columns of a line. Raises DataError for a genotype that is none."""
    reference = fields[3].upper()
    alternatives = tuple(alt if alt.startswith("<") else alt.upper() for alt in fields[4].split(",") if alt != ".")
    values = dict(zip(fields[8].split(":"), fields[sample].split(":"), strict=False))
    text = values.get("GT", ".")
    indices = _indices(text, len(alternatives), where)
    phased = "|" in text.lstrip("/|")
    given = next((values[key] for key in ("PS", "PID") if values.get(key, ".") != "."), "chromosome")
    is_reference = all(index in (0, None) for index in indices)
    depths = [values.get(key) for key in ("DP", "MIN_DP", "GQ")]
    return VcfRecord(
        position=int(fields[1]),
        reference=reference,
        alternatives=alternatives,
        filters=fields[6],
        indices=indices,
        phase_set=given if phased else None,
        empty=is_reference and "0" in depths,
    )


def record_end(line: str) -> int:
    """Last position that a record line speaks of: INFO/END of a block, else the end of REF."""
    fields = line.split("\t", 8)
    end = re.search(r"(?:^|;)END=(\d{1,10})", fields[7])
    span = int(fields[1]) + len(fields[3]) - 1
    return max(int(end[1]), span) if end else span


def _indices(text: str, alternatives: int, where: str) -> tuple[int | None, ...]:
    parts = re.split(r"[/|]", text.lstrip("/|"))
    if not all(part == "." or (part.isdecimal() and len(part) < 10 and int(part) <= alternatives) for part in parts):
        raise DataError(
            f"{where}: not a genotype",
            got=f"GT {text!r} with {alternatives} ALT alleles",
            todo="Mend or leave out this line.",
        )
    return tuple(None if part == "." else int(part) for part in parts)


def trimmed(position: int, reference: str, allele: str) -> tuple[int, str, str]:
    """The shortest spelling of a change, with at least one base on each side: suffix first, then prefix."""
    while min(len(reference), len(allele)) > 1 and reference[-1] == allele[-1]:
        reference, allele = reference[:-1], allele[:-1]
    while min(len(reference), len(allele)) > 1 and reference[0] == allele[0]:
        position, reference, allele = position + 1, reference[1:], allele[1:]
    return position, reference, allele


def spelled(record: VcfRecord, allele: str, position: int, reference: str, single: bool) -> str:
    """An allele of a record in the frame of a site (`reference` at `position`); `<…>` where it cannot be said there.

    `single`: the site knows only single bases, so that an indel anchored on its base leaves the base as it is.
    """
    if allele == record.reference:
        return reference
    if not allele.isalpha():
        return f"<{allele.strip('<>')}>"
    start, before, after = trimmed(record.position, record.reference, allele)
    end, last = start + len(before) - 1, position + len(reference) - 1
    if end < position or start > last:
        return reference
    elsewhere = f"<{before}>{after} at {start}>"
    if len(before) == len(after) and (start < position or single):
        return after[position - start : position - start + len(reference)] if end >= last else elsewhere
    if start < position:
        return elsewhere
    if single:
        return after[0] if after[0] == before[0] else elsewhere
    offset = start - position
    return reference[:offset] + after + reference[offset + len(before) :] if end <= last else elsewhere


def fits_reference(record: VcfRecord, position: int, reference: str) -> bool | None:
    """REF agrees with the table at this site; None where the record does not show the base (inside a block)."""
    offset = position - record.position
    shown = record.reference[offset : offset + len(reference)] if offset >= 0 else record.reference
    known = reference if offset >= 0 else reference[-offset:]
    size = min(len(shown), len(known))
    if size == 0 or "N" in shown:
        return None
    return shown[:size] == known[:size]
