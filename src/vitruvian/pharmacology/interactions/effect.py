"""The door: what other drugs and a genotype do to a victim drug's clearance, with uncertainty and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from vitruvian.core import InputError, SolveError, UnknownNameError
from vitruvian.pharmacology.interactions.activity import Basis, Taken, acting_rows, enzyme_activity
from vitruvian.pharmacology.interactions.equations import Values, gut_availability_ratio
from vitruvian.pharmacology.interactions.facts import (
    NOT_HEPATIC,
    Observed,
    Species,
    Victim,
    enzymes,
    find_perpetrator,
    find_victim,
    observed,
)
from vitruvian.pharmacology.interactions.genotype import (
    RelativeActivity,
    genotype_sentence,
    relative_activity,
    relative_draws,
)
from vitruvian.pharmacology.interactions.reasons import effect_sentences, observed_sentence, unknown_sentence
from vitruvian.pharmacology.interactions.sampling import Sampler
from vitruvian.pharmacology.interactions.timecourse import TimeCourse, time_course

ROUTES = ("oral", "iv")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# chosen so that 90 % intervals hold about 90 % of the observed ratios of the clinical panel
_MISFIT_CV = 0.35
# between people and studies, of a ratio seen in one study
_OBSERVED_CV = 0.30


@dataclass(frozen=True, eq=False)
class InteractionEffect:
    """Change of a victim's clearance, as ratios to the same person without the perpetrators.

    point, draws (S,): ratio of the clearance that matters for the route (CL/F for oral, CL for iv), by which a model's
    clearance is multiplied. systemic (S,): ratio of CL. bioavailability (S,): ratio of F. quantiles: of `draws`.
    strength: class of the exposure change. reasons: sentences with sources. unknown: perpetrators that the tables do
    not have. calibrated_on: in-vivo studies behind the strength, as (perpetrator, enzyme, probe).
    """

    victim: str
    perpetrators: tuple[str, ...]
    route: str
    point: float
    draws: Values
    systemic: Values
    bioavailability: Values
    quantiles: dict[float, float]
    strength: str
    reasons: tuple[str, ...]
    unknown: tuple[str, ...]
    time_courses: tuple[TimeCourse, ...]
    calibrated_on: tuple[tuple[str, str, str], ...]

    @property
    def auc_ratio(self) -> float:
        """Exposure with over exposure without: 1/point."""
        return 1.0 / self.point

    @property
    def log_mean(self) -> float:
        """Mean of the logarithm of `draws`: centre of the log-normal by which a model's clearance is multiplied."""
        return float(np.log(self.draws).mean())

    @property
    def log_sd(self) -> float:
        """SD of the logarithm of `draws`."""
        return float(np.log(self.draws).std())


@dataclass(frozen=True)
class _Setting:
    """One question: the victim, the perpetrators with their dose factors, the genotype, the route and the basis."""

    drug: Victim
    taken: tuple[tuple[Species, float], ...]
    genes: Mapping[str, RelativeActivity]
    route: str
    basis: Basis

    @property
    def key(self) -> str:
        return "/".join((self.drug.name, *(agent.name for agent, _ in self.taken)))

    @property
    def observed(self) -> Observed | None:
        """The clinical study to use instead of a prediction."""
        one_at_its_dose = len(self.taken) == 1 and self.taken[0][1] == 1.0
        if self.basis != "observed" or not one_at_its_dose or any(self.drug.pathway(e) for e in self.genes):
            return None  # the study's people were of mixed genotypes
        return observed(self.drug.name, self.taken[0][0].name, self.route)


@dataclass(frozen=True)
class _Ratios:
    clearance: Values
    systemic: Values
    bioavailability: Values


