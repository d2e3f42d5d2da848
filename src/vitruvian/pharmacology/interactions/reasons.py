"""Sentences that say what a perpetrator does to a victim and where the numbers come from."""

from __future__ import annotations

from vitruvian.pharmacology.interactions.activity import Basis, acting_rows, enzyme_activity
from vitruvian.pharmacology.interactions.facts import Mechanism, Observed, Pathway, Potency, Species, Victim, enzymes
from vitruvian.pharmacology.interactions.sampling import Sampler


def effect_sentences(drug: Victim, agent: Species, factor: float, basis: Basis) -> tuple[str, ...]:
    """One sentence for each enzyme that the perpetrator changes and the victim uses; else one that says so."""
    found = tuple(
        _sentence(drug, agent, factor, path, basis)
        for path in drug.pathways
        if any(acting_rows(agent.name, path.name, basis))
    )
    if found:
        return found
    return (
        f"{agent.name} acts on no pathway that clears {drug.title} in these tables: no change is expected from it.",
    )


def unknown_sentence(name: str) -> str:
    """What is said of a drug that the tables do not have."""
    return f"{name} is not in the interaction tables: its effect is unknown and is not included; check it by hand."


def observed_sentence(drug: Victim, seen: Observed, used: bool) -> str:
    """What a clinical study of this very pair has shown, and whether the answer is that ratio."""
    text = f"In people {seen.perpetrator} changed the AUC of {drug.title} ({seen.route}) x {seen.auc_ratio:g}"
    return f"{text} [{seen.source}]" + ("; that ratio is used here." if used else "; the answer here is predicted.")


def _sentence(drug: Victim, agent: Species, factor: float, path: Pathway, basis: Basis) -> str:
    in_vitro, in_vivo = acting_rows(agent.name, path.name, basis)
    enzyme = enzymes()[path.name]
    alone = ((agent, factor),)
    liver = float(enzyme_activity(enzyme, alone, "liver", basis, Sampler.point())[0])
    text = f"{agent.name} ({agent.regimen}{_dose(factor)}) alone {_change(liver)} the activity of {path.name}"
    if enzyme.in_gut and drug.fg < 1.0:
        gut = float(enzyme_activity(enzyme, alone, "gut", basis, Sampler.point())[0])
        text += f" (in the gut wall {_change(gut)} it)"
    text += f"; {path.name} carries about {100 * path.fm:.0f} % of the clearance of {drug.title}"
    return f"{text} [{_sources(in_vitro, in_vivo)}; share: {path.source}, {path.status}]."


def _dose(factor: float) -> str:
    return "" if factor == 1.0 else f", dose x {factor:.3g}"


def _change(activity: float) -> str:
    if activity > 1.05:
        return f"raises {activity:.1f}-fold"
    if activity >= 0.95:
        return "hardly changes"
    return f"leaves {100 * activity:.0f} % of"


def _sources(in_vitro: tuple[Mechanism, ...], in_vivo: tuple[Potency, ...]) -> str:
    """In-vitro constants or the in-vivo study, with the status of each."""
    parts = [f"{m.kind} of {m.enzyme} by {m.species}: {m.source}, {m.status}" for m in in_vitro]
    for p in in_vivo:
        kind = "in-vivo study" if p.basis == "clinical" else "class of strength"
        parts.append(f"{kind} with {p.probe}, AUC x {p.auc_ratio:g}: {p.source}, {p.status}")
    return "; ".join(parts)
