"""What is left of one enzyme under all perpetrators at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from vitruvian.pharmacology.interactions.equations import (
    Values,
    activity_from_auc_ratio,
    gut_wall,
    hepatic_inlet,
    inactivation,
    inactivation_rate,
    reversible,
)
from vitruvian.pharmacology.interactions.facts import (
    Enzyme,
    Mechanism,
    Potency,
    Species,
    find_victim,
    mechanisms,
    potencies,
    species,
)
from vitruvian.pharmacology.interactions.sampling import Sampler

Basis = Literal["mechanistic", "in_vivo", "observed"]


@dataclass(frozen=True)
class Taken:
    """A perpetrator being taken: its name, and its single dose in mg where it differs from the tabulated regimen.

    Concentrations and in-vivo inhibition scale with the dose; in-vivo induction does so up to the tabulated dose.
    """

    name: str
    dose_mg: float | None = None


@dataclass(frozen=True)
class _Loads:
    """Sums over perpetrators at one site: inhibition Σ I/Ki, inactivation per min, induction terms of C - 1."""

    inhibition: Values
    inactivation: Values
    induced: Values
    occupancy: Values
    potency: Values

    def activity(self, kdeg: Values) -> Values:
        """A·B·C. Inducers that share a receptor compete for it; the strongest in-vivo induction is a lower limit."""
        fold = np.maximum(1.0 + self.induced / (1.0 + self.occupancy), self.potency)
        return reversible(self.inhibition) * inactivation(self.inactivation, kdeg) * fold


def acting_rows(perpetrator: str, enzyme: str, basis: Basis) -> tuple[tuple[Mechanism, ...], tuple[Potency, ...]]:
    """Rows used for one perpetrator on one enzyme, of one kind only.

    "mechanistic": in-vitro constants where tabulated, else in-vivo potency; otherwise the other way round.
    """
    in_vitro = tuple(m for m in mechanisms(perpetrator) if m.enzyme == enzyme)
    in_vivo = tuple(p for p in potencies(perpetrator) if p.enzyme == enzyme)
    if basis != "mechanistic" and in_vivo:
        return (), in_vivo
    return (in_vitro, ()) if in_vitro else ((), in_vivo)


def enzyme_activity(
    enzyme: Enzyme, taken: tuple[tuple[Species, float], ...], site: str, basis: Basis, sampler: Sampler
) -> Values:
    """Draws of the enzyme's activity relative to no perpetrator; `taken` pairs a perpetrator with its dose factor."""
    zero = np.zeros(sampler.draws)
    inhibition, lost, induced, occupancy, potency = zero, zero, zero, zero, zero + 1.0
    for agent, factor in taken:
        in_vitro, in_vivo = acting_rows(agent.name, enzyme.name, basis)
        for row in in_vitro:
            half = sampler.positive(f"{row.species}/{enzyme.name}/{row.kind}/half", row.constant_um, row.cv)
            level = factor * _concentration(species()[row.species], row.kind, site, sampler)
            rate = sampler.positive(f"{row.species}/{enzyme.name}/{row.kind}/rate", row.rate, row.cv)
            if row.kind == "reversible":
                inhibition = inhibition + level / half
            elif row.kind == "inactivation":
                lost = lost + inactivation_rate(level, rate, half)
            else:
                induced = induced + row.d * rate * level / half
                occupancy = occupancy + level / half
        for strength in in_vivo:
            left = _in_vivo(strength, site, sampler)
            inhibition = inhibition + factor * np.maximum(1.0 / left - 1.0, 0.0)
            potency = np.maximum(potency, 1.0 + min(factor, 1.0) * (left - 1.0))
    kdeg = enzyme.kdeg_gut if site == "gut" else enzyme.kdeg_liver
    turnover = sampler.positive(f"{enzyme.name}/{site}/kdeg", kdeg, enzyme.cv)
    return _Loads(inhibition, lost, induced, occupancy, potency).activity(turnover)


def _concentration(agent: Species, kind: str, site: str, sampler: Sampler) -> Values:
    """Unbound concentration (uM) at the enzyme: gut wall; liver inlet (reversible); systemic (other mechanisms).

    A circulating metabolite has no dose: systemic in the liver, none in the gut wall.
    """
    assert agent.molar_mass is not None
    assert agent.cmax_mg_l is not None
    assert agent.fu is not None
    scale = sampler.positive(f"{agent.name}/concentration", 1.0, agent.cv)
    cmax = 1000.0 * agent.cmax_mg_l / agent.molar_mass
    if agent.dose_mg is None or agent.ka_per_h is None or agent.fa is None:
        return np.zeros(sampler.draws) if site == "gut" else scale * agent.fu * cmax
    dose = 1000.0 * agent.dose_mg / agent.molar_mass
    if site == "gut":
        return scale * gut_wall(dose, agent.ka_per_h, agent.fa)
    if kind == "reversible":
        return scale * hepatic_inlet(agent.fu, cmax, dose, agent.ka_per_h, agent.fa)
    return scale * agent.fu * cmax


def _in_vivo(strength: Potency, site: str, sampler: Sampler) -> Values:
    """Draws of the activity that explains the observed AUC ratio in the probe; 1 at a site it does not act on."""
    if strength.site not in ("both", site):
        return np.ones(sampler.draws)
    probe = find_victim(strength.probe)
    path = probe.pathway(strength.enzyme)
    assert path is not None
    fg = probe.fg if strength.enzyme == "CYP3A4" else 1.0
    observed = sampler.positive(f"{strength.perpetrator}/{strength.enzyme}/ratio", strength.auc_ratio, strength.cv)
    return activity_from_auc_ratio(observed, path.fm, fg, strength.site)
