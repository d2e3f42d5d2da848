"""Prior → posterior of one person under every published model that may be used for them."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from vitruvian.core import RefusalError, SolveError, UnknownNameError
from vitruvian.infer import LevelCheck, Mixture, Posterior, check_levels, overall_check, posterior, prior_of, weigh
from vitruvian.model import EventTable, Model, Subject, compile_events
from vitruvian.model.schedule import Course
from vitruvian.pharmacology.interactions import find_victim
from vitruvian.twin.answer import Message
from vitruvian.twin.case import Case
from vitruvian.twin.draws import ROOM, Draws, value_at
from vitruvian.twin.guard import check_domain, check_missing, refused
from vitruvian.twin.words import listed, route_name


@dataclass(frozen=True)
class Fit:
    """One model fitted to one person: draws after and before the levels, and how far the fit can be trusted."""

    model: Model
    draws: Draws = field(repr=False)
    prior: Draws = field(repr=False)
    mixture: Mixture = field(repr=False)
    weight: float
    checks: tuple[LevelCheck, ...]
    p_value: float | None
    converged: bool

    @property
    def main(self) -> Posterior:
        """The posterior of the most probable alternative."""
        return self.mixture.parts[int(np.argmax(self.mixture.weight[0]))]


def eligible(case: Case, models: tuple[Model, ...]) -> tuple[list[Model], list[Message]]:
    """Models whose needs the record meets and whose domain holds this person, and what was found.

    Findings against one model are warnings while another model may be used; they refuse when none may.
    """
    used: list[Model] = []
    found: list[Message] = []
    for model in (case.model(base) for base in _for_person(case, models, found)):
        messages = _suits(case, model)
        if refused(messages):
            found += messages
        else:
            used.append(model)
            found += messages
    if used:
        found = [_softened(m) if m.severity == "refusal" else m for m in found]
    elif models:
        found = [*_none_knows_enough(case, models), *(m for m in found if m.code != "missing-data")]
    return used, list(dict.fromkeys(found))


def calibrate(case: Case, models: list[Model], *, draws: int, seed: int) -> tuple[Fit, ...]:
    """Fits of every model, weighed by how well each explains the same levels (equal before any).

    Raises `RefusalError` if there is no model, `SolveError` and `DataError` as inference does.
    """
    if not models:
        raise RefusalError(f"no model of {case.drug.name} may be used for this person")
    # compiling and loading programs is most of a cold start, and needs no Python: two models at a time
    with ThreadPoolExecutor(2) as pool:
        fits = list(pool.map(lambda model: _fit(case, model, draws, seed), models))
    if len(fits) == 1:
        return tuple(fits)
    evidence = np.array([_log_evidence(f) for f in fits])
    if np.isnan(evidence).any() or not np.isfinite(evidence.max()):
        raise SolveError(f"no model of {case.drug.name} explains the levels", todo="Check levels, units and times.")
    weight = np.exp(evidence - np.logaddexp.reduce(evidence))
    return tuple(replace(f, weight=float(w)) for f, w in zip(fits, weight, strict=True))


def _fit(case: Case, model: Model, draws: int, seed: int) -> Fit:
    given = case.covariates_for(model)
    tables = [table(case, model, c) for c in given]
    parts = [posterior(model, t, draws=draws, seed=seed) for t in tables]
    labels = [a.label for a in case.alternatives]
    mixture = weigh(parts, [a.probability for a in case.alternatives], labels=labels)
    part, index = (x[0] for x in mixture.choose(seed, draws))
    eta = np.stack([mixture.parts[p].eta[0, k] for p, k in zip(part, index, strict=True)])
    common: dict[str, Any] = {
        "model": model,
        "theta": model.theta,
        "covariates": given,
        "occasions": case.occasions,
        "molar_mass": case.drug.molar_mass,
        "moiety_factor": case.moiety_factor,
        "genes": tuple(sorted({name for one in case.alternatives for name in one.covariates})),
        "open": _may_be_acted_on(case.drug.name),
    }
    main = parts[int(np.argmax(mixture.weight[0]))]
    measured = bool(case.levels)
    return Fit(
        model=model,
        draws=Draws(eta=eta, alternative=part, **common),
        prior=_prior(case, model, draws, seed, eta.shape[1], common),
        mixture=mixture,
        weight=1.0,
        checks=check_levels(main) if measured else (),
        p_value=overall_check(main) if measured else None,
        converged=bool(all(p.estimate.converged.all() for p in parts) or all(p.reliable.all() for p in parts)),
    )


def _may_be_acted_on(drug: str) -> bool:
    """Whether the tables know a way by which another drug, or a gene, changes its clearance."""
    try:
        return bool(find_victim(drug).pathways)
    except UnknownNameError:
        return False


def table(case: Case, model: Model, covariates: Mapping[str, Course], *, room: int = ROOM) -> EventTable:
    """The records of a person as events of `model`, with room for what comes."""
    return compile_events(model, [records(case, model, covariates)], interpolation="locf", room=room)


def records(case: Case, model: Model, covariates: Mapping[str, Course]) -> Subject:
    """Doses and levels by now as records of `model`, levels in order of time, and a last record at now."""
    levels = sorted(case.levels, key=lambda v: v.time)
    subject = case.given.to_subject(
        model,
        [*(v.time for v in levels), case.now],
        covariates,
        [*(model.output_index(v.output) for v in levels), 0],
        values=[*(v.value for v in levels), np.nan],
        occasions=case.occasions,
        molar_mass=case.drug.molar_mass,
        moiety_factor=case.moiety_factor,
        id=case.patient,
    )
    below = np.zeros(len(subject), dtype=bool)
    below[np.flatnonzero(subject.mdv == 0)] = [v.censored for v in levels]
    return replace(subject, censored=below, limit=np.where(below, subject.dv, 0.0))


def _prior(case: Case, model: Model, draws: int, seed: int, size: int, common: Mapping[str, Any]) -> Draws:
    people = len(model.random_effects)
    occasions = (size - people) // max(1, len(model.occasion_effects)) if size > people else 0
    generator = np.random.default_rng([seed, 1])
    z = generator.standard_normal((draws, size))
    probability = np.array([a.probability for a in case.alternatives])
    alternative = generator.choice(len(probability), size=draws, p=probability / probability.sum())
    return Draws(eta=z @ np.asarray(prior_of(model, occasions).cholesky).T, alternative=alternative, **common)


def _suits(case: Case, model: Model) -> list[Message]:
    messages: list[Message] = []
    for given in case.covariates_for(model):
        known = {n: value_at(v, case.now) for n, v in given.items()}
        needed = [c.name for c in model.covariates if c.default is None and c.name != "TIME"]
        messages += check_missing(needed, known, f"“{model.title}”", case.covariates)
        messages += check_domain(model, known)
    if case.route not in model.routes:
        text = f"“{model.title}” does not describe doses given {route_name(case.route)}."
        messages.append(Message("refusal", "route", text, f"It does: {listed(map(route_name, model.routes))}."))
    return messages


def _none_knows_enough(case: Case, models: tuple[Model, ...]) -> list[Message]:
    """One refusal for everything that the models lack, however many they are."""
    missing: dict[str, None] = {}
    for model in map(case.model, models):
        known = [set(given) for given in case.covariates_for(model)]
        needed = (c.name for c in model.covariates if c.default is None and c.name != "TIME")
        missing |= {name: None for name in needed if any(name not in one for one in known)}
    which = f"A dose of {case.drug.name}" if len(models) > 1 else f"“{models[0].title}”"
    return check_missing(missing, {}, which, case.covariates)


def _for_person(case: Case, models: tuple[Model, ...], found: list[Message]) -> list[Model]:
    """The models, each replaced by the one it falls back to where this person is outside its domain, each once."""
    used: dict[Model, None] = {}
    for base in models:
        model, why = base, ""
        for given in case.covariates_for(base):
            model, why = base.for_person({n: value_at(v, case.now) for n, v in given.items()})
            if why:
                found.append(Message("note", "fallen-back", why, f"“{model.title}” is used."))
                break
        used[model] = None
    return list(used)


def _softened(m: Message) -> Message:
    return Message("note", "model-not-used", f"{m.text} It is left out.", "", m.source)


def _log_evidence(fit: Fit) -> float:
    logs = np.log(np.maximum(fit.mixture.prior_weight[0], 1e-300)) + [p.log_marginal[0] for p in fit.mixture.parts]
    return float(np.logaddexp.reduce(logs))
