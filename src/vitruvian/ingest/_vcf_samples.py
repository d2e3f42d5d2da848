"""Whose the sample columns of a VCF are: germline samples, or the tumour and the normal of one person."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from vitruvian.ingest._vcf_text import VcfText

_TUMOUR = re.compile(r"^(tumou?r|primary_tumou?r|.*[_\-.]tumou?r)$", re.IGNORECASE)
_NORMAL = re.compile(r"^(normal|.*[_\-.]normal)$", re.IGNORECASE)
_CALLERS = re.compile(
    r"^##(?:source|content|MutectVersion)=.*(mutect|strelka somatic|somatic ?sniper|varscan somatic)", re.I
)


@dataclass(frozen=True)
class SampleRoles:
    """Names of the sample columns by role; `somatic` files have at least one tumour."""

    germline: tuple[str, ...]
    tumours: tuple[str, ...] = ()
    normals: tuple[str, ...] = ()

    @property
    def somatic(self) -> bool:
        """Whether the file holds calls of a tumour."""
        return bool(self.tumours)


def sample_roles(text: VcfText) -> SampleRoles:
    """Roles by the header (##tumor_sample, ##normal_sample, ##PEDIGREE, a somatic caller), else by the columns' names.

    Mutect2 names its samples in the header; Strelka, VarDict and others call the columns TUMOR and NORMAL.
    """
    names = text.samples
    tumours = _named(text.header, "tumor_sample", names) or [n for n in names if _TUMOUR.match(n)]
    normals = _named(text.header, "normal_sample", names) or [n for n in names if _NORMAL.match(n)]
    tumours = tumours or _derived(text.header, names)
    if (normals or any(map(_CALLERS.match, text.header))) and not tumours:
        tumours = [n for n in names if n not in normals]
    if not tumours or (normals and set(tumours) <= set(normals)):
        return SampleRoles(tuple(names))
    return SampleRoles((), tuple(tumours), tuple(n for n in names if n not in tumours))


def _named(header: Sequence[str], key: str, names: Sequence[str]) -> list[str]:
    start = f"##{key}="
    return [one for line in header if line.startswith(start) and (one := line[len(start) :].strip()) in names]


def _derived(header: Sequence[str], names: Sequence[str]) -> list[str]:
    """Samples that ##PEDIGREE says come from another of the file, as a tumour from its germline (VCF 4.3, 1.4.9)."""
    found = []
    for line in header:
        derived = re.search(r"##PEDIGREE=<(?:ID|Derived)=([^,>]+),Original=([^,>]+)", line)
        if derived and derived[1] in names and derived[2] in names:
            found.append(derived[1])
    return found


def is_somatic(info: str) -> bool:
    """Whether INFO flags the record as somatic."""
    return "SOMATIC" in info and "SOMATIC" in info.split(";")


def caller(header: Sequence[str]) -> str:
    """The program that made the calls, as the header names it; "" where it does not."""
    for pattern in (
        r"##source=(.+)",
        r"##(DeepVariant_version=.+)",
        r"##GATKCommandLine=<ID=([^,>]+)",
        r"##(\w+)_callCommand=",
    ):
        found = [match[1].strip() for line in header if (match := re.match(pattern, line))]
        if found:
            return ", ".join(dict.fromkeys(found))[:200]
    return ""


def header_for(text: VcfText, names: Sequence[str]) -> list[str]:
    """Header lines of a file with only these samples: other samples' own lines and columns are left out."""
    others = set(text.samples) - set(names)
    kept = [line for line in text.header[:-1] if not _about(line, others)]
    return [*kept, "\t".join([*text.columns[:9], *names])]


def _about(line: str, others: set[str]) -> bool:
    """Whether a header line speaks of one of these samples by name."""
    if not others or not re.match(r"##(SAMPLE|PEDIGREE|tumor_sample|normal_sample)=", line):
        return False
    return not others.isdisjoint(re.split(r"[=,<>]", line))