def clearance_ratio(
    victim: str,
    perpetrators: Sequence[str | Taken] = (),
    *,
    genotype: Mapping[str, str | RelativeActivity] | None = None,
    reference: str = "same_genotype",
    basis: Basis = "observed",
    route: str = "oral",
    draws: int = 1000,
    seed: int = 0,
) -> InteractionEffect:
    """Ratio of a victim's clearance under perpetrators (and a genotype) to that without.

    genotype: enzyme → genotype of the tables ("*1/*22") or a `RelativeActivity`. reference: "same_genotype" compares
    with that person without perpetrators (for a model that already knows the genotype), "wild_type" with the
    reference genotype and no perpetrators. basis, best evidence first: "observed", the default, takes the ratio seen
    in people for this very pair (one perpetrator at its tabulated dose, no genotype given), then the strength seen
    in a probe drug, then in-vitro constants; "in_vivo" leaves out the first; "mechanistic" takes in-vitro constants
    where tabulated and the probe elsewhere. Perpetrators that the tables do not have are returned in `unknown` and
    named in `reasons`.

    Raises: UnknownNameError (victim, enzyme, genotype), InputError (route, reference, basis, draws), SolveError.
    """
    _check(route, reference, basis, draws)
    drug = find_victim(victim)
    known, unknown = _resolve(perpetrators)
    genes = {e: relative_activity(_enzyme(e), g) for e, g in sorted((genotype or {}).items())}
    setting = _Setting(drug, known, genes, route, basis)
    parts = [_ratios(setting, sampler, reference) for sampler in (Sampler.point(), Sampler(draws, seed))]
    point, sampled = float(parts[0].clearance[0]), parts[1]
    if not (np.isfinite(sampled.clearance).all() and np.isfinite(point) and point > 0.0):
        raise SolveError("the interaction model gave a ratio that is not a positive number", got=point)
    agents = [agent for agent, _ in known]
    sentences = [s for agent, factor in known for s in effect_sentences(drug, agent, factor, basis)]
    seen = [(o, setting.observed is not None) for a in agents if (o := observed(drug.name, a.name, route))]
    sentences += [observed_sentence(drug, o, used) for o, used in seen]
    sentences += [genotype_sentence(drug, e, a) for e, a in genes.items()]
    sentences += [unknown_sentence(name) for name in unknown]
    return InteractionEffect(
        victim=drug.name,
        perpetrators=tuple(a.name for a in agents),
        route=route,
        point=point,
        draws=sampled.clearance,
        systemic=sampled.systemic,
        bioavailability=sampled.bioavailability,
        quantiles=dict(zip(QUANTILES, np.quantile(sampled.clearance, QUANTILES).tolist(), strict=True)),
        strength=strength(1.0 / point),
        reasons=tuple(sentences),
        unknown=unknown,
        time_courses=tuple(time_course(a, drug) for a in agents if _acts(drug, a, basis)),
        calibrated_on=_calibrations(drug, agents, basis),
    )


def genotype_clearance_ratio(
    victim: str,
    enzyme: str,
    relative: float | str,
    sd: float | None = None,
    *,
    route: str = "oral",
    draws: int = 1000,
    seed: int = 0,
) -> InteractionEffect:
    """Effect of a genotype alone on clearance, scaled from the fraction that the enzyme carries.

    relative: activity of the enzyme relative to its reference genotype with its SD, or a genotype of the tables, such
    as "*1/*22".
    Raises: UnknownNameError, InputError.
    """
    if isinstance(relative, str):
        activity: str | RelativeActivity = relative
    else:
        if sd is None:
            raise InputError("a relative activity needs its SD", got=relative, todo="Give sd=…")
        activity = RelativeActivity(float(relative), float(sd), "given by the caller")
    return clearance_ratio(
        victim, (), genotype={enzyme: activity}, reference="wild_type", route=route, draws=draws, seed=seed
    )


def strength(auc_ratio: float) -> str:
    """Class of an exposure ratio by the limits of the FDA (2020): 5, 2, 1.25 and their inverses 0.2, 0.5, 0.8."""
    for limit, name in ((5.0, "strong"), (2.0, "moderate"), (1.25, "weak")):
        if auc_ratio >= limit:
            return f"{name} increase of exposure"
        if auc_ratio <= 1.0 / limit:
            return f"{name} decrease of exposure"
    return "no relevant change"


def _check(route: str, reference: str, basis: str, draws: int) -> None:
    if route not in ROUTES:
        raise InputError("unknown route", got=route, allowed=", ".join(ROUTES))
    if reference not in ("same_genotype", "wild_type"):
        raise InputError("unknown reference", got=reference, allowed="same_genotype, wild_type")
    if basis not in ("mechanistic", "in_vivo", "observed"):
        raise InputError("unknown basis", got=basis, allowed="mechanistic, in_vivo, observed")
    if draws < 1:
        raise InputError("at least one draw is needed", got=draws)


def _enzyme(name: str) -> str:
    if name not in enzymes():
        raise UnknownNameError("unknown enzyme", got=name, allowed=", ".join(sorted(enzymes())))
    return name


def _resolve(perpetrators: Sequence[str | Taken]) -> tuple[tuple[tuple[Species, float], ...], tuple[str, ...]]:
    known: dict[str, tuple[Species, float]] = {}
    unknown: list[str] = []
    for item in perpetrators:
        taken = item if isinstance(item, Taken) else Taken(item)
        try:
            agent = find_perpetrator(taken.name)
        except UnknownNameError:
            unknown.append(taken.name)
            continue
        known[agent.name] = (agent, _dose_factor(agent, taken.dose_mg))
    return tuple(known[name] for name in sorted(known)), tuple(unknown)


