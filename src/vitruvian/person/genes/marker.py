"""Genes whose risk alleles are simply carried or not: HLA-A, HLA-B, MT-RNR1 (outside calls only)."""

from __future__ import annotations

HLA_MARKERS = {"HLA-A": ("*31:01",), "HLA-B": ("*15:02", "*57:01", "*58:01")}
# CPIC 2022, doi:10.1002/cpt.2309
MT_RNR1_INCREASED = ("1095T>C", "1494C>T", "1555A>G")
MT_RNR1_NORMAL = ("827A>G", "REFERENCE")


def marker_phenotypes(gene: str, diplotype: str) -> tuple[str, ...] | None:
    """`*57:01 positive` and the like, one for each marker; None for a gene without markers."""
    carried = [part.strip().removeprefix("HLA-A").removeprefix("HLA-B") for part in diplotype.split("/")]
    if gene in HLA_MARKERS:
        return tuple(f"{m} {'positive' if _carries(m, carried) else 'negative'}" for m in HLA_MARKERS[gene])
    if gene == "MT-RNR1":
        variants = [part.upper().removeprefix("M.") for part in carried]
        if any(variant in MT_RNR1_INCREASED for variant in variants):
            return ("increased risk of aminoglycoside-induced hearing loss",)
        known = all(variant in MT_RNR1_NORMAL for variant in variants)
        return ("normal risk of aminoglycoside-induced hearing loss",) if known else ("uncertain risk",)
    return None


def _carries(marker: str, carried: list[str]) -> bool:
    """Two-field resolution: *57:01:01 carries *57:01."""
    return any(allele == marker or allele.startswith(marker + ":") for allele in carried)
