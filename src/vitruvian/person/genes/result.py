"""What is said about one gene of one person."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Diplotype:
    """A pair of named alleles that fits what was seen.

    `unseen` counts the missing positions at which it would carry a variant: 0 means that all its variants were seen.
    """

    name: str
    alleles: tuple[str, str]
    phenotype: str | None
    activity_score: float | None
    unseen: int = 0


@dataclass(frozen=True)
class GeneCall:
    """All that fits, best first; `reason` says why nothing is called.

    `phase`: "phased", "unphased", "phase sets", "not needed" (at most one heterozygous position) or "outside call".
    `missing` and `undocumented` are texts that name the position.
    """

    gene: str
    diplotypes: tuple[Diplotype, ...]
    phenotype: str | None
    activity_score: float | None
    missing: tuple[str, ...]
    undocumented: tuple[str, ...]
    phase: str
    seen: int
    needed: int
    caller: str
    table_version: str
    reason: str | None = None
    notes: tuple[str, ...] = ()
    not_excluded: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def called(self) -> bool:
        """Something can be said of this gene."""
        return bool(self.diplotypes) or self.phenotype is not None

    @property
    def diplotype(self) -> str | None:
        """The best match, or None."""
        return self.diplotypes[0].name if self.diplotypes else None

    @property
    def phenotypes(self) -> tuple[str, ...]:
        """Every phenotype that fits, the best match's first."""
        found = [d.phenotype or "no phenotype assigned" for d in self.diplotypes]
        return tuple(dict.fromkeys(found)) or ((self.phenotype,) if self.phenotype else ())

    def to_json(self) -> dict[str, object]:
        """Plain values, as `vitruvian genotype --json` prints them."""
        return {
            "diplotype": self.diplotype,
            "diplotypes": [d.name for d in self.diplotypes],
            "phenotype": self.phenotype,
            "phenotypes": list(self.phenotypes),
            "activity_score": self.activity_score,
            "missing_positions": list(self.missing),
            "undocumented_positions": list(self.undocumented),
            "phase": self.phase,
            "positions_seen": self.seen,
            "positions_needed": self.needed,
            "reason": self.reason,
            "notes": list(self.notes),
            "not_excluded": list(self.not_excluded),
            "extra": dict(self.extra),
            "caller": self.caller,
            "table_version": self.table_version,
            "matches": [
                {
                    "diplotype": d.name,
                    "phenotype": d.phenotype,
                    "activity_score": d.activity_score,
                    "variants_at_missing_positions": d.unseen,
                }
                for d in self.diplotypes
            ],
        }