def _dose_factor(agent: Species, dose_mg: float | None) -> float:
    if dose_mg is None:
        return 1.0
    if agent.dose_mg is None:
        raise InputError(
            f"the tables know {agent.name} at one regimen only", got=f"{dose_mg} mg", allowed=agent.regimen
        )
    if not 0.0 < dose_mg <= 20.0 * agent.dose_mg:
        raise InputError(
            f"implausible dose of {agent.name}", got=f"{dose_mg} mg", allowed=f"up to {20.0 * agent.dose_mg:g} mg"
        )
    return dose_mg / agent.dose_mg


def _acts(drug: Victim, agent: Species, basis: Basis) -> bool:
    return any(any(acting_rows(agent.name, p.name, basis)) for p in drug.pathways)


def _calibrations(drug: Victim, agents: Sequence[Species], basis: Basis) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (agent.name, path.name, row.probe)
        for agent in agents
        for path in drug.pathways
        for row in acting_rows(agent.name, path.name, basis)[1]
    )


def _ratios(setting: _Setting, sampler: Sampler, reference: str) -> _Ratios:
    full, base = _exposure(setting, sampler), _exposure(replace(setting, taken=()), sampler)
    # the static model's own error, in proportion to the size of the drugs' effect
    misfit = sampler.positive(f"{setting.key}/misfit", 1.0, _MISFIT_CV)
    systemic = (full.systemic / base.systemic) ** misfit
    bioavailability = (full.bioavailability / base.bioavailability) ** misfit
    if seen := setting.observed:
        target = sampler.positive(f"{setting.key}/observed", 1.0 / seen.auc_ratio, _OBSERVED_CV)
        systemic, bioavailability = _split(target, full, setting.route)
    if reference == "wild_type":
        systemic, bioavailability = systemic * base.systemic, bioavailability * base.bioavailability
    clearance = systemic / bioavailability if setting.route == "oral" else systemic
    return _Ratios(clearance, systemic, bioavailability)


def _split(target: Values, model: _Ratios, route: str) -> tuple[Values, Values]:
    """CL and F that give the target (CL/F oral, CL iv), F taking the share of the effect that the model gives it."""
    if route == "iv":
        return target, np.ones_like(target)
    effect = np.log(model.clearance)
    share = np.clip(-np.log(model.bioavailability) / np.where(np.abs(effect) < 1e-9, np.inf, effect), 0.0, 1.0)
    return target ** (1.0 - share), target**-share


def _exposure(setting: _Setting, sampler: Sampler) -> _Ratios:
    """Ratios to the wild type without perpetrators.

    The liver follows the well-stirred model with the victim's extraction E: with x the ratio of intrinsic clearance,
    CL_h changes by x/(1 - E + E x) and F_h by 1/(1 - E + E x), so that oral AUC follows 1/x exactly as in the static
    model, while an iv dose meets the limit of blood flow. Other routes of clearance run beside the liver.
    """
    drug, genes, taken, basis = setting.drug, setting.genes, setting.taken, setting.basis
    shares = _shares(drug, sampler)
    liver, beside, gut = np.zeros(sampler.draws), np.zeros(sampler.draws), np.ones(sampler.draws)
    for path in drug.pathways:
        enzyme = enzymes().get(path.name)
        left = np.ones(sampler.draws)
        if enzyme is not None:
            gene = relative_draws(enzyme.name, genes, sampler)
            left = gene * enzyme_activity(enzyme, taken, "liver", basis, sampler)
            if enzyme.in_gut and drug.fg < 1.0:
                gut = gene * enzyme_activity(enzyme, taken, "gut", basis, sampler)
        if path.name in NOT_HEPATIC:
            beside = beside + shares[path.name] * left
        else:
            liver = liver + shares[path.name] * left
    rest = 1.0 - sum(shares.values())
    hepatic = rest + sum((shares[p.name] for p in drug.pathways if p.name not in NOT_HEPATIC), np.zeros(sampler.draws))
    x = (liver + rest) / np.maximum(hepatic, 1e-12)
    blunt = 1.0 - drug.extraction + drug.extraction * x
    systemic = hepatic * x / blunt + beside
    fg = sampler.share(f"{drug.name}/fg", drug.fg, drug.fg_sd)
    bioavailability = gut_availability_ratio(gut, fg) / blunt
    clearance = systemic / bioavailability if setting.route == "oral" else systemic
    return _Ratios(clearance, systemic, bioavailability)


def _shares(drug: Victim, sampler: Sampler) -> dict[str, Values]:
    """Draws of the fraction of each pathway, scaled down together where they would sum to more than 1."""
    drawn = {p.name: sampler.share(f"{drug.name}/{p.name}/fm", p.fm, p.sd) for p in drug.pathways}
    total = sum(drawn.values(), np.zeros(sampler.draws))
    excess = np.maximum(total, 1.0)
    return {name: values / excess for name, values in drawn.items()}
