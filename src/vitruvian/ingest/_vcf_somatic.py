"""One line of a somatic VCF → facts of kind "variant": which change, at which share of the tumour's reads.

Shares as the callers write them: AF or FA (Mutect), AD (most), AU/CU/GU/TU and TAR/TIR (Strelka 2, first tier; its
user guide, "Somatic variant allele frequencies"), FREQ (VarScan 2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vitruvian.ingest._vcf_survey import BLOCKS
from vitruvian.record import Draft

SYSTEM = "http://samtools.github.io/hts-specs"
PASSED = frozenset({"PASS", ".", ""})


def somatic_facts(
    fields: Sequence[str], tumours: Mapping[str, int], normals: Mapping[str, int], shared: Mapping[str, Any]
) -> tuple[Draft, ...]:
    """One fact per tumour and alternative allele; `tumours` and `normals` are columns by name."""
    chrom, position, _, reference, alternatives, quality, filters, info = fields[:8]
    found = []
    for k, allele in enumerate(alternatives.split(",")):
        if allele == "." or allele in BLOCKS:
            continue
        for name, column in tumours.items():
            reads = allele_reads(_values(fields, column), reference, allele, k)
            detail = {
                **shared,
                "origin": "somatic",
                "sample": name,
                "chrom": chrom, "position": int(position), "reference": reference, "allele": allele,
                "filter": filters, "quality": quality, "flagged": "SOMATIC" in info.split(";"),
                "vaf": reads[0], "depth": reads[1], "genotype": _values(fields, column).get("GT"),
                "phase_set": _values(fields, column).get("PS") or _values(fields, column).get("PID"),
                "normal": {n: list(allele_reads(_values(fields, c), reference, allele, k)) for n, c in normals.items()},
            }  # fmt: skip
            code = f"{chrom}:{position}:{reference}:{allele}"
            yield_flags = () if filters in PASSED else ("filtered",)
            found.append(
                Draft(
                    "variant", SYSTEM, code[:200], f"{chrom}:{position} {reference[:20]}>{allele[:20]} (somatic)",
                    f"/{name}/{k}", reads[0], None if reads[0] is None else "1", reads[0],
                    status="final", flags=yield_flags, detail=detail,
                )
            )  # fmt: skip
    return tuple(found)


def allele_reads(values: Mapping[str, str], reference: str, allele: str, k: int) -> tuple[float | None, int | None]:
    """Share of reads that carry the `k`-th alternative allele, and the depth; None where the line does not say."""
    counts = _counts(values, reference, allele, k)
    depth = _whole(values.get("DP")) if counts is None else None
    if counts is not None:
        depth = _whole(values.get("DP")) or sum(counts)
    for key in ("AF", "FA"):
        stated = _number(_nth(values.get(key), k))
        if stated is not None and 0 <= stated <= 1:
            return stated, depth
    percent = _number((values.get("FREQ") or "").rstrip("%"))
    if counts is not None and sum(counts) > 0:
        return counts[1] / sum(counts), depth
    return (percent / 100 if percent is not None and 0 <= percent <= 100 else None), depth


def _counts(values: Mapping[str, str], reference: str, allele: str, k: int) -> tuple[int, int] | None:
    """Reads of everything else, and of the allele."""
    depths = [_whole(one) for one in (values.get("AD") or "").split(",")]
    if len(depths) > k + 1 and None not in depths:
        total = sum(one or 0 for one in depths)
        return total - (depths[k + 1] or 0), depths[k + 1] or 0
    pairs = ((f"{reference}U", f"{allele}U"), ("TAR", "TIR"))
    for other, own in pairs:
        held = _whole(_nth(values.get(other), 0)), _whole(_nth(values.get(own), 0))
        if held[0] is not None and held[1] is not None:
            return held[0], held[1]
    return None


def _values(fields: Sequence[str], column: int) -> dict[str, str]:
    return dict(zip(fields[8].split(":"), fields[column].split(":"), strict=False))


def _nth(text: str | None, k: int) -> str | None:
    parts = (text or "").split(",")
    return parts[k] if k < len(parts) else None


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 12 else None


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None
