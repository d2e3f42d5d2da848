"""Activity of an enzyme by genotype, relative to the enzyme's reference genotype."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from vitruvian.core import InputError, UnknownNameError
from vitruvian.pharmacology.interactions.equations import Values
from vitruvian.pharmacology.interactions.facts import Victim
from vitruvian.pharmacology.interactions.sampling import Sampler
from vitruvian.tables.interactions import rows

# (drug, gene) pairs of the library's drugs that a CPIC or DPWG guideline covers
_GUIDED = frozenset(
    {
        ("warfarin", "CYP2C9"),
        ("phenytoin", "CYP2C9"),
        ("voriconazole", "CYP2C19"),
        ("tacrolimus", "CYP3A5"),
        ("omeprazole", "CYP2C19"),
        ("desipramine", "CYP2D6"),
        ("metoprolol", "CYP2D6"),
        ("atomoxetine", "CYP2D6"),
    }
)


@dataclass(frozen=True)
class RelativeActivity:
    """Activity of an enzyme relative to its reference genotype (1 = same), its SD, and where it comes from.

    The reference is *1/*1, and *3/*3 for CYP3A5.
    """

    mean: float
    sd: float
    source: str

    def __post_init__(self) -> None:
        if not (0.0 < self.mean <= 50.0 and 0.0 <= self.sd <= 25.0):
            raise InputError(
                "implausible relative activity",
                got=f"{self.mean} (SD {self.sd})",
                allowed="mean above 0 up to 50, SD 0 to 25",
            )


def reference_genotype(enzyme: str) -> str:
    """The genotype to which activities and shares of clearance refer: the commonest in Europeans."""
    return "*3/*3" if enzyme == "CYP3A5" else "*1/*1"


def relative_activity(enzyme: str, genotype: str | RelativeActivity) -> RelativeActivity:
    """The tabulated activity of a genotype, alleles in either order. Raises: UnknownNameError where there is none."""
    if isinstance(genotype, RelativeActivity):
        return genotype
    known = {r["genotype"]: r for r in rows("genotypes") if r["enzyme"] == enzyme}
    turned = "/".join(reversed(genotype.split("/")))
    genotype = turned if turned in known else genotype
    if genotype not in known:
        raise UnknownNameError(
            f"no activity is tabulated for this genotype of {enzyme}",
            got=genotype,
            allowed=", ".join(known) or "a RelativeActivity(mean, sd, source)",
        )
    row = known[genotype]
    return RelativeActivity(float(row["relative_activity"]), float(row["sd"]), f"{genotype}: {row['source']}")


def relative_draws(enzyme: str, genes: Mapping[str, RelativeActivity], sampler: Sampler) -> Values:
    """Draws (log-normal) of the enzyme's relative activity; 1 where no genotype is given."""
    activity = genes.get(enzyme)
    if activity is None:
        return np.ones(sampler.draws)
    return sampler.positive(f"{enzyme}/genotype", activity.mean, activity.sd / activity.mean)


def genotype_sentence(drug: Victim, enzyme: str, activity: RelativeActivity) -> str:
    """One sentence on what the genotype does, how it was scaled, and whether a guideline covers it."""
    path = drug.pathway(enzyme)
    if path is None:
        return (
            f"{enzyme} carries no tabulated share of the clearance of {drug.title}: the genotype changes nothing here."
        )
    guided = (drug.name, enzyme) in _GUIDED
    guideline = (
        "A CPIC or DPWG guideline covers this pair; follow it first."
        if guided
        else f"No guideline covers {enzyme} and {drug.title}: the effect is scaled from the fraction metabolised, "
        "with wide uncertainty."
    )
    return (
        f"{enzyme} activity is taken as {activity.mean:.2f} (SD {activity.sd:.2f}) of {reference_genotype(enzyme)} "
        f"[{activity.source}]; "
        f"{enzyme} carries about {100 * path.fm:.0f} % of the clearance of {drug.title} [{path.source}; "
        f"{path.status}]. {guideline}"
    )
